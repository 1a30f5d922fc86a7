"""Facts about claims that a move loses for a while: who finishes the move needs them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cloudfail.model import Claim


class Memory(Protocol):
    """What this node saw of a claim, last time that there was something to see."""

    def recall(self, claim: Claim) -> Mapping[str, str]:
        """Return the facts last kept; nothing when there are none. Never raises."""
        ...

    def keep(self, claim: Claim, facts: Mapping[str, str]) -> None:
        """Keep these facts instead. Never raises."""
        ...


class ShortMemory:
    """Remembers for as long as it lives. Safe between threads."""

    def __init__(self) -> None:
        self._known: dict[str, Mapping[str, str]] = {}

    def recall(self, claim: Claim) -> Mapping[str, str]:
        return self._known.get(str(claim), {})

    def keep(self, claim: Claim, facts: Mapping[str, str]) -> None:
        self._known[str(claim)] = dict(facts)
