"""What others ask of an instance's work, and wait for."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from cloudfail.outcome import Order


@dataclass(frozen=True, slots=True)
class Request:
    """`until` is when (monotonic) it is refused if this node is not master by then.

    `order`: a run was asked for; None: only the plan.
    """

    order: Order | None
    until: float = 0.0
    future: Future[Any] = field(default_factory=Future)
