"""What the agent of a node says of itself: asked through its socket, without another process."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any

import msgspec

from cloudfail.clock import Clock

_SOCKET = "cloudfail/agent.sock"
_PATIENCE = 0.5  # a frozen agent takes the request, and never answers
_QUESTION = {"v": 1, "argv": ["status", "--output", "json"], "environ": {}, "cwd": "/"}


def status_of(run: Path, clock: Clock) -> Any:
    """Return the document of `cloudfail status`, None without an agent that answers.

    `run` is what the node has at /run.
    """
    until = clock.now() + _PATIENCE
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as line:
        line.settimeout(_PATIENCE)
        try:
            line.connect(str(run / _SOCKET))
            line.sendall(msgspec.json.encode(_QUESTION) + b"\n")
            text = b""
            while (chunk := line.recv(1 << 16)) and clock.now() < until:
                text += chunk
            answer = msgspec.json.decode(text.strip().rpartition(b"\n")[2])
            return msgspec.json.decode(answer["stdout"])
        except (OSError, msgspec.MsgspecError, KeyError, TypeError):
            return None


def is_acting(status: Any) -> bool:
    """Say whether a run of that agent is under way; False where none answered."""
    return any(one.get("busy", False) for one in instances_of(status))


def is_warm(status: Any) -> bool:
    """Say whether that agent knows its role in every instance, and has looked at the cloud."""
    found = instances_of(status)
    return bool(found) and all(
        one.get("role") and any(claim.get("owner") != "unknown" for claim in one.get("claims", ()))
        for one in found
    )


def instances_of(status: Any) -> list[Any]:
    return list(status.get("instances", ())) if isinstance(status, dict) else []
