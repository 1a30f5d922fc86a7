"""What others ask of an instance's work, and wait for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import TypeVar

from cloudfail.errors import CloudfailError
from cloudfail.outcome import Ended, Order

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """A run, asked for `at`; refused if this node is not master `until` then (monotonic)."""

    order: Order
    at: float
    until: float
    future: Future[Ended] = field(default_factory=Future)

    @property
    def is_joining(self) -> bool:
        """True when a run that was under way is as good as another one."""
        return self.order == Order()


def settle(futures: Iterable[Future[T]], answer: T | CloudfailError) -> None:
    """Answer all who wait; some may have left."""
    for future in futures:
        with contextlib.suppress(InvalidStateError):
            if isinstance(answer, CloudfailError):
                future.set_exception(answer)
            else:
                future.set_result(answer)
