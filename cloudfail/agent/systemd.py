"""What systemd is told: sd_notify(3), and its watchdog, without its library."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

from cloudfail.line import one_line

_PATIENCE = 1.0


class Systemd:
    """The socket that the variable NOTIFY_SOCKET names. Without one everything is a no-op.

    Never raises; each method says whether the message was taken. Only `ready` waits, for a second
    at most.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._address = _address(environ.get("NOTIFY_SOCKET", ""))
        self.watchdog = _watchdog(environ)

    @property
    def is_there(self) -> bool:
        return bool(self._address)

    def ready(self, status: str = "") -> bool:
        """Started, or a reload has ended."""
        return self._send("READY=1", *_status(status), wait=_PATIENCE)

    def status(self, status: str) -> bool:
        return self._send(*_status(status))

    def reloading(self) -> bool:
        """To be followed by `ready`. Type=notify-reload (systemd 253) compares the time."""
        usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        return self._send("RELOADING=1", f"MONOTONIC_USEC={usec}")

    def stopping(self, status: str = "") -> bool:
        return self._send("STOPPING=1", *_status(status))

    def alive(self) -> bool:
        """To be said at least twice in every `watchdog` seconds."""
        return self._send("WATCHDOG=1")

    def _send(self, *lines: str, wait: float = 0.0) -> bool:
        if not self._address:
            return False
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
                opened.settimeout(wait)
                opened.connect(self._address)
                opened.send("\n".join(lines).encode())
        except OSError:
            return False
        return True


def _address(named: str) -> str:
    """A path, or an abstract socket, written with @. Others (vsock) are for virtual machines."""
    if named.startswith("@") and len(named) > 1:
        return "\0" + named[1:]
    return named if named.startswith("/") else ""


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={one_line(text)}",) if text else ()


def _watchdog(environ: Mapping[str, str]) -> float | None:
    """Return within how many seconds `alive` is expected; None: it is not, or not of this process."""
    usec, pid = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not usec.isdecimal() or int(usec) == 0 or pid not in {"", str(os.getpid())}:
        return None
    return int(usec) / 1e6
