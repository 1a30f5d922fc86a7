"""A thread that finds out, while there is time, whether each standby would take over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from cloudfail.agent.member import Member
from cloudfail.agent.metrics.readiness import not_ready, ready
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError

_EVERY = 300.0  # seconds between two checks of an instance that is ready
_AGAIN = 60.0  # and of one that is not
_POLL = 1.0


class Readying:
    """Asks the cloud, one instance after the other; nothing that moves an address waits for it."""

    def __init__(self, members: Callable[[], Mapping[str, Member]], clock: Clock) -> None:
        self._members, self._clock = members, clock
        self._due: dict[str, float] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="ready", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()

    def _serve(self) -> None:
        while not self._over.wait(_POLL):
            for name, member in self._members().items():
                if not self._over.is_set() and self._clock.now() >= self._due.get(name, 0.0):
                    self._check(name, member)

    def _check(self, name: str, member: Member) -> None:
        plan = member.worker.standby_plan
        if plan is None:
            return
        try:
            found = ready(member.worker.provider(), plan)
        except CloudfailError as error:
            found = not_ready(error)
        member.worker.found_ready(found)
        self._due[name] = self._clock.now() + (_EVERY if found.ready else _AGAIN)
