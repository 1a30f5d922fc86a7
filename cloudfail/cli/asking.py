"""Questions of commands that only read: again after a transient error, within the deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from cloudfail.clock import Deadline, SystemClock
from cloudfail.retry import Backoff, retrying
from cloudfail.target import Target

T = TypeVar("T")


class Ask(Protocol):
    def __call__(self, question: Callable[[], T]) -> T: ...


def asking(target: Target) -> Ask:
    """Return what asks: its deadline, the target's, begins now."""
    deadline = Deadline.after(SystemClock(), target.deadline)
    backoff = Backoff()

    def ask(question: Callable[[], T]) -> T:
        return retrying(question, deadline, backoff)

    return ask
