"""Who is told of what happens: metrics count it, the log says it."""

from __future__ import annotations

from typing import Protocol

from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import Ran
from cloudfail.provider import ApiCall


class Observer(Protocol):
    """Told from any thread; must return at once and never raise."""

    def called(self, instance: str, call: ApiCall) -> None:
        """A request to the cloud was answered, or was not."""
        ...

    def ran(self, instance: str, ran: Ran) -> None:
        """A run ended."""
        ...

    def changed(self, instance: str, before: Standing, after: Standing) -> None:
        """The role, or the doubt about it, changed."""
        ...

    def noted(self, event: str, instance: str = "", text: str = "") -> None:
        """Anything else that is worth a line: `event` is one word, `text` a sentence."""
        ...
