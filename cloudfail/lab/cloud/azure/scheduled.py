"""Scheduled events of virtual machines that stand alone: virtual-machines/linux/scheduled-events.

Such an event is told to the machine that it is about, and to no other.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from email.utils import formatdate

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.notices import Notice, Notices

KINDS = ("Freeze", "Reboot", "Redeploy", "Preempt", "Terminate")
VERSIONS = (
    *("2017-08-01", "2017-11-01", "2019-01-01", "2019-04-01"),
    *("2019-08-01", "2020-07-01"),
)
_KIND_SINCE = {"Preempt": "2017-11-01", "Terminate": "2019-01-01"}
_FIELD_SINCE = {
    "Description": "2019-04-01",
    "EventSource": "2019-08-01",
    "DurationInSeconds": "2020-07-01",
}
_FREEZE_SECONDS = 9


class ScheduledEvents:
    """The documents that IMDS gives. Thread-safe."""

    def __init__(self, notices: Notices) -> None:
        self._notices = notices
        self._shown: dict[tuple[str, str], tuple[int, Sequence[Json]]] = {}
        self._lock = threading.Lock()

    def clear(self) -> None:
        with self._lock:
            self._shown = {}

    def document(self, node: str, vm: str, version: str) -> Json:
        """Return what GET answers; the incarnation grows when the events are others."""
        told = [n for n in self._notices.of_node(node) if version >= _KIND_SINCE.get(n.kind, "")]
        events = [_event(notice, vm, version) for notice in told]
        with self._lock:
            number, before = self._shown.get((node, version), (1, []))
            if events != before:
                number += 1
            self._shown[node, version] = (number, events)
        self._notices.see(told)
        return {"DocumentIncarnation": number, "Events": events}

    def start(self, node: str, body: bytes) -> bool:
        """Take `StartRequests`; False when one of them is no event of the node, or none is asked."""
        try:
            wanted = {item["EventId"].upper() for item in json.loads(body)["StartRequests"]}
        except (ValueError, LookupError, TypeError, AttributeError):
            return False
        found = [notice for notice in self._notices.of_node(node) if notice.id in wanted]
        if not found or {notice.id for notice in found} != wanted:
            return False
        self._notices.acknowledge(found)
        return True


def _event(notice: Notice, vm: str, version: str) -> Json:
    """Tell of an event, which starts once it is acknowledged, or its time has come."""
    started = bool(notice.acknowledged) or wall_clock() >= notice.not_before
    event = {
        "EventId": notice.id,
        "EventType": notice.kind,
        "ResourceType": "VirtualMachine",
        "Resources": [vm],
        "EventStatus": "Started" if started else "Scheduled",
        "NotBefore": "" if started else formatdate(notice.not_before, usegmt=True),
        "Description": "Host server is undergoing maintenance.",
        "EventSource": "Platform",
        "DurationInSeconds": _FREEZE_SECONDS if notice.kind == "Freeze" else -1,
    }
    return {name: value for name, value in event.items() if version >= _FIELD_SINCE.get(name, "")}
