"""Forwarding rules: the target is changed in one call."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.lab.cloud.gcp.links import link
from cloudfail.lab.cloud.gcp.methods.context import Context, Writing
from cloudfail.lab.cloud.gcp.operations import Work
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.rules import forwarding as rules
from cloudfail.lab.cloud.gcp.store import Store


def _set_target(context: Context, request: ComputeRequest) -> Work:
    path, store = request.target, context.store
    rule = store.get(path)
    target = rules.require_target(store, (request.body or {}).get("target", ""), request.project)
    rules.require_same_type(rule, target, request.project)
    rules.require_same_region(path, target)

    def effect(store: Store) -> None:
        store.put(path, {**store.get(path), "target": link(target)})

    return Work("SetTarget", path, effect)


METHODS: Mapping[str, Writing] = {"forwardingRules.setTarget": _set_target}
