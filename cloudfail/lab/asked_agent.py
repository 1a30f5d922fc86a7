"""What the agent of a node says of itself: asked through its socket, without another process."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Any

import msgspec

from cloudfail.clock import Clock
from cloudfail.lab.topology import INSTANCE

_SOCKET = "cloudfail/agent.sock"
_PATIENCE = 0.5  # a frozen agent takes the request, and never answers
_WORDS = ["status", "--instance", INSTANCE, "--output", "json"]
_QUESTION = {"v": 1, "argv": _WORDS, "environ": {}, "cwd": "/"}


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
    return bool(_of(status).get("busy", False))


def is_warm(status: Any) -> bool:
    """Say whether that agent knows its role, and has seen who holds what."""
    if not isinstance(status, dict) or not status.get("role"):
        return False
    return "unknown" not in _owners(status)


def sees(status: Any, owner: str) -> bool:
    """Say whether that agent has seen every claim with this owner: mine, peer, nobody."""
    return isinstance(status, dict) and set(_owners(status)) <= {owner}


def _owners(status: dict[str, Any]) -> list[str]:
    return [holding.get("owner", "unknown") for holding in status.get("holdings", ())]


def _of(status: Any) -> dict[str, Any]:
    found = status.get("agent") if isinstance(status, dict) else None
    return found if isinstance(found, dict) else {}
