"""Several observers as one."""

from __future__ import annotations

from collections.abc import Callable

from cloudfail.agent.observer import Observer
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import Ran
from cloudfail.provider import ApiCall


class Observers:
    """Tells each observer in turn; a mistake in one reaches neither the others nor the agent.

    `mistake` is the last such mistake in one sentence, empty: none.
    """

    def __init__(self, *observers: Observer) -> None:
        self._observers = observers
        self.mistake = ""

    def called(self, instance: str, call: ApiCall) -> None:
        self._tell(lambda one: one.called(instance, call))

    def ran(self, instance: str, ran: Ran) -> None:
        self._tell(lambda one: one.ran(instance, ran))

    def changed(self, instance: str, before: Standing, after: Standing) -> None:
        self._tell(lambda one: one.changed(instance, before, after))

    def noted(self, event: str, instance: str = "", text: str = "") -> None:
        self._tell(lambda one: one.noted(event, instance, text))

    def _tell(self, tell: Callable[[Observer], None]) -> None:
        for one in self._observers:
            try:
                tell(one)
            except Exception as exc:  # noqa: BLE001  to be seen is no reason to stop a run
                self.mistake = f"{type(one).__name__}: {type(exc).__name__}: {exc}"


class OnRun:
    """Calls `then` at the end of each run, in the thread that ran it."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._then = then

    def called(self, instance: str, call: ApiCall) -> None: ...

    def ran(self, instance: str, ran: Ran) -> None:
        del instance, ran
        self._then()

    def changed(self, instance: str, before: Standing, after: Standing) -> None: ...

    def noted(self, event: str, instance: str = "", text: str = "") -> None: ...
