"""Throttling by Resource Manager itself.

azure-resource-manager/management/request-limits-and-throttling: 429 with `Retry-After`; "if you
send a request before the retry value has elapsed, your request isn't processed and a new retry
value is returned". Limits are counted a subscription and principal, reads apart from writes.
"""

from __future__ import annotations

import math
import threading
import time

from cloudfail.lab.cloud.azure.answers import ArmError
from cloudfail.lab.cloud.azure.links import subscription_of
from cloudfail.lab.cloud.azure.request import ArmRequest
from cloudfail.lab.cloud.faults import Budget


class Throttle:
    """Thread-safe."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, str, bool], float] = {}
        self._lock = threading.Lock()

    def take(self, request: ArmRequest, budget: Budget) -> None:
        """Raise ArmError 429 when there were too many of these requests."""
        who = (subscription_of(request.target), request.user, request.writes)
        seconds = budget.faults.throttle_s
        with self._lock:
            now = time.monotonic()
            if now < self._until.get(who, 0) or budget.throttled(request.method):
                self._until[who] = now + seconds
                raise _too_many(request, max(1, math.ceil(seconds)))


def _too_many(request: ArmRequest, seconds: int) -> ArmError:
    what = "write" if request.writes else "read"
    return ArmError(
        429,
        "SubscriptionRequestsThrottled",
        f"Number of '{what}' requests for subscription '{subscription_of(request.target)}' actor "
        f"'{request.user}' exceeded. Please try again after '{seconds}' seconds after additional "
        "tokens are available. Refer to https://aka.ms/arm-throttling for custom throttling limits.",
        {
            "Retry-After": str(seconds),
            f"x-ms-ratelimit-remaining-subscription-{what}s": "0",
        },
    )
