"""What EC2 announces to a Spot Instance: an interruption, or that one has become likely.

Sources: EC2 User Guide, "Spot Instance interruption notices" (`spot/instance-action`, two minutes
ahead) and "EC2 instance rebalance recommendations" (`events/recommendations/rebalance`). Nothing is
there until something is announced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import msgspec
from cloudfail.errors import UnreachableError
from cloudfail.notice import Notice

from cloudfail_aws.metadata import Metadata

_ACTION = "meta-data/spot/instance-action"
_REBALANCE = "meta-data/events/recommendations/rebalance"


class _Action(msgspec.Struct, frozen=True):
    action: str
    time: str = ""


class _Recommendation(msgspec.Struct, frozen=True, rename={"notice_time": "noticeTime"}):
    notice_time: str


class AwsNotices:
    """Reads both items. AWS waits for nobody: there is nothing to acknowledge."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    def look(self) -> Sequence[Notice]:
        interruption = self._read(self._interruption)
        try:
            return (*interruption, *self._read(self._recommendation))
        except UnreachableError:
            if interruption:  # what is certain is not to be lost with what is only likely
                return interruption
            raise

    def acknowledge(self, notice: Notice) -> None:
        del notice

    def _read(self, item: Callable[[], Iterator[Notice]]) -> tuple[Notice, ...]:
        try:
            return tuple(item())
        except msgspec.MsgspecError as exc:
            raise self._metadata.unreachable(f"its notice cannot be read: {exc}") from exc

    def _interruption(self) -> Iterator[Notice]:
        text = self._metadata.text(_ACTION)
        if text:
            found = msgspec.json.decode(text, type=_Action)
            kind = f"spot {found.action}"
            yield Notice(id=f"{kind} {found.time}".strip(), kind=kind, begins=found.time)

    def _recommendation(self) -> Iterator[Notice]:
        text = self._metadata.text(_REBALANCE)
        if text:
            since = msgspec.json.decode(text, type=_Recommendation).notice_time
            yield Notice(
                id=f"rebalance {since}",
                kind="rebalance",
                text=f"since {since} an interruption of this Spot Instance is likely",
            )
