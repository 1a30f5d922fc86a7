"""Quotas per minute and project, refilled when the next minute begins.

compute/docs/api/rate-limits has the groups; here they are four.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.faults import ANY


def group_of(method: str) -> str:
    """Return queries, reads, lists or operation-reads."""
    collection, _, verb = method.partition(".")
    if collection.endswith("Operations") and verb in {"get", "wait"}:
        return "operation-reads"
    if verb in {"list", "aggregatedList"}:
        return "lists"
    return "reads" if verb.startswith("get") else "queries"


class Quota:
    """Thread-safe. Minutes are the wall clock's, as Google's are."""

    def __init__(self, clock: Callable[[], float] = wall_clock) -> None:
        self._clock = clock
        self._used: dict[tuple[str, str], int] = {}
        self._minute = 0
        self._lock = threading.Lock()

    def take(self, project: str, method: str, limits: Mapping[str, int], minute_s: float) -> str:
        """Count the call; return the group whose quota is used up, or ""."""
        group = group_of(method)
        limit = limits.get(group, limits.get(ANY))
        if limit is None:
            return ""
        with self._lock:
            minute = int(self._clock() // minute_s)
            if minute != self._minute:
                self._minute, self._used = minute, {}
            used = self._used.get((project, group), 0)
            self._used[project, group] = used + 1
        return group if used >= limit else ""
