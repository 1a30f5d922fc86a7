"""The newest role of each instance, shared by all processes of this machine."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from cloudfail.clock import Clock, Deadline, SystemClock, wall_clock
from cloudfail.errors import SupersededError
from cloudfail.role.directory import StateDirectory, file_name, try_lock
from cloudfail.role.event import Event, Role, boottime
from cloudfail.role.lock import RunLock
from cloudfail.role.record import Recorded, decode, encode

# Longer than a busy machine keeps a process from running in the few steps of a change: who goes on
# without the lock may be overwritten by what is older.
_LOCK_WAIT = 2.0
_LOCK_POLL = 0.002


def default_directory() -> Path:
    """The state directory: the variable CLOUDFAIL_STATE_DIR, or /run/cloudfail."""
    return Path(os.environ.get("CLOUDFAIL_STATE_DIR") or "/run/cloudfail")


class RoleCheck(Protocol):
    """Asked before every write: raises SupersededError once the role is not ours any more.

    `completes` marks the add that follows our own remove: only a BACKUP stops that one, because
    only then a better peer is there to finish it.
    """

    def __call__(self, *, completes: bool = False) -> None: ...


def _nothing() -> None:
    """Stop nobody."""


class RoleStore:
    """Role events and the run lock, in files of one directory.

    A directory that cannot be used never stops a run: it goes on without, and `problem` says why.
    """

    def __init__(
        self,
        directory: Path,
        *,
        clock: Clock | None = None,
        boottime: Callable[[], float] = boottime,
    ) -> None:
        self._files = StateDirectory(directory)
        self._clock = clock or SystemClock()
        self._boottime = boottime
        self._mine: dict[str, Recorded] = {}
        self._began: dict[str, float] = {}
        self.problem = ""

    def record(self, event: Event) -> int:
        """Put the event on record; returns its generation.

        A newer event of another role begins the next generation, one of the same role joins the
        one on record. Raises SupersededError when a newer event of another role is on record.
        """
        with self._recording(event.instance):
            before = self.current(event.instance)
            after = _succeed(before, event)
            self._mine[event.instance] = after
            if after is not before:
                self._save(after)
        return after.generation

    def current(self, instance: str) -> Recorded | None:
        """Read what is on record; None when there is nothing, or nothing readable."""
        try:
            return decode(self._files.read(_role_file(instance)), instance)
        except FileNotFoundError:
            return None
        except OSError as exc:
            self._note(exc)
            return None

    def check(self, instance: str, generation: int) -> RoleCheck:
        """Make the check of a run; each call reads the record again (some 30 microseconds).

        The file's time and inode do not prove that it is unchanged: both can come again.
        """
        mine = self._mine.get(instance)

        def still_ours(*, completes: bool = False) -> None:
            recorded = self.current(instance)
            if recorded is None or not _supersedes(recorded, generation, mine):
                return
            if completes and not _was_yielded(recorded, generation):
                return
            raise SupersededError(_superseded(recorded, generation))

        return still_ours

    @contextlib.contextmanager
    def running(
        self, instance: str, deadline: Deadline, *, check_stopped: Callable[[], None] = _nothing
    ) -> Iterator[bool]:
        """Hold the instance's run lock; gives False when there can be no lock, and goes on.

        Raises DeadlineError naming the holder when the lock is not free in time, SupersededError
        when a newer role is recorded or the clock is woken while waiting, and what
        `check_stopped` raises: it is asked at least every 50 ms while waiting.
        """
        mine = self._mine.get(instance)
        check_role = self.check(instance, mine.generation) if mine else _nothing

        def check() -> None:
            check_stopped()
            check_role()

        lock = RunLock(self._files, instance)
        try:
            lock.acquire(deadline, check)
        except OSError as exc:
            self._note(exc)
        self._began[instance] = self._boottime()
        try:
            yield lock.held
        finally:
            lock.release()

    def looked(
        self, instance: str, generation: int, began: float | None = None, subject: str = ""
    ) -> None:
        """Note that a look has shown every claim to be ours; `subject` names those claims.

        `began` is when that look began, in seconds since boot (`role.event.boottime`); without it
        the start of this run counts, which is never too late.
        """
        at = self._began.get(instance, 0.0) if began is None else began
        with self._recording(instance):
            recorded = self.current(instance)
            if recorded and recorded.generation == generation and recorded.looked < at:
                self._save(msgspec.structs.replace(recorded, looked=at, subject=subject))

    def fresh_look_since(self, event: Event, subject: str = "") -> bool:
        """Tell whether a look at the same claims that began after this event has verified them."""
        recorded = self.current(event.instance)
        return recorded is not None and recorded.is_fresh_for(event, subject)

    def _save(self, recorded: Recorded) -> None:
        name = _role_file(recorded.event.instance)
        self._attempt(lambda: self._files.replace(name, encode(recorded)))

    @contextlib.contextmanager
    def _recording(self, instance: str) -> Iterator[None]:
        """Hold the short lock of the record; go on without it where it never becomes free."""
        fd = self._open_record_lock(instance)
        try:
            yield
        finally:
            if fd is not None:
                os.close(fd)

    def _open_record_lock(self, instance: str) -> int | None:
        try:
            fd = self._files.open_lock(f"{file_name(instance)}.role.lock")
        except OSError as exc:
            self._note(exc)
            return None
        self._attempt(lambda: self._wait_for(fd))
        return fd

    def _wait_for(self, fd: int) -> None:
        deadline = Deadline.after(self._clock, _LOCK_WAIT)
        while not try_lock(fd):
            if not deadline.left():
                raise TimeoutError(f"the record in {self._files} was locked for {_LOCK_WAIT} s")
            self._clock.sleep(_LOCK_POLL)

    def _attempt(self, action: Callable[[], object]) -> None:
        try:
            action()
        except OSError as exc:
            self._note(exc)

    def _note(self, exc: OSError) -> None:
        what = exc.strerror or str(exc)
        self.problem = self.problem or (
            f"{self._files}: {what}; this run goes on without knowing of others on this machine"
        )


def _role_file(instance: str) -> str:
    return f"{file_name(instance)}.role"


def _succeed(before: Recorded | None, event: Event) -> Recorded:
    """Say what is on record after the event."""
    if before is None:
        return _begin(event, 1, yielded=0)
    joins = (before.role, before.event.boot_id) == (event.role, event.boot_id)
    if event.is_older_than(before.event):
        if joins:
            return before
        raise SupersededError(_superseded(before, 0))
    if joins:
        return msgspec.structs.replace(before, event=event)
    return _begin(event, before.generation + 1, yielded=before.yielded)


def _begin(event: Event, generation: int, *, yielded: int) -> Recorded:
    newest_backup = generation if event.role is Role.BACKUP else yielded
    return Recorded(event=event, generation=generation, at=wall_clock(), yielded=newest_backup)


def _supersedes(recorded: Recorded, generation: int, mine: Recorded | None) -> bool:
    """Tell whether the record is newer.

    The events tell where they can: a lost file makes generations begin anew, and an older event
    takes the next one when its process was kept from writing for so long that ours did not wait.
    """
    if mine is None or recorded.role is mine.role:
        return recorded.generation > generation
    return not recorded.event.is_older_than(mine.event)


def _was_yielded(recorded: Recorded, generation: int) -> bool:
    """Tell whether a better peer took over since, and this node is not master again."""
    if recorded.role is Role.MASTER:
        return False
    return recorded.role is Role.BACKUP or recorded.yielded > generation


def _superseded(recorded: Recorded, generation: int) -> str:
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(recorded.at))
    ours = f"; this run is of generation {generation}" if generation else "; this event is older"
    return (
        f"{recorded.event.instance} is {recorded.role} since {when} "
        f"(generation {recorded.generation}, process {recorded.event.pid}){ours} and changes nothing"
    )
