"""Whose turn it is to start and stop things: the newest role's, one process at a time."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from cloudfail.clock import Clock, Deadline
from cloudfail.errors import DeadlineError, SupersededError
from cloudfail.follow.command import Command
from cloudfail.role import Recorded, Role, RoleStore
from cloudfail.role.directory import StateDirectory, file_name
from cloudfail.role.lock import RunLock


class Turn:
    """The turn of one change of role: `generation` is the one on record, 0 where there is none.

    keepalived lets its scripts overlap. Each of them records its role first, and asks here before
    each command, in a lock: whoever is scheduled how, the last command is the newest role's. The
    lock is not that of the promotions: an address never waits for a service that stops.
    """

    def __init__(
        self,
        directory: Path,
        instance: str,
        role: Role,
        generation: int,
        *,
        clock: Clock,
        stopped: Callable[[], str],
    ) -> None:
        self._instance, self._role, self._generation = instance, role, generation
        self._clock, self._stopped = clock, stopped
        self._files = StateDirectory(directory)
        self._store = RoleStore(directory, clock=clock)
        self._check = self._store.check(instance, generation)

    @contextlib.contextmanager
    def taken(self, seconds: float) -> Iterator[None]:
        """Hold the lock; go on without where there is none, or it is not free in time.

        Raises SupersededError when the role is not the newest any more, also while waiting.
        """
        lock = RunLock(self._files, f"follow {self._instance}")
        deadline = Deadline.after(self._clock, seconds)
        with contextlib.suppress(OSError, DeadlineError):
            lock.acquire(deadline, self.check)
        try:
            yield
        finally:
            lock.release()

    def check(self, command: Command | None = None) -> None:
        """Raise SupersededError when this must not be done, or not waited for, any more.

        After a signal nothing is started and no hook begun. What was begun to stop is stopped
        all the same; and STOP's own hooks run, since keepalived ends every script of a STOP so.
        """
        if self._generation:
            self._check()
        reason = self._stopped()
        if not reason or self._role is Role.STOP:
            return
        if self._role is Role.MASTER or (command is not None and command.is_hook):
            raise SupersededError(f"stopped: {reason}; nothing more was begun")

    def hooks_are_due(self) -> bool:
        """True unless the hooks of this change of role have run: each change runs them once."""
        mark = self._mark()
        if not mark:
            return True
        try:
            return self._files.read(self._file) != mark
        except OSError:
            return True

    def hooks_have_run(self) -> None:
        mark = self._mark()
        if mark:
            with contextlib.suppress(OSError):  # then they may run again
                self._files.replace(self._file, mark)

    @property
    def _file(self) -> str:
        return f"{file_name(self._instance)}.followed"

    def _mark(self) -> bytes:
        """Name this change of role; its number alone comes again where the record was lost."""
        recorded: Recorded | None = self._store.current(self._instance)
        if recorded is None or recorded.generation != self._generation:
            return b""
        return json.dumps([recorded.generation, recorded.role, recorded.at]).encode()
