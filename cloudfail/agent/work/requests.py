"""What others ask of an instance's work, and wait for."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from cloudfail.outcome import Order


@dataclass(frozen=True, slots=True)
class Request:
    """Asked `at`; `until` is when it is refused if this node is not master by then (monotonic).

    `order`: a run was asked for; None: only the plan.
    """

    order: Order | None
    at: float
    until: float = 0.0
    future: Future[Any] = field(default_factory=Future)

    @property
    def is_joining(self) -> bool:
        """True when a run that was under way is as good as another one."""
        return self.order == Order()
