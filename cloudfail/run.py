"""What one run carries with it: how long, how often, who may stop it, where it is written down."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from cloudfail.clock import Deadline
from cloudfail.errors import DeadlineError, SupersededError
from cloudfail.retry import Backoff, retrying

if TYPE_CHECKING:
    from cloudfail.clock import Clock
    from cloudfail.journal import Journal
    from cloudfail.model import Step
    from cloudfail.provider import ApiCall
    from cloudfail.role import RoleCheck

T = TypeVar("T")

SAFE_POINT_SECONDS = 0.05


def new_run_id() -> str:
    """Return 8 hex digits that name a run in the journal, the log and the output."""
    return secrets.token_hex(4)


class Doing:
    """One step while it is being done: its attempts and the calls it made.

    `allowed` counts the requests that were let pass: none of it has left while that is 0.
    """

    def __init__(self, step: Step, began: float = 0.0) -> None:
        self.step = step
        self.began = began
        self.attempts = 1
        self.allowed = 0
        self.calls: list[ApiCall] = []

    @property
    def request_id(self) -> str:
        """The cloud's id of the last request; empty when none was answered."""
        ids = [call.request_id for call in self.calls if call.request_id]
        return ids[-1] if ids else ""


class Run:
    """One attempt to make this node own its claims, from the event to the proof.

    Its safe points are: before every mutating request, before every retry, and every
    `SAFE_POINT_SECONDS` of a pause. There it ends once it was stopped or the role is another one.
    """

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
        self._finishing = False
        self._calls: list[ApiCall] = []
        self._local = threading.local()

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every request sent so far, in the order in which they ended."""
        return tuple(self._calls)

    def stop(self, reason: str) -> None:
        """End the run at its next safe point. Safe to call from a signal handler: takes no lock."""
        self._stopped = reason

    def check_stopped(self) -> None:
        """Raise SupersededError once somebody asked this run to stop."""
        if self._stopped:
            raise SupersededError(f"stopped: {self._stopped}; nothing more was begun")

    def finish(self, seconds: float) -> None:
        """From now on only finish what was begun: adds whose removes are done.

        A stop and a passed deadline no longer end the run, for `seconds`; the role check does,
        when a better peer is there to finish it instead.
        """
        self._finishing = True
        self.deadline = Deadline.after(self.clock, max(seconds, self.deadline.left()))

    def before_write(self, operation: str) -> None:
        """Let a mutating request pass, or raise: every provider calls this before each one."""
        self.safe_point()
        if self.deadline.left() <= 0 and not self._completes():
            raise DeadlineError(f"time is up before {operation}; it was not sent")
        doing = self._doing()
        if doing is not None:
            doing.allowed += 1

    def safe_point(self) -> None:
        """Raise SupersededError when this run was stopped, or the role is not ours any more."""
        completes = self._completes()
        self._role(completes=completes)
        if not completes:
            self.check_stopped()

    def while_waiting(self, what: str) -> None:
        """Let a provider wait on for what it sent, or raise: asked as `Setup.while_waiting` says.

        What takes something off its holder is waited for as the add is that completes it: only a
        better peer ends that, who finishes it.
        """
        doing = self._doing()
        removes = doing is not None and doing.step.releases and doing.allowed > 0
        owes = self._completes() or removes
        self._role(completes=owes)
        if owes:
            return
        self.check_stopped()
        if self.deadline.left() <= 0:
            raise DeadlineError(f"time is up: {what}")

    def on_call(self, call: ApiCall) -> None:
        """Keep a record of a request that a provider sent."""
        self._calls.append(call)
        doing = self._doing()
        if doing is not None:
            doing.calls.append(call)

    @contextmanager
    def doing(self, step: Step) -> Iterator[Doing]:
        """Attribute what this thread sends to a step."""
        current = Doing(step, self.clock.now())
        self._local.doing = current
        try:
            yield current
        finally:
            self._local.doing = None

    def ask(self, question: Callable[[], T]) -> T:
        """Call a provider, and again after a TransientError, until the deadline."""

        def before_pause(attempt: int, error: BaseException) -> None:
            del error
            doing = self._doing()
            if doing is not None:
                doing.attempts = attempt + 1

        return retrying(
            question, self.deadline, self.backoff, before_pause=before_pause, sleep=self._nap
        )

    def pause(self, seconds: float) -> None:
        """Wait, but not past the deadline, and not past a safe point that ends the run."""
        self._nap(min(seconds, self.deadline.left()))

    def _nap(self, seconds: float) -> None:
        # In slices, and without a lock: a signal handler cannot wake a wait safely.
        until = self.clock.now() + seconds
        while True:
            self.safe_point()
            left = until - self.clock.now()
            if left <= 0:
                return
            self.clock.sleep(min(left, SAFE_POINT_SECONDS))

    def _doing(self) -> Doing | None:
        doing: Doing | None = getattr(self._local, "doing", None)
        return doing

    def _completes(self) -> bool:
        """True while this thread does an add that completes our own remove."""
        doing = self._doing()
        return self._finishing if doing is None else doing.step.completes
