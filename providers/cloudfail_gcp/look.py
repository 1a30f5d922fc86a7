"""One look at Compute: what a set of claims needs, in as few calls as there are kinds of objects."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from typing import Any

import msgspec
from cloudfail.errors import CloudfailError
from cloudfail.model import Address, Claim, ForwardingRule, Node, Owner, PrivateIp, PublicIp, Route
from cloudfail.parallel import Read, in_parallel

from cloudfail_gcp.api import Api
from cloudfail_gcp.egress import Reach, Resolver, caught
from cloudfail_gcp.instances import Field, Machines, filtered, read_gone, read_machines
from cloudfail_gcp.interfaces import Interface, Reserved, Subnet
from cloudfail_gcp.links import Place, name_of, part_of, path_of, place_of
from cloudfail_gcp.members import Members
from cloudfail_gcp.nat import read_nat, read_subnet
from cloudfail_gcp.objects import NetworkRoute, Rule, TargetInstance, network_of
from cloudfail_gcp.under_way import OPERATIONS, Running, reads_of_operations

# Parts that Compute is not asked for.
_OWN = ("reach",)


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What Compute showed. `failures` says which part it did not show, and why.

    The parts are "rules PROJECT REGION", "targets PROJECT", "routes PROJECT", "addresses",
    "machines", "holders", "subnet" and "nat". `subnet` is that of this node's interface; `translates` says
    whether Cloud NAT serves it, None where nobody asked. `forwards` says whether this node's
    machine may forward packets, None where nobody asked; `tags` are that machine's. `reach` is the way to the API, where
    a claim may be on it, and `ways` all routes where one is. `running` are operations under way, by
    scope and target; where they could not be read there are none. `gone` are machines that rules
    lead to though they no longer exist.
    """

    rules: Mapping[tuple[str, str, str], Rule] = {}
    targets: Mapping[str, TargetInstance] = {}
    routes: tuple[NetworkRoute, ...] = ()
    peers: Mapping[Address, str] = {}
    forwards: bool | None = None
    tags: tuple[str, ...] = ()
    reach: Reach = Reach()
    ways: tuple[NetworkRoute, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    addresses: Mapping[Address, Reserved] = {}
    subnet: Subnet | None = None
    translates: bool | None = None
    running: Mapping[str, Running] = {}
    gone: frozenset[str] = frozenset()
    failures: Mapping[str, CloudfailError] = {}

    def interface(self, ref: str) -> Interface | None:
        return next((nic for nic in self.interfaces if nic.ref == ref), None)

    def networks_of(self, machine: str) -> frozenset[str]:
        """Return the paths of the networks that a machine has interfaces in, as far as seen."""
        return frozenset(nic.network for nic in self.interfaces if nic.machine == machine)


class Looker:
    """Reads afresh, in parallel. Raises only when nothing could be read."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._resolver = Resolver(api.endpoint)

    def look(self, claims: Sequence[Claim], members: Members) -> Seen:
        """Read what `claims` need; the number of calls does not grow with their number."""
        answers, failures = in_parallel(dict(self._reads(claims, members)))
        if failures and all(part.startswith((OPERATIONS, *_OWN)) for part in answers):
            raise next(iter(failures.values()))
        machines = answers.get("machines", Machines())
        # These calls needed the same name: it may have come while they waited for it.
        reach = self._resolver.known if "reach" in answers else Reach()
        unknown = _strangers(answers, members, machines)
        reads = {**dict(self._around(claims, members, machines, reach)), **self._holders(unknown)}
        around, unsaid = in_parallel(reads)
        failures |= unsaid
        running = {**answers, **around}.items()
        return Seen(
            rules=_joined(answers, "rules "),
            targets=_joined(answers, "targets "),
            routes=tuple(_joined(answers, "routes ").values()),
            peers=machines.peers,
            forwards=machines.forwards,
            tags=machines.tags,
            reach=reach,
            ways=tuple(_joined(around, "routes ").values()),
            interfaces=machines.interfaces,
            addresses=answers.get("addresses", {}),
            subnet=around.get("subnet"),
            translates=around.get("nat"),
            running={part: found for part, found in running if part.startswith(OPERATIONS)},
            gone=around.get("holders", frozenset()),
            failures=failures,
        )

    def _reads(self, claims: Sequence[Claim], members: Members) -> Iterator[tuple[str, Read]]:
        node = members.node
        rules = [claim for claim in claims if isinstance(claim, ForwardingRule)]
        routes = [claim for claim in claims if isinstance(claim, Route)]
        places = sorted({place_of(claim, node) for claim in rules})
        for place in places:
            names = sorted({claim.name for claim in rules if place_of(claim, node) == place})
            yield f"rules {' '.join(place)}", partial(self._rules, place, names)
        for project in sorted({project for project, _ in places}):
            yield f"targets {project}", partial(self._targets, project)
        projects = {part_of(network_of(claim, node), "projects") for claim in routes}
        for project in sorted(projects):
            wanted = sorted({str(claim.destination) for claim in routes})
            yield f"routes {project}", partial(self._routes, project, wanted)
        if any(isinstance(claim, PublicIp) for claim in claims):
            yield "addresses", partial(self._addresses, node)
        if (members.unnamed and claims) or routes or carried(claims):
            yield "machines", partial(read_machines, self._api, members, carried(claims))
        if any(isinstance(claim, PublicIp | Route) for claim in claims):
            yield "reach", self._resolver.reach
        yield from reads_of_operations(self._api, [*rules, *routes], node)

    def _around(
        self, claims: Sequence[Claim], members: Members, machines: Machines, reach: Reach
    ) -> Iterator[tuple[str, Read]]:
        """Read what only the interfaces tell where to look for."""
        zones = {part_of(nic.ref, "zones") for nic in machines.interfaces}
        yield from reads_of_operations(self._api, _of_interfaces(claims), members.node, zones)
        for claim in claims:
            if isinstance(claim, Route) and caught(claim.destination, reach):
                # Of the same name as the first read of them: without either nothing is known.
                project = part_of(network_of(claim, members.node), "projects")
                yield f"routes {project}", partial(self._routes, project, ())
        own = next((nic for nic in machines.interfaces if nic.ref == members.node.ref), None)
        if own is None or not carried(claims):
            return
        yield "subnet", partial(read_subnet, self._api, own.subnetwork)
        is_public = any(isinstance(claim, PublicIp) for claim in claims)
        if is_public and own.config is not None and not reach.is_inside:
            yield "nat", partial(read_nat, self._api, own)

    def _holders(self, machines: Collection[str]) -> Mapping[str, Read]:
        """Read whether these are still there: a target instance outlives its machine."""
        return {"holders": partial(read_gone, self._api, machines)} if machines else {}

    def _rules(self, place: Place, names: Sequence[str]) -> Mapping[tuple[str, str, str], Rule]:
        project, region = place
        request = {"project": project, "region": region, **_named("name", names)}
        found = self._api.pages("forwardingRules.list", request)
        return {
            (project, region, item.name): Rule(
                path=path_of(item.self_link),
                address=item.I_p_address,
                target=path_of(item.target),
                scheme=item.load_balancing_scheme,
            )
            for item in found
        }

    def _targets(self, project: str) -> Mapping[str, TargetInstance]:
        scopes = self._api.pages("targetInstances.aggregatedList", {"project": project})
        found = [item for _, scope in scopes for item in scope.target_instances]
        return {
            path_of(item.self_link): TargetInstance(
                path=path_of(item.self_link),
                machine=path_of(item.instance),
                network=name_of(item.network),
            )
            for item in found
        }

    def _routes(self, project: str, destinations: Sequence[str]) -> Mapping[str, NetworkRoute]:
        request = {"project": project, **_named("destRange", destinations)}
        found = [NetworkRoute.read(item) for item in self._api.pages("routes.list", request)]
        return {route.path: route for route in found}

    def _addresses(self, node: Node) -> Mapping[Address, Reserved]:
        """Find all that are reserved in the node's region: also its own one may be."""
        request = {"project": node.facts["project"], "region": node.facts["region"]}
        return {
            ip_address(item.address): Reserved(
                path=path_of(item.self_link),
                tier=item.network_tier or "PREMIUM",
                users=tuple(path_of(user) for user in item.users),
            )
            for item in self._api.pages("addresses.list", request)
            if item.address_type != "INTERNAL" and item.address
        }


def _joined(answers: Mapping[str, Any], prefix: str) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for part, answer in answers.items():
        if part.startswith(prefix):
            found |= answer
    return found


def _strangers(answers: Mapping[str, Any], members: Members, machines: Machines) -> set[str]:
    """Return the machines that rules lead to and that are none of the nodes', as far as seen."""
    targets = _joined(answers, "targets ")
    led_to = {
        targets[rule.target].machine
        for rule in _joined(answers, "rules ").values()
        if rule.target in targets
    }
    known = members.seen(machines.peers)
    return {machine for machine in led_to if known.owner_of(machine) is Owner.STRANGER}


def _of_interfaces(claims: Sequence[Claim]) -> list[Claim]:
    return [claim for claim in claims if isinstance(claim, PrivateIp | PublicIp)]


def carried(claims: Sequence[Claim]) -> list[Field]:
    """Return the fields of instances by which the holders of these claims are found."""
    found: list[Field] = []
    for claim in claims:
        if isinstance(claim, PublicIp):
            found.append(("networkInterfaces.accessConfigs.natIP", claim.target))
        if isinstance(claim, PrivateIp):
            found.append(("networkInterfaces.aliasIpRanges.ipCidrRange", str(claim.network)))
            found.append(("networkInterfaces.networkIP", str(claim.address)))
    return found


def _named(field: str, names: Sequence[str]) -> dict[str, Any]:
    return filtered([(field, name) for name in names])
