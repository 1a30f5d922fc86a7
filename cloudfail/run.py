"""What one run carries with it: how long, how often, who may stop it, where it is written down."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from cloudfail.errors import DeadlineError, SupersededError
from cloudfail.retry import Backoff, retrying

if TYPE_CHECKING:
    from cloudfail.clock import Clock, Deadline
    from cloudfail.journal import Journal
    from cloudfail.model import Step
    from cloudfail.provider import ApiCall
    from cloudfail.role import RoleCheck

T = TypeVar("T")


def new_run_id() -> str:
    """Return 8 hex digits that name a run in the journal, the log and the output."""
    return secrets.token_hex(4)


class Doing:
    """One step while it is being done: its attempts and the calls it made."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.attempts = 1
        self.calls: list[ApiCall] = []

    @property
    def request_id(self) -> str:
        """The cloud's id of the last request; empty when none was answered."""
        ids = [call.request_id for call in self.calls if call.request_id]
        return ids[-1] if ids else ""


class Run:
    """One attempt to make this node own its claims, from the event to the proof."""

    def __init__(  # noqa: PLR0913 - keyword only: each is a thing that a test replaces
        self,
        *,
        instance: str,
        deadline: Deadline,
        journal: Journal,
        role: RoleCheck,
        clock: Clock,
        generation: int = 0,
        backoff: Backoff | None = None,
        width: int = 16,
        run_id: str = "",
    ) -> None:
        self.instance = instance
        self.deadline = deadline
        self.journal = journal
        self.clock = clock
        self.generation = generation
        self.backoff = backoff or Backoff()
        self.width = width
        self.run_id = run_id or new_run_id()
        self._role = role
        self._stopped = ""
        self._calls: list[ApiCall] = []
        self._local = threading.local()

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every request sent so far, in the order in which they ended."""
        return tuple(self._calls)

    def stop(self, reason: str) -> None:
        """End the run at its next safe point. Safe to call from a signal handler."""
        self._stopped = reason
        wake = getattr(self.clock, "wake", None)
        if wake is not None:
            wake()

    def check_stopped(self) -> None:
        """Raise SupersededError once somebody asked this run to stop."""
        if self._stopped:
            raise SupersededError(f"stopped: {self._stopped}; nothing more was begun")

    def before_write(self, operation: str) -> None:
        """Let a mutating request pass, or raise: every provider calls this before each one.

        The add that completes our own remove may pass where a new piece of work may not: only the
        role check decides about it (design: between a remove and its add).
        """
        doing: Doing | None = getattr(self._local, "doing", None)
        completes = doing is not None and doing.step.completes
        self._role(completes=completes)
        if completes:
            return
        self.check_stopped()
        if self.deadline.left() <= 0:
            raise DeadlineError(f"time is up before {operation}; it was not sent")

    def on_call(self, call: ApiCall) -> None:
        """Keep a record of a request that a provider sent."""
        self._calls.append(call)
        doing: Doing | None = getattr(self._local, "doing", None)
        if doing is not None:
            doing.calls.append(call)

    @contextmanager
    def doing(self, step: Step) -> Iterator[Doing]:
        """Attribute what this thread sends to a step."""
        current = Doing(step)
        self._local.doing = current
        try:
            yield current
        finally:
            self._local.doing = None

    def ask(self, question: Callable[[], T]) -> T:
        """Call a provider, and again after a TransientError, until the deadline."""

        def before_pause(attempt: int, error: BaseException) -> None:
            del error
            doing: Doing | None = getattr(self._local, "doing", None)
            if doing is None or not doing.step.completes:
                self.check_stopped()
            if doing is not None:
                doing.attempts = attempt + 1

        return retrying(question, self.deadline, self.backoff, before_pause=before_pause)

    def pause(self, seconds: float) -> None:
        """Wait, but not past the deadline, and not when asked to stop."""
        self.clock.sleep(min(seconds, self.deadline.left()))
        self.check_stopped()
