"""The lab in the background: keeps its nodes, and does what it is asked through a socket."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from cloudfail.errors import CloudfailError, UsageError
from cloudfail.lab import processes
from cloudfail.lab.remote import Answer, Request
from cloudfail.lab.site import RealSite
from cloudfail.lab.timeline import Kind

_POLL = 0.1
_MOST = 1 << 16


class Supervisor:
    """Serves requests until `down`; each in a thread of its own, deeds one at a time."""

    def __init__(self, site: RealSite, path: Path) -> None:
        self._site = site
        self._path = path
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._frozen: set[str] = set()
        self._unlinked: set[str] = set()
        self._parted: set[tuple[str, str]] = set()
        self._deeds: dict[str, Callable[[Request], Answer]] = {
            "ping": lambda _: Answer(),
            "down": self._down,
            "status": lambda _: self.status(),
            "kill": self._each(self._kill),
            "boot": self._each(self._boot),
            "freeze": self._each(self._freeze),
            "thaw": self._each(self._thaw),
            "cut": self._cut,
            "heal": lambda _: self._heal(),
            "logs": self._logs,
        }

    def serve(self) -> None:
        """Bring the nodes up, the first one first, and serve. Returns after `down`."""
        for node in self._site.topology.names:
            self._site.boot(node)
            self._site.start_vrrp(node)
        self._path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.bind(str(self._path))
            self._path.chmod(0o600)
            door.listen()
            door.settimeout(_POLL)
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    line, _ = door.accept()
                    threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def do(self, request: Request, streams: Sequence[int], line: socket.socket) -> Answer:
        """Do one deed; what goes wrong becomes the answer's text and code."""
        try:
            self._check(request.nodes)
            if request.deed == "exec":
                return self._execute(request, streams, line)
            if request.deed not in self._deeds:
                raise UsageError(f"a lab cannot {request.deed}")
            with self._lock:
                return self._deeds[request.deed](request)
        except CloudfailError as exc:
            return Answer(str(exc), exc.exit_code)
        finally:
            for number in streams:
                os.close(number)

    def status(self) -> Answer:
        timeline, topology = self._site.timeline, self._site.topology
        nodes = [
            {
                "name": node.name,
                "address": node.address,
                "state": self._state(node.name),
                "role": timeline.role(node.name),
                "busy": self._site.is_busy(node.name),
            }
            for node in topology.nodes
        ]
        claims = [
            {"target": target, "holder": timeline.holder(target)} for target in topology.claimed
        ]
        data = {
            "nodes": nodes,
            "claims": claims,
            "endpoint": self._site.cloud.endpoint,
            "served": self._site.is_served,
        }
        return Answer(data=data)

    def _talk(self, line: socket.socket) -> None:
        with contextlib.closing(line), contextlib.suppress(OSError):
            text, streams, _, _ = socket.recv_fds(line, _MOST, 3)
            try:
                request = msgspec.json.decode(text, type=Request)
            except msgspec.MsgspecError as exc:
                answer = Answer(f"not a request: {exc}", UsageError.exit_code)
            else:
                answer = self.do(request, streams, line)
            line.sendall(msgspec.json.encode(answer))

    def _check(self, nodes: Sequence[str]) -> None:
        known = self._site.topology.names
        for node in nodes:
            if node not in known:
                raise UsageError(f"no node is named {node!r}; there are {', '.join(known)}")

    def _state(self, node: str) -> str:
        if not self._site.machines[node].is_up:
            return "dead"
        if node in self._frozen:
            return "frozen"
        return "cut" if node in self._unlinked else "up"

    def _each(self, deed: Callable[[str], None]) -> Callable[[Request], Answer]:
        def every(request: Request) -> Answer:
            for node in request.nodes:
                deed(node)
            return Answer()

        return every

    def _down(self, request: Request) -> Answer:
        del request
        self._over.set()
        return Answer()

    def _kill(self, node: str) -> None:
        self._site.kill(node)
        self._frozen.discard(node)
        self._unlinked.discard(node)

    def _boot(self, node: str) -> None:
        if self._site.machines[node].is_up:
            raise UsageError(f"node {node} is up; `cloudfail lab kill {node}` first")
        self._site.boot(node)
        self._site.start_vrrp(node)

    def _freeze(self, node: str) -> None:
        self._site.freeze(node)
        self._frozen.add(node)

    def _thaw(self, node: str) -> None:
        self._site.thaw(node)
        self._frozen.discard(node)

    def _cut(self, request: Request) -> Answer:
        match request.nodes:
            case (node,):
                self._site.link(node, up=False)
                self._unlinked.add(node)
            case (one, other) if one != other:
                self._site.part(one, other, one_way=bool(request.words))
                self._parted.add((one, other))
            case _:
                raise UsageError("cut takes one node, or two different ones")
        self._site.timeline.add("", Kind.LAB, " ".join(("cut", *request.nodes, *request.words)))
        return Answer()

    def _heal(self) -> Answer:
        for node in sorted(self._unlinked):
            self._site.link(node, up=True)
        for one, other in sorted(self._parted):
            self._site.join(one, other)
        self._unlinked.clear()
        self._parted.clear()
        return Answer()

    def _logs(self, request: Request) -> Answer:
        log = self._site.machines[request.nodes[0]].log
        return Answer(log.read_text() if log.exists() else "")

    def _execute(self, request: Request, streams: Sequence[int], line: socket.socket) -> Answer:
        if len(streams) != 3:  # noqa: PLR2004 - stdin, stdout, stderr
            raise UsageError("exec needs the three standard streams")
        command = self._site.machines[request.nodes[0]].attach(request.words, streams)
        while command.poll() is None:
            ready, _, _ = select.select([line], [], [], _POLL)
            if ready and not line.recv(1):  # whoever asked is gone
                processes.send(processes.descendants(command.pid), signal.SIGTERM)
                command.wait()
        return Answer(code=command.returncode if command.returncode >= 0 else 1)
