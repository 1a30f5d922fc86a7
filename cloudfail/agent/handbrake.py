"""The file by which an instance is sent to FAULT, and so handed over: keepalived tracks it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from cloudfail.errors import ConfigError
from cloudfail.role.directory import file_name

DIRECTORY = Path("/run/cloudfail/handover")
_ON, _OFF = b"1\n", b"0\n"
_LONGEST = 64
_REMEDIES = {
    errno.ENOENT: "is not there: write keepalived.conf and its files with `cloudfail generate`, "
    "then run `systemd-tmpfiles --create`",
    errno.EACCES: "may not be written: give it to the user of the agent",
    errno.EROFS: "is on a read-only file system: the agent's unit has to allow /run/cloudfail",
    errno.ELOOP: "is a symbolic link: remove it, then run `systemd-tmpfiles --create`",
    errno.EISDIR: "is a directory: remove it, then run `systemd-tmpfiles --create`",
}


def handover_file(instance: str) -> Path:
    """Return the file that keepalived tracks for an instance, with weight 0."""
    return DIRECTORY / file_name(instance)


def release_left(instance: str) -> str:
    """Release what a handover left that ended with its agent: this node would stay in FAULT.

    Returns what was done, in a sentence; empty: there was nothing, or no such file.
    """
    brake = Handbrake(handover_file(instance))
    try:
        if not brake.is_engaged:
            return ""
    except ConfigError:
        return ""
    try:
        brake.release()
    except ConfigError as error:
        return f"what an ended agent had left stays, and this node in FAULT: {error}"
    return "released what an ended agent had left"


class Handbrake:
    """A `track_file` of weight 0: any number but 0 is FAULT (keepalived.conf(5), measured with 2.2.7).

    keepalived reads the file whenever a writer closes it. It is written in place: that works on a
    full file system too, and needs no right to the directory. Every method raises ConfigError.
    A handover that ended with the process leaves it engaged: whoever starts releases it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def is_engaged(self) -> bool:
        try:
            fd = self._open(os.O_RDONLY)
            try:
                content = os.read(fd, _LONGEST)
            finally:
                os.close(fd)
        except OSError as error:
            raise self._wrong(error) from error
        return content.strip() not in (b"", b"0")

    def engage(self) -> None:
        """Have keepalived go to FAULT: it says farewell, and a peer takes over within a skew time."""
        self._write(_ON)

    def release(self) -> None:
        """Let keepalived leave FAULT. Harmless when it is not in it."""
        self._write(_OFF)

    def _write(self, content: bytes) -> None:
        try:
            fd = self._open(os.O_WRONLY)
            try:
                os.pwrite(fd, content, 0)
                os.ftruncate(fd, len(content))
            finally:
                os.close(fd)
        except OSError as error:
            raise self._wrong(error) from error

    def _open(self, flags: int) -> int:
        return os.open(self.path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)

    def _wrong(self, error: OSError) -> ConfigError:
        what = _REMEDIES.get(error.errno or 0) or (error.strerror or str(error)).lower()
        return ConfigError(f"handover file {self.path}: {what}")
