"""Operations that somebody has begun and that are not done: what the looks saw of them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from cloudfail.model import Claim, ForwardingRule, Node, PrivateIp, PublicIp, Route

from cloudfail_gcp.api import Api
from cloudfail_gcp.links import part_of, path_of, place_of
from cloudfail_gcp.objects import network_of
from cloudfail_gcp.operations import BEGUN

Running = Mapping[str, Any]
OPERATIONS = "operations "
_ENDED = 64  # more than one process sees to end between two looks
_FILTER = {"filter": 'status != "DONE"'}


def reads_of_operations(
    api: Api, claims: Sequence[Claim], node: Node, zones: Collection[str] = ()
) -> Iterator[tuple[str, Callable[[], Running]]]:
    """Tell how to read what is under way in each scope that a move of these claims would change.

    `zones` are those of the interfaces that may have them. Each gives operations by target.
    """
    for scope in sorted(set(_scopes(claims, node, zones))):
        yield _named(*scope), partial(_running, api, *scope)


def _scopes(
    claims: Sequence[Claim], node: Node, zones: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    for claim in claims:
        match claim:
            case ForwardingRule():
                project, region = place_of(claim, node)
                yield "region", project, region
            case Route():
                yield "global", part_of(network_of(claim, node), "projects"), ""
            case PrivateIp() | PublicIp():
                for zone in zones:
                    yield "zone", node.facts["project"], zone
            case _:
                pass


def _named(scope: str, project: str, name: str) -> str:
    return f"{OPERATIONS}{scope} {project} {name}"


def scope_of(target: str) -> str:
    """Name the scope that tells of operations on an object, by its path, as a look names it."""
    project = part_of(target, "projects")
    for scope in ("zone", "region"):
        if name := part_of(target, f"{scope}s"):
            return _named(scope, project, name)
    return _named("global", project, "")


def _running(api: Api, scope: str, project: str, name: str) -> Running:
    where = {"project": project, **({scope: name} if name else {})}
    found = api.pages(f"{scope}Operations.list", {**where, **_FILTER})
    return {path_of(item.target_link): item for item in found if _is_of_ours(item)}


def _is_of_ours(operation: Any) -> bool:
    """Only what a move is made of: an instance that stops is not waited for."""
    collection = path_of(operation.target_link).split("/")[-2:][0]
    kind = operation.operation_type.rpartition(".")[2]
    return f"{collection}.{kind}".lower() in BEGUN


class UnderWay:
    """Thread-safe. What the newest look at each scope saw, each operation until it has ended."""

    def __init__(self) -> None:
        self._seen: dict[str, dict[str, Any]] = {}
        self._ended: deque[str] = deque(maxlen=_ENDED)
        self._lock = threading.Lock()

    def see(self, running: Mapping[str, Running]) -> None:
        """Take what was read, by scope."""
        with self._lock:
            self._seen |= {scope: dict(found) for scope, found in running.items()}

    def ended(self, operation: Any) -> None:
        """Forget an operation, whatever an older look saw of it."""
        with self._lock:
            self._ended.append(operation.name)

    def on(self, target: str) -> Any:
        """Return the operation on this object that nobody here has seen to end, or None."""
        with self._lock:
            found = [seen[target] for seen in self._seen.values() if target in seen]
            return next((one for one in found if one.name not in self._ended), None)


def target_of(operation: str, request: Mapping[str, Any]) -> str:
    """Return the path of the object that a mutating call changes, as operations name it."""
    project = f"projects/{request['project']}"
    if operation.startswith("instances."):
        return f"{project}/zones/{request['zone']}/instances/{request['instance']}"
    if operation.startswith("forwardingRules."):
        rule = request["forwarding_rule"]
        return f"{project}/regions/{request['region']}/forwardingRules/{rule}"
    route = request.get("route") or request["route_resource"]["name"]
    return f"{project}/global/routes/{route}"
