"""Single routes of a table: PUT and DELETE."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from cloudfail.lab.cloud.azure.answers import Answer, Json
from cloudfail.lab.cloud.azure.links import name_of, top_of
from cloudfail.lab.cloud.azure.methods.context import Context, Writing
from cloudfail.lab.cloud.azure.operations import Work
from cloudfail.lab.cloud.azure.request import ArmRequest
from cloudfail.lab.cloud.azure.rules import etags, flight, routes
from cloudfail.lab.cloud.azure.store import Store


def _put(context: Context, request: ArmRequest) -> Work:
    store, route = context.store, request.target
    current = store.find(route)
    etags.require_match(request.if_match, route, current)
    etags.require_none(request.headers.get("if-none-match", ""), route, current)
    table = new_route(store, route, request.body)
    _require_calm(context, top_of(route))
    return Work("PutRouteOperation", route, table, current is None)


def new_route(store: Store, route: str, body: Json) -> Json:
    """Return the table as a PUT of this route makes it; ArmError when a rule does not allow it."""
    parent, name = top_of(route), name_of(route)
    table = routes.require_table(store.find(parent), route, parent)
    current = store.find(route)
    properties: Json = dict(body.get("properties") or {})
    routes.require_prefix(route, properties)
    routes.require_next_hop(route, properties)
    routes.require_own_prefix(table, name, properties)
    # A whole-resource PUT: what it leaves out is reset.
    made = {**body, "name": name if current is None else current["name"]}
    made["properties"] = {**properties, "hasBgpOverride": False}
    return _with(store, parent, name, made)


def _delete(context: Context, request: ArmRequest) -> Work | Answer:
    store, route = context.store, request.target
    parent = top_of(route)
    table = store.find(parent)
    current = store.find(route)
    if table is None or current is None:
        # Reference, Routes - Delete: "204 No Content: Request successful. Resource does not exist."
        return Answer(None, 204)
    etags.require_match(request.if_match, route, current)
    _require_calm(context, parent)
    return Work("DeleteRouteOperation", route, _with(store, parent, current["name"], None))


def _require_calm(context: Context, table: str) -> None:
    """kubernetes/kubernetes#88151: a table's routes are written one after the other."""
    running = context.operations.running(table)
    name = "" if running is None else f"{running.work.name} ({running.id})"
    flight.require_calm(table, name)


def _with(store: Store, parent: str, name: str, route: Json | None) -> Json:
    """Return the table with this route in its place, or without it."""
    table = copy.deepcopy(store.get(parent))
    routes: list[Json] = table["properties"].setdefault("routes", [])
    for number, item in enumerate(routes):
        if item["name"].lower() == name.lower():
            routes[number : number + 1] = [] if route is None else [route]
            return table
    routes.extend([] if route is None else [route])
    return table


METHODS: Mapping[str, Writing] = {"routes.put": _put, "routes.delete": _delete}
