"""A socket that answers as an agent does, with whatever it is to say of itself."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from cloudfail.doctor import Machine

Told = Mapping[str, Any]


@contextmanager
def answering(machine: Machine, agent: Told) -> Iterator[list[list[str]]]:
    """Answer every `status` with this; gives the commands that were asked."""
    told = {"exit_code": 0, "stdout": json.dumps({"agent": agent}), "stderr": ""}
    with replying(machine, b'{"ack": true}\n' + json.dumps(told).encode() + b"\n") as asked:
        yield asked


@contextmanager
def replying(machine: Machine, reply: bytes) -> Iterator[list[list[str]]]:
    """Give this reply to everybody, and close."""
    path = machine.path(str(machine.config.agent.socket))
    asked: list[list[str]] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener, reply, asked))
        thread.start()
        try:
            yield asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            path.unlink()


def _serve(listener: socket.socket, reply: bytes, asked: list[list[str]]) -> None:
    while True:
        try:
            conversation, _ = listener.accept()
        except OSError:
            return
        with conversation, conversation.makefile("rb") as lines:
            asked.append(json.loads(lines.readline())["argv"])
            conversation.sendall(reply)
