"""Adverts that keepalived sends and that do not leave: nobody says where the peer is any more.

An address on the node's own subnet that is gone has no MAC (ip-neighbour(8): INCOMPLETE, FAILED). The
kernel keeps for some three seconds what is for it, and drops it. No device ever sees such an advert, so
neither does the listener; but what waits is charged to the socket that sent it: tx_queue in
/proc/net/raw (proc(5)). It grows with each advert (measured with 2.2.7 on Linux 6.18), is nought three
seconds after keepalived hangs, and is gone with keepalived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from cloudfail.keepalived.wire.datagram import AH, VRRP

# Of this process: the rest of /proc may be hidden from a unit (ProcSubset=pid).
_FILES = {4: Path("/proc/self/net/raw"), 6: Path("/proc/self/net/raw6")}
_LOCAL, _QUEUES, _INODE = 1, 4, 9  # fields of a line
_STALE = 1.0  # seconds: what waited then tells nothing of what waits now

_Socket = tuple[int, str]  # its version of IP, and its inode


class Unsent:
    """Compares what waits in the raw sockets of VRRP with what waited a moment ago."""

    def __init__(self, files: Mapping[int, Path] = _FILES) -> None:
        self._files = files
        self._before: dict[_Socket, int] = {}
        self._at = float("-inf")

    def look(self, now: float) -> frozenset[int]:
        """Return the versions of IP of which something was sent since the last look, and waits.

        keepalived sends from a socket that is bound to no address, and that instances share. At
        the first look, and long after another, all that waits counts: it was sent some three
        seconds ago, or less.
        """
        waiting = dict(self._waiting())
        before = self._before if now - self._at <= _STALE else {}
        self._before, self._at = waiting, now
        return frozenset(
            socket[0] for socket, length in waiting.items() if length > before.get(socket, 0)
        )

    def _waiting(self) -> Iterator[tuple[_Socket, int]]:
        for version, file in self._files.items():
            with suppress(OSError):  # no IPv6, or no /proc: then only the wire tells
                for line in file.read_text(encoding="ascii").splitlines()[1:]:
                    with suppress(ValueError, IndexError):
                        fields = line.split()
                        if int(fields[_LOCAL].partition(":")[2], 16) in {VRRP, AH}:
                            length = int(fields[_QUEUES].partition(":")[0], 16)
                            yield (version, fields[_INODE]), length
