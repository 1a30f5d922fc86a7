"""Counts what happens, from any thread, without a library: a run never waits for an import."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping

import msgspec

from cloudfail.agent.metrics.catalogue import (
    API_CALLS,
    API_SECONDS,
    API_THROTTLES,
    BUCKETS,
    DOUBTS,
    NOTES,
    PHASES,
    PROMOTIONS,
    ROLE_CHANGES,
    Metric,
)
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import Phases, Ran
from cloudfail.provider import ApiCall

_MOST = 200  # series of one counter and instance: words of a cloud must not fill a database
_OTHER = "other"
_TOO_MANY_REQUESTS = 429
# Not every limit: AddressLimitExceeded is a quota of EC2's, and no throttle.
_THROTTLES = ("throttl", "slowdown", "toomanyrequests", "ratelimit", "requestlimit", "bandwidth")

Key = tuple[str, str]  # the name of a metric, or a phase; and the instance


class Distribution(msgspec.Struct, frozen=True):
    """A histogram: `counts` are per bucket, one more than BUCKETS for what is above them all."""

    counts: tuple[int, ...]
    total: float


class Counts(msgspec.Struct, frozen=True):
    """Everything counted so far."""

    counters: Mapping[Key, Mapping[tuple[str, ...], float]]
    durations: Mapping[Key, Distribution]

    def of(self, metric: Metric, instance: str) -> Mapping[tuple[str, ...], float]:
        """Return the values of one counter and instance by its further labels."""
        return self.counters.get((metric.name, instance), {})

    def lasted(self, phase: str, instance: str) -> Distribution | None:
        return self.durations.get((phase, instance))


def _nothing() -> None:
    pass


class Counting:
    """The observer whose counts become metrics. `then` is called when something changed."""

    def __init__(self, then: Callable[[], None] = _nothing) -> None:
        self._lock = threading.Lock()
        self._counters: dict[Key, dict[tuple[str, ...], float]] = {}
        self._durations: dict[Key, tuple[list[int], list[float]]] = {}
        self._then = then

    def called(self, instance: str, call: ApiCall) -> None:
        code = call.code or str(call.status or "none")
        with self._lock:
            self._add(API_CALLS, instance, (call.operation, code))
            self._add(API_SECONDS, instance, (call.operation,), max(0.0, call.seconds))
            if is_throttle(call):
                self._add(API_THROTTLES, instance)

    def ran(self, instance: str, ran: Ran) -> None:
        with self._lock:
            self._add(PROMOTIONS, instance, (ran.result, ran.why))
            if ran.result == "ok":
                for phase in PHASES:
                    self._observe(instance, phase, seconds_of(ran.phases, phase))
        self._then()

    def changed(self, instance: str, before: Standing, after: Standing) -> None:
        with self._lock:
            if after.role is not None and after.generation != before.generation:
                self._add(ROLE_CHANGES, instance, (after.role.value,))
            if after.word == "doubtful" != before.word:
                self._add(DOUBTS, instance)
        self._then()

    def noted(self, event: str, instance: str = "", text: str = "") -> None:
        del instance, text
        with self._lock:
            self._add(NOTES, "", (event,))
        self._then()

    def counts(self) -> Counts:
        """Return a copy that no longer changes."""
        with self._lock:
            durations = {
                key: Distribution(tuple(counts), total)
                for key, (counts, (total,)) in self._durations.items()
            }
            counters = {key: dict(values) for key, values in self._counters.items()}
            return Counts(counters, durations)

    def _add(
        self, metric: Metric, instance: str, labels: tuple[str, ...] = (), by: float = 1
    ) -> None:
        values = self._counters.setdefault((metric.name, instance), {})
        if labels not in values and len(values) >= _MOST:
            labels = (_OTHER,) * len(labels)
        values[labels] = values.get(labels, 0) + by

    def _observe(self, instance: str, phase: str, seconds: float) -> None:
        counts, total = self._durations.setdefault(
            (phase, instance), ([0] * (len(BUCKETS) + 1), [0.0])
        )
        counts[bisect_left(BUCKETS, seconds)] += 1
        total[0] += seconds


def seconds_of(phases: Phases, phase: str) -> float:
    """Return one of PHASES; what a frozen machine's clock made negative counts as nothing."""
    value: float = getattr(phases, phase)
    return max(0.0, value)


def is_throttle(call: ApiCall) -> bool:
    """Tell by the status that HTTP has for it (RFC 6585), or by the words that clouds use."""
    code = call.code.lower().replace("_", "")
    return call.status == _TOO_MANY_REQUESTS or (
        code == "limitexceededexception" or any(word in code for word in _THROTTLES)
    )
