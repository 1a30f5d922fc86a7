"""What the work on one instance is done with."""

from __future__ import annotations

from dataclasses import dataclass

from cloudfail.agent.observer import Observer
from cloudfail.agent.work.permit import Beats, Keeps
from cloudfail.clock import Clock
from cloudfail.target import Target


@dataclass(frozen=True, slots=True)
class Around:
    """The instance, who knows its role, who knows whether we were frozen, and who is told."""

    target: Target
    keeper: Keeps
    heart: Beats
    clock: Clock
    observer: Observer

    @property
    def name(self) -> str:
        return self.target.instance.name
