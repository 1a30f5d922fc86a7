"""One announcement, and what came of it for each instance of this node."""

from __future__ import annotations

from collections.abc import Iterable

from cloudfail.agent.view import NoticeView
from cloudfail.clock import wall_clock
from cloudfail.notice import Notice


class Announced:
    """Belongs to the loop's thread. An instance is settled when nothing more will be done for it."""

    def __init__(self, cloud: str, notice: Notice) -> None:
        self.cloud, self.notice = cloud, notice
        self._since = wall_clock()
        self._done: dict[str, str] = {}
        self._settled: dict[str, bool] = {}
        self.is_agreed = self.is_acknowledged = False

    def is_settled(self, instance: str) -> bool:
        return instance in self._settled

    def settle(self, instance: str, text: str, *, well: bool = True) -> None:
        """`well`: the cloud may begin, as far as this instance is concerned."""
        self._done[instance], self._settled[instance] = text, well

    def put_off(self, instance: str, text: str) -> bool:
        """Note why nothing is done for it now; say whether that is new."""
        is_new = self._done.get(instance) != text
        self._done[instance] = text
        return is_new

    def may_begin(self, instances: Iterable[str]) -> bool:
        """Say whether the cloud waits for a word, and nothing of these instances is in its way."""
        if not self.notice.waits or self.notice.has_begun:
            return False
        found = [self._settled.get(instance, False) for instance in instances]
        return bool(found) and all(found)

    @property
    def sentence(self) -> str:
        """Say what is announced."""
        notice = self.notice
        when = f", not before {notice.begins}" if notice.begins else ""
        begun = ", which has begun" if notice.has_begun else ""
        text = f": {notice.text}" if notice.text else ""
        return f"{self.cloud} announces {notice.kind} of this node{when}{begun}{text} ({notice.id})"

    def view(self) -> NoticeView:
        notice = self.notice
        return NoticeView(
            cloud=self.cloud,
            id=notice.id,
            kind=notice.kind,
            begins=notice.begins,
            text=notice.text,
            has_begun=notice.has_begun,
            since=self._since,
            done=dict(self._done),
            acknowledged=self.is_acknowledged,
        )
