"""Who asks through the agent's socket, and what they may."""

from __future__ import annotations

import enum
import os
import socket
import struct
from collections.abc import Sequence
from pathlib import Path

import msgspec

_CREDENTIALS = struct.Struct("iII")  # struct ucred: pid, uid, gid (socket(7), SO_PEERCRED)
_SO_PEERGROUPS = 59  # asm-generic/socket.h; since Linux 4.13
_GROUPS_BYTES = 1024  # the most that Python asks for: 256 groups
_USERS = Path("/etc/passwd")
_READING = frozenset({"status", "plan"})


class Right(enum.IntEnum):
    NONE = 0
    READ = 1
    CHANGE = 2


class Peer(msgspec.Struct, frozen=True):
    """The process at the other end. `pid` is 0 when it lives in another PID namespace."""

    pid: int
    uid: int
    right: Right

    @property
    def name(self) -> str:
        """The user's name, for people; only of the machine's own users: a directory may hang."""
        for line in _users():
            name, _, rest = line.partition(":")
            if rest.split(":")[1:2] == [str(self.uid)]:
                return name
        return f"user {self.uid}"

    def refusal(self, argv: Sequence[str]) -> str:
        """Say why the peer may not do this; empty when it may."""
        if self.right is Right.CHANGE:
            return ""
        if self.right is Right.NONE:
            return f"{self.name} may ask the agent nothing; ask as root"
        if argv and argv[0] in _READING:
            return ""
        return f"{self.name} may look ({', '.join(sorted(_READING))}), not change; ask as root"


def peer_of(connection: socket.socket, group: int) -> Peer:
    """Return who is connected. `group` is the socket's: its members may look."""
    pid, uid, gid = _CREDENTIALS.unpack(
        connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    )
    if uid in {0, os.geteuid()}:
        return Peer(pid, uid, Right.CHANGE)
    is_member = group in {gid, *_groups(connection)}
    return Peer(pid, uid, Right.READ if is_member else Right.NONE)


def _groups(connection: socket.socket) -> tuple[int, ...]:
    """Return the peer's further groups; none where the kernel does not tell them."""
    try:
        found = connection.getsockopt(socket.SOL_SOCKET, _SO_PEERGROUPS, _GROUPS_BYTES)
    except OSError:
        return ()
    return struct.unpack(f"{len(found) // 4}I", found)


def _users() -> list[str]:
    try:
        return _USERS.read_text(errors="replace").splitlines()
    except OSError:
        return []
