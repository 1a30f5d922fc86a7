"""Azure's Scheduled Events: what is about to happen to this virtual machine.

Source: virtual-machines/linux/scheduled-events. An event is announced minutes ahead (Preempt: 30
seconds), and begins at its NotBefore, or once a machine that it names has acknowledged it. The first
request switches the service on, and may be answered after two minutes; a day without any switches it
off again.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

import msgspec
from cloudfail.errors import UnreachableError
from cloudfail.machine.metadata import RETRIES, MetadataClient
from cloudfail.notice import Notice

from cloudfail_azure.metadata import default_endpoint

KINDS: Final = frozenset({"Freeze", "Reboot", "Redeploy", "Preempt"})
_EVENTS = "/metadata/scheduledevents?api-version=2020-07-01"
_NAME = "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
_HEADERS = {"Metadata": "true"}
_FIRST_TIMEOUT, _TIMEOUT = 150.0, 10.0


class _Event(msgspec.Struct, frozen=True, rename="pascal"):
    event_id: str
    event_type: str
    # null is nothing: what is left out of one event must not hide the others.
    resources: tuple[str, ...] | None = None
    event_status: str | None = None
    not_before: str | None = None
    description: str | None = None
    duration_in_seconds: int | None = None


class _Document(msgspec.Struct, frozen=True, rename="pascal"):
    events: tuple[_Event, ...] = ()


class AzureNotices(MetadataClient):
    """The events that name this machine, of the kinds that interrupt it."""

    def __init__(self, endpoint: str = "") -> None:
        super().__init__(endpoint or default_endpoint(), _FIRST_TIMEOUT)
        self._name = ""

    def look(self) -> Sequence[Notice]:
        name = self._name = self._name or self._get(_NAME).strip()
        try:
            found = msgspec.json.decode(self._get(_EVENTS), type=_Document).events
        except msgspec.MsgspecError as exc:
            raise self.unreachable(f"its scheduled events cannot be read: {exc}") from exc
        if self._timeout != _TIMEOUT:
            self.close()
            self._timeout = _TIMEOUT
        return [
            _notice(event, is_alone=len(event.resources or ()) == 1)
            for event in found
            if event.event_type in KINDS and _names(event, name)
        ]

    def acknowledge(self, notice: Notice) -> None:
        document = {"StartRequests": [{"EventId": notice.id}]}
        self._send("POST", _EVENTS, msgspec.json.encode(document))

    def unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"the instance metadata service at {self.endpoint} cannot be used: {why}. Is this an "
            "Azure virtual machine?",
            limit=RETRIES,
        )

    def _get(self, path: str) -> str:
        return self._send("GET", path)

    def _send(self, method: str, path: str, body: bytes | None = None) -> str:
        with self._lock:
            status, _, answer = self._ask(method, path, _HEADERS, body)
        if status != HTTPStatus.OK:
            raise self.unreachable(f"it answered HTTP {status} for {path.partition('?')[0]}")
        return answer


def _names(event: _Event, name: str) -> bool:
    """Azure's names do not tell case."""
    return name.casefold() in {resource.casefold() for resource in event.resources or ()}


def _notice(event: _Event, *, is_alone: bool) -> Notice:
    """An event of several machines is not for one of them to begin."""
    duration = event.duration_in_seconds
    lasting = f" (about {duration} s)" if duration is not None and duration >= 0 else ""
    return Notice(
        id=event.event_id,
        kind=event.event_type,
        begins=event.not_before or "",
        text=f"{event.description or ''}{lasting}".strip(),
        has_begun=event.event_status == "Started",
        waits=is_alone,
    )
