"""Maintenance and preemption, as the metadata server tells of them.

compute/docs/metadata/getting-live-migration-notice: `maintenance-event` is NONE, or what comes
about a minute later; compute/docs/instances/create-use-preemptible: `preempted` is TRUE once the
30 seconds have begun.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.lab.cloud.gcp.answers import Json
from cloudfail.lab.cloud.httpd import Incoming
from cloudfail.lab.cloud.notices import Notice

EVENTS = ("MIGRATE_ON_HOST_MAINTENANCE", "TERMINATE_ON_HOST_MAINTENANCE")
PREEMPTED = "preempted"


def of_metadata(notices: Sequence[Notice]) -> Json:
    """Return the parts of `instance/` that these notices of one node make."""
    events = [notice.kind for notice in notices if notice.kind in EVENTS]
    preempted = any(notice.kind == PREEMPTED for notice in notices)
    return {
        "maintenanceEvent": events[-1] if events else "NONE",
        "preempted": "TRUE" if preempted else "FALSE",
    }


def shown_in(incoming: Incoming, notices: Sequence[Notice]) -> Sequence[Notice]:
    """Return which of them an answer to this request tells of."""
    parts = incoming.path.strip("/").split("/")[2:]
    if parts in ([], ["instance"]):
        return notices if incoming.query.get("recursive", "").lower() == "true" else ()
    if parts == ["instance", "maintenance-event"]:
        return [notice for notice in notices if notice.kind in EVENTS]
    return [notice for notice in notices if parts == ["instance", notice.kind]]
