"""Stale reads: the state before the last write, shown to describes for a while."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from cloudfail.lab.cloud.aws.request import ApiRequest
from cloudfail.lab.cloud.faults import Faults

State = list[tuple[dict[str, Any], dict[str, Any]]]


class Memory:
    """Used by one thread at a time, under the API's lock."""

    def __init__(self) -> None:
        self._before: State = []
        self._reads_left = 0
        self._until = self._metadata_until = 0.0

    def remember(self, ec2: Any, faults: Faults) -> None:
        """Keep the state as it is now, before a write."""
        now = time.monotonic()
        wanted = (faults.stale_reads, faults.stale_ms, faults.metadata_stale_ms)
        self._reads_left = faults.stale_reads
        self._until = now + faults.stale_ms / 1000
        self._metadata_until = now + faults.metadata_stale_ms / 1000
        self._before = _capture(ec2) if any(wanted) else []

    def shown(
        self, ec2: Any, request: ApiRequest, faults: Faults
    ) -> contextlib.AbstractContextManager[None]:
        """While this lasts the backend is as before the last write, if this read is stale."""
        return self._past(ec2, shown=self._is_stale(request, faults))

    def shown_to_metadata(
        self, ec2: Any, faults: Faults
    ) -> contextlib.AbstractContextManager[None]:
        """Show the same to a metadata service, whose delay is its own."""
        stale = faults.metadata_stale_ms > 0 and time.monotonic() < self._metadata_until
        return self._past(ec2, shown=stale)

    @contextlib.contextmanager
    def _past(self, ec2: Any, *, shown: bool) -> Iterator[None]:
        if not shown or not self._before:
            yield
            return
        now = _capture(ec2)
        _restore(self._before)
        try:
            yield
        finally:
            _restore(now)

    def _is_stale(self, request: ApiRequest, faults: Faults) -> bool:
        if not request.operation.startswith("Describe"):
            return False
        if not (faults.stale_reads or faults.stale_ms):
            return False
        if time.monotonic() < self._until:
            return True
        self._reads_left -= 1
        return self._reads_left >= 0


def _capture(ec2: Any) -> State:
    """The attributes of every object that a move changes, copied one level deep."""
    routes = [route for table in ec2.route_tables.values() for route in table.routes]
    movable = [ec2, *ec2.addresses, *ec2.enis.values(), *ec2.route_tables.values(), *routes]
    return [(vars(item), {k: _copy(v) for k, v in vars(item).items()}) for item in movable]


def _copy(value: Any) -> Any:
    if isinstance(value, list):
        return [dict(item) if isinstance(item, dict) else item for item in value]
    return dict(value) if isinstance(value, dict) else value


def _restore(state: State) -> None:
    for attributes, saved in state:
        attributes.update(saved)
