"""What follows from other resources, worked out after every change."""

from __future__ import annotations

from cloudfail.lab.cloud.gcp.addresses import refresh_addresses
from cloudfail.lab.cloud.gcp.links import project_of
from cloudfail.lab.cloud.gcp.rules.routes import warning_of
from cloudfail.lab.cloud.gcp.store import Store


def refresh(store: Store) -> None:
    """Let addresses have their users, and routes their warnings."""
    refresh_addresses(store)
    for path, route in list(store.every("routes")):
        if "nextHopInstance" not in route:
            continue
        code = warning_of(store, route, project_of(path))
        known = [item["code"] for item in route.get("warnings", ())]
        if known == [code] * bool(code):
            continue
        kept = {name: value for name, value in route.items() if name != "warnings"}
        warned = {"warnings": [{"code": code, "message": code, "data": []}]} if code else {}
        store.put(path, {**kept, **warned})
