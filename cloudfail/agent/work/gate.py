"""Between a provider that lives as long as the agent, and the runs that come and go."""

from __future__ import annotations

from cloudfail.agent.observer import Observer
from cloudfail.errors import SupersededError
from cloudfail.provider import ApiCall
from cloudfail.run import Run


class Gate:
    """Passes a provider's questions on to the run of the moment: without one, nothing is written."""

    def __init__(self, instance: str, observer: Observer) -> None:
        self._instance = instance
        self._observer = observer
        self.run: Run | None = None

    def before_write(self, operation: str) -> None:
        """Let a mutating request pass, or raise SupersededError."""
        run = self.run
        if run is None:
            raise SupersededError(f"{operation}: no run is under way; nothing was sent")
        run.before_write(operation)

    def while_waiting(self, what: str) -> None:
        """Let a wait go on, or raise SupersededError or DeadlineError."""
        run = self.run
        if run is not None:
            run.while_waiting(what)

    def on_call(self, call: ApiCall) -> None:
        run = self.run
        if run is not None:
            run.on_call(call)
        self._observer.called(self._instance, call)
