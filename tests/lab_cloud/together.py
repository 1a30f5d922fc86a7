"""Time of an embedded cloud that goes by what happens, not by how fast a machine is."""

from __future__ import annotations

import threading
from typing import Any

from cloudfail.clock import SystemClock

ENDLESS = 3_600_000.0


class Together(SystemClock):
    """Latency that is over for requests once so many are under way."""

    def __init__(self, requests: int) -> None:
        self.barrier = threading.Barrier(requests)

    def sleep(self, seconds: float) -> None:
        del seconds
        self.barrier.wait(60)


def end_operations(cloud: Any) -> None:
    """End what is under way now."""
    with cloud.api.lock:
        for timer in list(cloud.api.operations._timers):
            timer.cancel()
            timer.function()
