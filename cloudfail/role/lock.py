"""One run at a time: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from cloudfail.clock import Deadline
from cloudfail.errors import DeadlineError
from cloudfail.role.directory import StateDirectory, file_name, try_lock

_POLL = 0.005
_SLOWEST_POLL = 0.05


class RunLock:
    """The lock of an instance's runs, in threads and in processes."""

    def __init__(self, files: StateDirectory, instance: str) -> None:
        self._files = files
        self._instance = instance
        self._name = f"{file_name(instance)}.lock"
        self._fd = -1

    @property
    def held(self) -> bool:
        return self._fd >= 0

    def acquire(self, deadline: Deadline, check: Callable[[], None]) -> None:
        """Wait for the lock, asking `check` meanwhile.

        Raises DeadlineError, whatever `check` raises, and OSError when there can be no lock.
        """
        fd, poll = -1, _POLL
        try:
            while not self.held:
                check()
                fd = fd if fd >= 0 else self._files.open_lock(self._name)
                if try_lock(fd):
                    fd = self._keep(fd)
                    continue
                self._wait(deadline, poll, _holder(fd))
                poll = min(_SLOWEST_POLL, poll * 1.5)
        finally:
            if fd >= 0:
                os.close(fd)

    def release(self) -> None:
        if self.held:
            _sign(self._fd, "")
            os.close(self._fd)
            self._fd = -1

    def _keep(self, fd: int) -> int:
        """Keep the locked file, unless it was removed meanwhile: then others lock another one."""
        if not self._files.holds(self._name, fd):
            os.close(fd)
            return -1
        _sign(fd, f"{os.getpid()}\n")
        self._fd = fd
        return -1

    def _wait(self, deadline: Deadline, seconds: float, holder: str) -> None:
        left = deadline.left()
        if not left:
            raise DeadlineError(
                f"{self._instance}: another run (process {holder}) still holds "
                f"{self._files.path / self._name}: end it, or raise the deadline"
            )
        deadline.clock.sleep(min(seconds, left))


def _sign(fd: int, text: str) -> None:
    """Say who holds the lock, for people; a full disk does not matter."""
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, text.encode(), 0)


def _holder(fd: int) -> str:
    return os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
