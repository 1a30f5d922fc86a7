"""How a rehearsal looks: the live timeline, and the verdict."""

from __future__ import annotations

import os
import threading
from typing import TextIO

from cloudfail.clock import Clock
from cloudfail.lab.rehearse import Result
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.timeline import Event, Kind
from cloudfail.lab.verdict import FAULT

_ORDERING = 0.4  # seconds: the cloud's calls are heard of that much later than they happen
_COLOURS = {
    Kind.LAB: "33",
    Kind.VRRP: "36",
    Kind.HOLDER: "1;32",
    Kind.CLIENT: "1;31",
    Kind.CALL: "2",
    Kind.LOG: "2",
}


class LiveTimeline:
    """Prints events in the order in which they happened, shortly after they are heard of."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._coloured = stream.isatty() and not os.environ.get("NO_COLOR")
        self._waiting: list[Event] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._fault = 0.0
        self._thread = threading.Thread(target=self._flush_again, name="timeline", daemon=True)

    def begin(self, scenario: Scenario, *, simulated: bool) -> None:
        self._write(f"{scenario.name}: {scenario.summary}")
        if simulated:
            self._write("SIMULATED: VRRP's events are played; keepalived does not run.")
        self._thread.start()

    def take(self, event: Event) -> None:
        with self._lock:
            self._waiting.append(event)

    def settle(self) -> None:
        """Print what is known so far; what comes later is only the taking down."""
        self._flush(self._clock.now())
        self._over.set()

    def close(self) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2)

    def _flush_again(self) -> None:
        while not self._over.wait(0.1):
            self._flush(self._clock.now() - _ORDERING)

    def _flush(self, until: float) -> None:
        with self._lock:
            due = sorted((e for e in self._waiting if e.t <= until), key=lambda e: e.t)
            self._waiting = [event for event in self._waiting if event.t > until]
            for event in due:
                self._show(event)

    def _show(self, event: Event) -> None:
        if event.kind is Kind.LAB and event.detail == FAULT and not self._fault:
            self._fault = event.t
        when = f"{(event.t - self._fault) * 1000:+9.0f} ms" if self._fault else "    set-up  "
        line = f"{when}  {event.node:6}  {event.text}"
        if self._coloured:
            line = f"\x1b[{_COLOURS[event.kind]}m{line}\x1b[0m"
        self._write(line)

    def _write(self, line: str) -> None:
        self._stream.write(f"{line}\n")
        self._stream.flush()


def verdict_text(result: Result) -> str:
    """Return the verdict for people: what the user felt, and where the time went."""
    seen = result.figures
    head = "PASS" if result.passed else "FAIL"
    mark = " (simulated: no keepalived ran)" if result.simulated else ""
    lines = ["", f"{head}  {result.scenario} on {result.provider}{mark}"]
    lines += [f"      {reason}" for reason in result.reasons]
    lines.append(f"{_seconds(seen.dark_ms)}  the user's packets were lost (longest time in a row)")
    if seen.detection_ms is not None and seen.cloudfail_ms is not None and seen.api_ms is not None:
        lines += [
            f"{_seconds(seen.detection_ms)}    VRRP: until keepalived told the node",
            f"{_seconds(seen.cloudfail_ms)}    cloudfail: start, decide",
            f"{_seconds(seen.api_ms)}    the cloud's API",
        ]
    lines += [
        f"{_seconds(seen.unowned_ms)}  {result.record.target} was with nobody",
        f"{_seconds(seen.wrong_owner_ms)}  it was with a node that was no living master",
        f"{seen.api_calls:7}    API calls, {seen.api_writes} of them writes",
    ]
    return "\n".join(lines)


def _seconds(milliseconds: float) -> str:
    return f"{milliseconds / 1000:7.3f} s"
