"""What a command says: read as it comes, so that it never waits for us, and only its end is kept."""

from __future__ import annotations

import os
import selectors
from typing import IO

from cloudfail.journal.entry import redact
from cloudfail.line import one_line

_CHUNK = 1 << 16
_KEPT = 1 << 12  # bytes of each stream
_SHOWN = 300  # characters


class Words:
    """The standard output and error of a process. `close` ends the listening."""

    def __init__(self, out: IO[bytes], err: IO[bytes]) -> None:
        self._streams = (err, out)
        self._kept = {stream.fileno(): b"" for stream in self._streams}
        self._selector = selectors.DefaultSelector()
        for stream in self._streams:
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream.fileno(), selectors.EVENT_READ)

    @property
    def are_over(self) -> bool:
        """True when both streams are closed, by the process and by all that it started."""
        return not self._selector.get_map()

    @property
    def last(self) -> str:
        """Return the last words, in one line: of standard error, or else of standard output."""
        found = (" ".join(kept.decode("utf-8", "replace").split()) for kept in self._kept.values())
        text = redact(one_line(next((words for words in found if words), "")))
        return text if len(text) <= _SHOWN else f"...{text[-_SHOWN:]}"

    def listen(self, seconds: float) -> None:
        """Take what comes within this time."""
        for key, _ in self._selector.select(seconds):
            self._take(key.fd)

    def take_the_rest(self) -> None:
        """Take what is there, once: what it started may go on talking for ever."""
        self.listen(0.0)

    def close(self) -> None:
        self._selector.close()
        for stream in self._streams:
            stream.close()

    def _take(self, number: int) -> None:
        try:
            chunk = os.read(number, _CHUNK)
        except BlockingIOError:
            return
        if not chunk:
            self._selector.unregister(number)
        self._kept[number] = (self._kept[number] + chunk)[-_KEPT:]
