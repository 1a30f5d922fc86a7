"""Which instances are paused: nothing of theirs is moved or repaired, across restarts too."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec

from cloudfail.clock import wall_clock
from cloudfail.errors import ConfigError
from cloudfail.journal.entry import timestamp
from cloudfail.line import one_line
from cloudfail.role.directory import StateDirectory

FILE = "paused.json"
Keep = Callable[[], None]
_LONGEST = 1 << 16  # what StateDirectory reads
_LONGEST_TEXT = 200
_YEAR_2106 = 1 << 32  # what has a date for sure


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Who paused an instance, why, and when (seconds since the epoch)."""

    instance: str
    who: str
    why: str = ""
    at: Annotated[float, msgspec.Meta(ge=0, le=_YEAR_2106)]

    @property
    def text(self) -> str:
        """One sentence, without what would break a line."""
        why = f": {one_line(self.why)}" if self.why else ""
        return f"paused by {one_line(self.who)} at {timestamp(self.at)}{why}"


class _File(msgspec.Struct, frozen=True, kw_only=True):
    v: int
    paused: tuple[Pause, ...]


class Pauses:
    """The pauses of this node, in a file of the directory, mode 0644. Safe in any thread.

    A file that cannot be read pauses nothing: a node that forgets to move an address is the
    greater harm. `problem` says so then, and is empty while all is well. What another agent of
    this node, with instances of its own, has put into the file stays there.
    """

    def __init__(self, directory: Path) -> None:
        self._files = StateDirectory(directory)
        self._path = directory / FILE
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self.problem = ""
        self._named: set[str] = (
            set()
        )  # paused or resumed here: of them the file knows nothing newer
        self._paused: Mapping[str, Pause] = self._load()

    def of(self, instance: str) -> Pause | None:
        return self._paused.get(instance)

    def text(self, instance: str) -> str:
        """Say who paused it and why; empty when nobody did."""
        pause = self.of(instance)
        return pause.text if pause else ""

    def pause(self, instances: Iterable[str], who: str, why: str) -> Keep:
        """Pause them, at once; one that is paused already keeps its first pause.

        Returns what puts it on the disk, which may take as long as a disk does. That raises
        ConfigError when the disk does not keep it: they are paused, but only as long as this
        process lives.
        """
        who, why, at = who[:_LONGEST_TEXT], why[:_LONGEST_TEXT], wall_clock()
        with self._lock:
            new = {name: Pause(instance=name, who=who, why=why, at=at) for name in instances}
            self._paused = {**new, **self._paused}
            self._named |= new.keys()
        return partial(self._keep, "is paused until the agent restarts")

    def resume(self, instances: Iterable[str]) -> Keep:
        """End their pauses, at once. Returns what puts that on the disk, as `pause` does."""
        gone = set(instances)
        with self._lock:
            self._paused = {name: one for name, one in self._paused.items() if name not in gone}
            self._named |= gone
        return partial(self._keep, "goes on, but is paused again when the agent restarts")

    def _keep(self, otherwise: str) -> None:
        """Write what is paused now: of two that write, the second writes what the first did too."""
        with self._writing:
            try:
                self._files.replace(FILE, _encode(self._merged()))
                self._sync()
            except OSError as error:
                what = (error.strerror or str(error)).lower()
                self.problem = f"{self._path}: not written: {what}"
                raise ConfigError(
                    f"{self._path} cannot be written ({what}), so what you named {otherwise}: "
                    "mend that, and say it again"
                ) from error
            self.problem = ""

    def _merged(self) -> Mapping[str, Pause]:
        try:
            there = _decoded(self._files.read(FILE))
        except (OSError, ValueError, RecursionError):
            return self._paused
        with self._lock:
            ours = {name: one for name, one in self._paused.items() if name in self._named}
            return ours | {name: one for name, one in there.items() if name not in self._named}

    def _sync(self) -> None:
        """Have it on the disk: a pause has to survive a power cut as well."""
        for path in (self._path, self._path.parent):
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def _load(self) -> Mapping[str, Pause]:
        try:
            content = self._files.read(FILE)
        except FileNotFoundError:
            return {}
        except OSError as error:
            return self._unreadable((error.strerror or str(error)).lower())
        try:
            return _decoded(content)
        except (ValueError, RecursionError):
            return self._unreadable("it is no list of pauses")

    def _unreadable(self, why: str) -> Mapping[str, Pause]:
        self.problem = (
            f"{self._path} cannot be read ({why}), so nothing is paused: "
            "pause again what has to be, which writes it anew"
        )
        return {}


def _decoded(content: bytes) -> Mapping[str, Pause]:
    """Raises ValueError, as json and msgspec do, and RecursionError."""
    found = msgspec.convert(json.loads(content), _File)
    return {pause.instance: pause for pause in found.paused}


def _encode(paused: Mapping[str, Pause]) -> bytes:
    """Encode as ASCII: a name may be text that UTF-8 cannot carry. Raises OSError when too long."""
    file = _File(v=1, paused=tuple(paused.values()))
    content = json.dumps(msgspec.to_builtins(file), indent=1).encode() + b"\n"
    if len(content) > _LONGEST:
        raise OSError(f"it would be longer than {_LONGEST} bytes")
    return content
