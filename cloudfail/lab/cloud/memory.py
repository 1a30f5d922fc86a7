"""Stale reads: the state before the last change, shown to reads for a while."""

from __future__ import annotations

import time
from typing import Generic, TypeVar

from cloudfail.lab.cloud.faults import Faults

S = TypeVar("S")


class Memory(Generic[S]):
    """Of stores that are snapshots. Used by one thread at a time, under the API's lock."""

    def __init__(self) -> None:
        self._before: S | None = None
        self._reads_left = 0
        self._until = self._metadata_until = 0.0

    def remember(self, before: S, faults: Faults) -> None:
        """Keep the state as it was before a change."""
        now = time.monotonic()
        self._reads_left = faults.stale_reads
        self._until = now + faults.stale_ms / 1000
        self._metadata_until = now + faults.metadata_stale_ms / 1000
        self._before = before

    def shown(self, store: S, faults: Faults) -> S:
        """Return what a read of the API sees: the store, or an older one."""
        if self._before is None or not (faults.stale_reads or faults.stale_ms):
            return store
        if time.monotonic() < self._until:
            return self._before
        self._reads_left -= 1
        return self._before if self._reads_left >= 0 else store

    def shown_to_metadata(self, store: S, faults: Faults) -> S:
        """Return what a metadata server sees, whose delay is its own."""
        stale = faults.metadata_stale_ms > 0 and time.monotonic() < self._metadata_until
        return self._before if stale and self._before is not None else store
