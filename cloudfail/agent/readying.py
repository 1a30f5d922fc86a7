"""A thread that finds out, while there is time, whether each standby would take over."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping

from cloudfail.agent.metrics.readiness import not_ready, ready
from cloudfail.agent.view import Readiness
from cloudfail.agent.work.worker import Worker
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError

_EVERY = 300.0  # seconds between two checks of an instance that is ready
_AGAIN = 60.0  # and of one that is not
_POLL = 1.0
_PATIENCE = 30.0  # seconds for one check until the next instance has its turn


class _Check(threading.Thread):
    """One check, which tells the worker what it found: one that hangs keeps nobody else waiting."""

    def __init__(self, worker: Worker, clock: Clock) -> None:
        super().__init__(name="ready one", daemon=True)
        self.worker, self.at = worker, clock.now()
        self.found: Readiness | None = None

    def run(self) -> None:
        self.tell(find_out(self.worker))

    def tell(self, found: Readiness | None) -> None:
        self.found = found
        if found is not None:
            self.worker.found_ready(found)


class Readying:
    """Asks the cloud, one instance after the other; nothing that moves an address waits for it.

    `workers` gives those of now by their instances: a new one, as of a reload, is asked about anew.
    """

    def __init__(self, workers: Callable[[], Mapping[str, Worker]], clock: Clock) -> None:
        self._workers, self._clock = workers, clock
        self._last: dict[str, _Check] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="ready", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()

    def look(self) -> None:
        """Check those whose time has come."""
        workers = self._workers()
        self._last = {name: last for name, last in self._last.items() if name in workers}
        for name, worker in workers.items():
            if self._over.is_set() or not self._is_due(name, worker):
                continue
            check = self._last[name] = _Check(worker, self._clock)
            check.start()
            check.join(_PATIENCE)
            if check.is_alive():
                text = f"whether it would take over was not found out within {_PATIENCE:.0f} s"
                check.tell(not_ready(CloudfailError(text)))

    def _serve(self) -> None:
        while not self._over.wait(_POLL):
            with contextlib.suppress(RuntimeError):  # no thread can be started: maybe the next time
                self.look()

    def _is_due(self, name: str, worker: Worker) -> bool:
        """True when there is something to find out; one that hangs is not asked a second time."""
        if worker.standby_plan is None and not worker.look_problem:
            return False
        last = self._last.get(name)
        if last is None or last.worker is not worker:
            return True
        if last.is_alive():
            return False
        if last.found is None:
            return True
        is_fine = last.found.ready and not worker.look_problem
        return self._clock.now() - last.at >= (_EVERY if is_fine else _AGAIN)


def find_out(worker: Worker) -> Readiness | None:
    """Return whether it would take over; None: that is no question yet, or for a master.

    Who cannot even look would not: credentials that ran out, or no way to the API.
    """
    if worker.look_problem and not worker.is_master:
        return Readiness(ready=False, reasons=(worker.look_problem,))
    plan = worker.standby_plan
    if plan is None:
        return None
    try:
        return ready(worker.provider(), plan)
    except CloudfailError as error:
        return not_ready(error)
    except Exception as error:  # noqa: BLE001  a mistake in a provider must not end the checks
        return not_ready(CloudfailError(f"it cannot be checked: {type(error).__name__}: {error}"))
