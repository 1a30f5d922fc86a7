"""Each change of role goes on record, so that runs outside the agent know of it too."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from cloudfail.clock import Clock
from cloudfail.errors import SupersededError
from cloudfail.role import Event, Role, RoleStore
from cloudfail.role.event import TICKS, boot_id, boottime

Then = Callable[[int], None]


def record_now(store: RoleStore, instance: str, role: Role) -> int:
    """Put a role that was heard now on record; returns its generation.

    What FIFO and wire say now is newer than what a process was told: it is never superseded. Of
    two events within one tick (10 ms) pids decide, and this process's says nothing here; so one
    that seems older counts as begun a tick after what is on record.
    """
    event = Event(instance, role, boot_id(), int(boottime() * TICKS), os.getpid())
    while True:
        try:
            return store.record(event)
        except SupersededError:
            recorded = store.current(instance)
            if recorded is not None:
                event = Event(instance, role, event.boot_id, recorded.event.started + 1, event.pid)


class Recorder:
    """A thread that puts roles on record in the order in which they came: nobody waits for a disk.

    A directory that cannot be used stops nothing; `problem` says so until the next role that is on
    record.
    """

    def __init__(self, directory: Path, *, clock: Clock | None = None) -> None:
        self.problem = ""
        self._store = RoleStore(directory, clock=clock)
        self._jobs: queue.SimpleQueue[tuple[str, Role, Then] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="cloudfail-record", daemon=True)
        self._thread.start()

    def put(self, instance: str, role: Role, then: Then = lambda _: None) -> None:
        """Record it soon; `then` is called with the generation, in the recorder's thread.

        The generation is 0 where it could not be recorded at all: see `problem`.
        """
        self._jobs.put((instance, role, then))

    def stop(self, seconds: float) -> bool:
        """Record what is left, and end; say whether that was in time."""
        self._jobs.put(None)
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            instance, role, then = job
            then(self._record(instance, role))

    def _record(self, instance: str, role: Role) -> int:
        self._store.problem = ""
        try:
            generation = record_now(self._store, instance, role)
        except Exception as error:  # noqa: BLE001  the next role must go on record all the same
            self.problem = f"{instance} is {role}, which is not on record: {error}"
            return 0
        self.problem = self._store.problem
        return generation
