"""What is asked and answered through the agent's socket: one JSON object a line.

    client  {"v": 1, "argv": [...], "environ": {"CLOUDFAIL_...": "..."}, "cwd": "/", "colour": false}
    agent   {"ack": true}           at once: the command is taken
            {"wait": true}          every second while it works
            {"exit_code": 0, "stdout": "...", "stderr": "..."}
    or      {"decline": "why"}      before or after the ack: the client does the work itself

A request has at most 64 KiB with its newline, and one second to come.
"""

from __future__ import annotations

import json

import msgspec

from cloudfail.agent.control.peer import Peer

VERSION = 1


class Asked(msgspec.Struct, frozen=True):
    """A request as it is written."""

    v: int
    argv: tuple[str, ...]
    environ: dict[str, str]
    cwd: str
    colour: bool = False


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A command, and the process that asks for it.

    `environ` are its variables whose names begin with CLOUDFAIL_. `colour`: what is shown may be
    coloured.
    """

    argv: tuple[str, ...]
    environ: dict[str, str]
    cwd: str
    peer: Peer
    colour: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What the command would have printed, and its exit code."""

    exit_code: int
    stdout: str = ""
    stderr: str = ""


class DeclinedError(Exception):
    """The command is none of the agent's: whoever asks does it. The text says why."""


def decode(line: bytes, peer: Peer) -> Request:
    """Read a request. Raises ValueError that says what is wrong with it."""
    asked = _DECODER.decode(line)
    if asked.v != VERSION:
        raise ValueError(f"version {asked.v} is asked for, this agent speaks {VERSION}")
    return Request(
        argv=asked.argv, environ=asked.environ, cwd=asked.cwd, peer=peer, colour=asked.colour
    )


def ack() -> bytes:
    return b'{"ack": true}\n'


def wait() -> bytes:
    return b'{"wait": true}\n'


def decline(why: str) -> bytes:
    return _line({"decline": why})


def encode(answer: Answer) -> bytes:
    return _line(msgspec.to_builtins(answer))


def _line(value: dict[str, object]) -> bytes:
    """As ASCII: a name may be text that UTF-8 cannot carry."""
    return json.dumps(value).encode() + b"\n"


_DECODER = msgspec.json.Decoder(Asked)
