"""A thread that asks a cloud what it announces: it may hang or fail, and nothing waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError
from cloudfail.notice import Notice, Notices

# Seconds between two looks: what Azure asks for, and quick enough for its shortest notice, 30 s.
PERIOD = 1.0
# Seconds without an answer that are no trouble yet: Azure's first one may take two minutes.
SILENT = 180.0

Told = Callable[[Sequence[Notice]], None]
Acknowledged = Callable[[str], None]


class Watch:
    """Looks once a second.

    `make` is called in the thread, and so are `told`, with all that is announced, and
    `acknowledged`, with the id of a notice once the cloud knows; both are to return at once.
    """

    def __init__(
        self,
        cloud: str,
        make: Callable[[], Notices],
        clock: Clock,
        *,
        told: Told,
        acknowledged: Acknowledged,
    ) -> None:
        self.cloud = cloud
        self._make, self._clock = make, clock
        self._told, self._acknowledged = told, acknowledged
        self._notices: Notices | None = None
        self._answered = clock.now()
        self._trouble = self._untold = ""
        self._lock = threading.Lock()
        self._wanted: set[str] = set()  # under the lock, and so is the next
        self._done: set[str] = set()
        self._wake, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"notices {cloud}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Tell nothing any more; what is in a request ends by itself."""
        self._over.set()
        self._wake.set()

    def acknowledge(self, id_: str) -> None:
        """Acknowledge it soon; tried again until it is done, withdrawn or announced no more."""
        with self._lock:
            self._wanted.add(id_)
        self._wake.set()

    def withdraw(self, id_: str) -> None:
        """Do not acknowledge it, unless that has begun."""
        with self._lock:
            self._wanted.discard(id_)

    @property
    def problem(self) -> str:
        """Say what keeps the announcements from being read; empty: nothing. For any thread.

        The sentence stays the same while that lasts: each new one is written into the log.
        """
        silence = self._clock.now() - self._answered
        if self._over.is_set():
            return ""
        if silence < SILENT:
            return self._untold
        why = self._trouble or "no answer yet"
        return (
            f"{self.cloud} has not said for more than {SILENT:.0f} s whether it will interrupt this node, "
            f"so a planned interruption would be a failover: {why}"
        )

    def _serve(self) -> None:
        while not self._over.is_set():
            began = self._clock.now()
            try:
                self._look()
            except CloudfailError as error:
                self._trouble = str(error)
            except Exception as error:  # noqa: BLE001  the next look may go well
                self._trouble = f"a mistake in the provider: {type(error).__name__}: {error}"
            self._wake.wait(max(0.0, began + PERIOD - self._clock.now()))
            self._wake.clear()

    def _look(self) -> None:
        if self._notices is None:
            self._notices = self._make()
        notices = tuple(self._notices.look())
        if self._over.is_set():
            return
        self._answered, self._trouble = self._clock.now(), ""
        self._told(notices)
        self._untold = "; ".join(filter(None, map(self._acknowledge_if_wanted, notices)))
        announced = {notice.id for notice in notices}
        with self._lock:
            self._wanted &= announced
            self._done &= announced

    def _acknowledge_if_wanted(self, notice: Notice) -> str:
        """Say what went wrong; empty: nothing. One that is refused keeps no other waiting."""
        with self._lock:
            is_due = notice.id in self._wanted - self._done
        if not is_due or self._notices is None:
            return ""
        try:
            self._notices.acknowledge(notice)
        except CloudfailError as error:
            return (
                f"{self.cloud} could not be told that {notice.kind} may begin, so it begins in its "
                f"own time; tried again: {error}"
            )
        with self._lock:
            self._done.add(notice.id)
        self._acknowledged(notice.id)
        return ""
