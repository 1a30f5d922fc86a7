"""The metrics as a file for node_exporter's textfile collector: whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

_MODE = 0o644
_EVERY = 15.0
_AT_MOST_EVERY = 1.0
_STOP = 0.3


class Textfile:
    """Written every 15 s, and on change; by a thread of its own, as disks hang.

    `text` makes the metrics; `last` makes what a stopped agent leaves. `problem` says in one
    sentence why the file is old, and is empty while all is well. Nothing raises.
    """

    def __init__(
        self,
        path: Path,
        text: Callable[[], bytes],
        last: Callable[[], bytes],
        *,
        every: float = _EVERY,
    ) -> None:
        self._path = path
        self._text = text
        self._last = last
        self._every = every
        self._poked = threading.Event()
        self._stopping = threading.Event()
        self._is_moved = False
        self._thread = threading.Thread(target=self._run, name="cloudfail-textfile", daemon=True)
        self.problem = ""

    def start(self) -> None:
        self._thread.start()

    def poke(self) -> None:
        """Something changed: write soon. From any thread."""
        self._poked.set()

    def stop(self, *, is_moved: bool = False) -> None:
        """Leave a last word, unless the disk hangs.

        `is_moved`: leave no file, for the agent goes on: an old one would say that it is down.
        """
        self._is_moved = is_moved
        self._stopping.set()
        self._poked.set()
        self._thread.join(_STOP)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._poked.clear()
            self._write(self._text)
            self._stopping.wait(min(_AT_MOST_EVERY, self._every))
            self._poked.wait(max(0.0, self._every - _AT_MOST_EVERY))
        if self._is_moved:
            with contextlib.suppress(OSError):
                self._path.unlink()
        else:
            self._write(self._last)

    def _write(self, make: Callable[[], bytes]) -> None:
        try:
            replace(self._path, make())
        except OSError as exc:
            self.problem = (
                f"{self._path}: the metrics are not written: {exc.strerror or exc}; "
                "make its directory writable for the agent, or set agent.metrics_textfile"
            )
        except Exception as exc:  # noqa: BLE001  a mistake of ours must not end this thread
            self.problem = f"{self._path}: the metrics could not be made: {exc!r}"
        else:
            self.problem = ""


def replace(path: Path, content: bytes) -> None:
    """Put a file in the place of another; readers see the old one or the new one. Raises OSError.

    Not synced: after a crash of the machine its metrics are old anyway. The other name does not
    end in .prom, which node_exporter would read.
    """
    beside = path.with_name(f".{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        beside.unlink()  # what a killed agent left, or what somebody put there for us to follow
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(beside, flags, _MODE), "wb") as file:  # noqa: PTH123 - of a descriptor
            os.fchmod(file.fileno(), _MODE)
            file.write(content)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
