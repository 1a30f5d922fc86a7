"""What can go wrong with the embedded cloud's API and metadata service, as a value."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import msgspec

ANY = "*"


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Injected faults, by the API's names of calls (`AssociateAddress`, `instances.get`); `*`: any.

    latency_ms   before the effect of each request; requests at the same time wait at the same time
    throttle     how many calls are told that there were too many
    errors       call -> (HTTP status, error code, how many calls)
    buckets      call -> (capacity, refill a second): more calls are told so; AWS, Azure
    reset        how many calls lose their connection before the effect
    reset_after  how many calls lose their connection after the effect
    stale_reads  after each write, this many describes show the state before that write
    stale_ms     so do all describes for this long after a write
    deny         calls that are told that a permission is missing, for as long as this is set
    down         no API request is answered: the connection is reset
    metadata_down       the same for the metadata services
    metadata_latency_ms before each answer of a metadata service
    metadata_stale_ms   metadata shows the state before the last write for this long after it
    token_s             how long a managed identity's new token is good for; Azure

    Google Cloud's operations, by the call that began them, and its quotas:
    operation_ms      how long each takes until it has its effect and is DONE
    operation_errors  call -> (error code, how many): DONE with this error, without any effect
    operation_stuck   how many never become DONE, and have no effect
    operation_lost    how many have their effect, but nobody knows of them afterwards (404)
    wait_ms           `wait` answers after this long at most, whatever the operation's state
    quota             group (queries, reads, lists, operation-reads) -> calls a minute and project;
                      more get 403 rateLimitExceeded until the next minute begins
    quota_minute_s    how long a minute of `quota` is; a shorter one is told by Retry-After

    Azure, whose operations take the faults of Google Cloud's (an error of an operation named
    CanceledAndSupersededDueToAnotherOperation ends it as Canceled):
    retry_after_s     `Retry-After` of operations; 0: they have none
    operation_by_location   operations are told by `Location` only
    operation_keeps   what ends with an error stays as it was asked for, in the state Failed, and
                      has no effect; else it is as it was before
    cleanup_ms        how long a private address is cleaned up after it was let go
    locks             scope -> level (ReadOnly, CanNotDelete), beside the world's management locks
    throttle_s        whoever was throttled is throttled again for this long
    """

    latency_ms: float = 0
    throttle: Mapping[str, int] = {}
    errors: Mapping[str, tuple[int, str, int]] = {}
    reset: Mapping[str, int] = {}
    reset_after: Mapping[str, int] = {}
    stale_reads: int = 0
    stale_ms: float = 0
    deny: tuple[str, ...] = ()
    down: bool = False
    metadata_down: bool = False
    metadata_latency_ms: float = 0
    metadata_stale_ms: float = 0
    token_s: float = 86_400
    buckets: Mapping[str, tuple[float, float]] = {}
    operation_ms: float = 0
    operation_errors: Mapping[str, tuple[str, int]] = {}
    operation_stuck: Mapping[str, int] = {}
    operation_lost: Mapping[str, int] = {}
    wait_ms: float = 120_000
    quota: Mapping[str, int] = {}
    quota_minute_s: float = 60
    retry_after_s: int = 0
    operation_by_location: bool = False
    operation_keeps: bool = False
    cleanup_ms: float = 0
    locks: Mapping[str, str] = {}
    throttle_s: float = 0


class Bucket:
    """EC2's throttling of one action: full at first, a call takes a token."""

    def __init__(self, capacity: float, refill: float) -> None:
        self._capacity = self._tokens = capacity
        self._refill = refill
        self._at = 0.0

    def take(self, now: float) -> bool:
        gained = (now - self._at) * self._refill if self._at else 0.0
        self._tokens = min(self._capacity, self._tokens + gained)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Budget:
    """The counted faults of one `Faults`, used up as calls arrive. Thread-safe."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._lock = threading.Lock()
        self._throttle = dict(faults.throttle)
        self._errors = {name: count for name, (_, _, count) in faults.errors.items()}
        self._reset = dict(faults.reset)
        self._reset_after = dict(faults.reset_after)
        self._buckets: dict[str, Bucket] = {}
        self._operation_errors = {name: n for name, (_, n) in faults.operation_errors.items()}
        self._stuck = dict(faults.operation_stuck)
        self._lost = dict(faults.operation_lost)

    def throttled(self, operation: str) -> bool:
        return self._use(self._throttle, operation) is not None or self._bucket_is_dry(operation)

    def reset_before(self, operation: str) -> bool:
        return self._use(self._reset, operation) is not None

    def reset_after(self, operation: str) -> bool:
        return self._use(self._reset_after, operation) is not None

    def error(self, operation: str) -> tuple[int, str] | None:
        """HTTP status and error code to answer with."""
        name = self._use(self._errors, operation)
        return None if name is None else self.faults.errors[name][:2]

    def operation_error(self, operation: str) -> str:
        """Error code that the operation ends with, or ""."""
        name = self._use(self._operation_errors, operation)
        return "" if name is None else self.faults.operation_errors[name][0]

    def operation_stuck(self, operation: str) -> bool:
        return self._use(self._stuck, operation) is not None

    def operation_lost(self, operation: str) -> bool:
        return self._use(self._lost, operation) is not None

    def denied(self, operation: str) -> bool:
        return operation in self.faults.deny or ANY in self.faults.deny

    def _bucket_is_dry(self, operation: str) -> bool:
        size = self.faults.buckets.get(operation) or self.faults.buckets.get(ANY)
        if size is None:
            return False
        with self._lock:
            bucket = self._buckets.setdefault(operation, Bucket(*size))
            return not bucket.take(time.monotonic())

    def _use(self, left: dict[str, int], operation: str) -> str | None:
        with self._lock:
            for name in (operation, ANY):
                if left.get(name, 0) > 0:
                    left[name] -= 1
                    return name
        return None
