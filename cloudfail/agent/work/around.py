"""What the work on one instance is done with."""

from __future__ import annotations

from dataclasses import dataclass

from cloudfail.agent.hearing.lateness import limit
from cloudfail.agent.observer import Observer
from cloudfail.agent.work.board import Board
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

    def is_late(self, now: float) -> bool:
        """True when this process was frozen, as far as this instance's adverts go."""
        return self.heart.is_late(now, limit(self.target.instance.vrrp.advert_int))

    def alarm(self, board: Board, about: str, sentence: str) -> None:
        """Raise an alarm, or end it with an empty sentence; said once. With `board.changed` held."""
        if board.alarm(about, sentence):
            self.observer.noted("alarm" if sentence else "alarm_over", self.name, sentence or about)

    @property
    def name(self) -> str:
        return self.target.instance.name
