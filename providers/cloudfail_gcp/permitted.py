"""Nothing is taken off anybody before it is known that this node may put it on."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import msgspec
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError
from cloudfail.model import Holding, Node, Owner, PrivateIp, PublicIp
from cloudfail.parallel import in_parallel

from cloudfail_gcp.api import Api
from cloudfail_gcp.links import name_of, part_of
from cloudfail_gcp.look import Seen

# What was allowed is believed for so long: a standby's looks renew it, and a failover finds it.
KEPT_SECONDS = 600.0


class Need(NamedTuple):
    """A permission that has to be held on a resource, by its path."""

    permission: str
    path: str

    def __str__(self) -> str:
        return f"{self.permission} on {self.path}"


class Verdict(NamedTuple):
    """What is not held, and what could not be asked."""

    missing: frozenset[Need]
    unsaid: Mapping[Need, CloudfailError]


class Grants:
    """Asks `testIamPermissions`, each resource once for all that is needed on it. Thread-safe."""

    def __init__(self, api: Api, clock: Clock) -> None:
        self._api = api
        self._clock = clock
        self._held: dict[Need, float] = {}
        self._lock = threading.Lock()

    def judge(self, needs: Iterable[Need]) -> Verdict:
        since = self._clock.now() - KEPT_SECONDS
        with self._lock:
            self._held = {need: at for need, at in self._held.items() if at >= since}
            asked = [need for need in dict.fromkeys(needs) if need not in self._held]
        by_path: dict[str, list[str]] = {}
        for need in asked:
            by_path.setdefault(need.path, []).append(need.permission)
        reads = {path: partial(ask, self._api, path, names) for path, names in by_path.items()}
        answers, failures = in_parallel(reads)
        held = {need for need in asked if need.permission in answers.get(need.path, ())}
        with self._lock:
            self._held |= dict.fromkeys(held, self._clock.now())
        return Verdict(
            missing=frozenset(n for n in asked if n.path in answers and n not in held),
            unsaid={n: failures[n.path] for n in asked if n.path in failures},
        )


def ask(api: Api, path: str, permissions: Sequence[str]) -> Sequence[str]:
    """Return which of these permissions are held on a resource."""
    scope = {name: part_of(path, f"{name}s") for name in ("zone", "region")}
    request = {
        "project": part_of(path, "projects"),
        **{name: value for name, value in scope.items() if value},
        "resource": name_of(path),
        "test_permissions_request_resource": {"permissions": list(permissions)},
    }
    method = f"{path.split('/')[-2]}.testIamPermissions"
    return list(api.call(method, request, subject=path).permissions)


def permitted(holdings: Sequence[Holding], seen: Seen, node: Node, grants: Grants) -> list[Holding]:
    """Return the holdings, with an obstacle where the add would be refused after the remove.

    A rule and a route are never with nobody: they need no asking.
    """
    needs = [list(_needs(one, seen, node)) for one in holdings]
    if not any(needs):
        return list(holdings)
    verdict = grants.judge(need for each in needs for need in each)
    return [_judged(one, each, verdict) for one, each in zip(holdings, needs, strict=True)]


def _needs(holding: Holding, seen: Seen, node: Node) -> Iterator[Need]:
    """Yield what the add needs, where there is a remove before it."""
    own, claim = seen.interface(node.ref), holding.claim
    if own is None or holding.obstacle or holding.owner not in (Owner.PEER, Owner.STRANGER):
        return
    if isinstance(claim, PrivateIp):
        yield Need("compute.instances.updateNetworkInterface", own.machine)
        yield Need("compute.subnetworks.use", own.subnetwork)
    if isinstance(claim, PublicIp):
        yield Need("compute.instances.addAccessConfig", own.machine)
        yield Need("compute.subnetworks.useExternalIp", own.subnetwork)
        yield Need("compute.addresses.use", seen.addresses[claim.address].path)


def _judged(holding: Holding, needs: Sequence[Need], verdict: Verdict) -> Holding:
    missing = [str(need) for need in needs if need in verdict.missing]
    if missing:
        why = (
            f"the permission {' and '.join(missing)} is missing, and it would be lost on the way: "
            "grant the role of `cloudfail policy gcp` there"
        )
        return msgspec.structs.replace(holding, obstacle=why)
    unsaid = [f"{need} ({verdict.unsaid[need]})" for need in needs if need in verdict.unsaid]
    if not unsaid:
        return holding
    known = holding.facts.get("note", "")
    note = f"it could not be asked whether these credentials hold {unsaid[0]}"
    both = f"{known}; {note}" if known else note
    return msgspec.structs.replace(holding, facts={**holding.facts, "note": both})
