"""What Compute Engine announces to an instance: maintenance of its host, and preemption.

Sources: compute/docs/metadata/getting-live-migration-notice (`maintenance-event`: a minute ahead of
a live migration, up to an hour ahead of a termination), compute/docs/instances/create-use-preemptible
(`preempted`: TRUE for the last 30 seconds), compute/docs/metadata/querying-metadata
(`wait_for_change`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus

import msgspec
from cloudfail.notice import Notice

from cloudfail_gcp.metadata import Metadata

_EVENT, _PREEMPTED = "instance/maintenance-event", "instance/preempted"
_NONE, _TRUE = "NONE", "TRUE"
_WAIT = 1  # seconds in which the server answers as soon as a value changes
_TIMEOUT = 10.0


class _Value(msgspec.Struct, frozen=True):
    text: str = ""
    etag: str = "NONE"  # of nothing: the first answer comes at once


class _Waiting(Metadata):
    """Asks, and has the server wait with its answer."""

    def changed(self, path: str, last: _Value, seconds: int) -> _Value:
        """Return the value once it is another one than the last, at the latest after so long; 0: as it is."""
        query = f"?wait_for_change=true&timeout_sec={seconds}&last_etag={last.etag}"
        if not seconds:  # no documentation says that a wait of 0 is none
            query = ""
        with self._lock:
            status, headers, body = self._ask(
                "GET", f"/computeMetadata/v1/{path}{query}", {"Metadata-Flavor": "Google"}
            )
        if headers.get("Metadata-Flavor") != "Google":
            raise self.unreachable("what answers there is not Google's")
        if status == HTTPStatus.NOT_FOUND:
            return _Value()
        if status != HTTPStatus.OK:
            raise self.unreachable(f"it answered HTTP {status} for {path}")
        return _Value(body.strip(), headers.get("ETag") or _Value().etag)


class GcpNotices:
    """Reads both values, and waits a second at each for news.

    Google waits for nobody: there is nothing to acknowledge.
    """

    def __init__(self, endpoint: str = "") -> None:
        self._metadata = _Waiting(endpoint, _TIMEOUT)
        self._event = self._preempted = _Value()

    def look(self) -> Sequence[Notice]:
        before = self._event
        self._event = self._metadata.changed(_EVENT, before, _WAIT)
        wait = _WAIT if self._event == before else 0  # news are told at once
        self._preempted = self._metadata.changed(_PREEMPTED, self._preempted, wait)
        return tuple(self._found())

    def acknowledge(self, notice: Notice) -> None:
        del notice

    def _found(self) -> Iterator[Notice]:
        if (event := self._event.text) not in {"", _NONE}:
            yield Notice(id=event, kind=event)
        if self._preempted.text == _TRUE:
            yield Notice(id="preempted", kind="preemption", text="within 30 s")
