"""One look at Compute: what a set of claims needs, in as few calls as there are kinds of objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_address
from typing import Any

import msgspec
from cloudfail.errors import CloudfailError
from cloudfail.model import Address, Claim, ForwardingRule, Node

from cloudfail_gcp.api import Api
from cloudfail_gcp.links import name_of, path_of
from cloudfail_gcp.members import Members

# A filter with more names than this is longer than what it saves.
_MOST_NAMES = 20
Read = Callable[[], Any]
Place = tuple[str, str]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A forwarding rule. `target` is a path, "" when it forwards to a backend service."""

    path: str
    address: str
    target: str
    scheme: str = ""


class TargetInstance(msgspec.Struct, frozen=True, kw_only=True):
    """`machine` is the path of its instance; `network` a name, "" for that of nic0."""

    path: str
    machine: str
    network: str = ""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What Compute showed. `failures` says which part it did not show, and why.

    The parts are "rules PROJECT REGION", "targets PROJECT" and "peers".
    """

    rules: Mapping[tuple[str, str, str], Rule] = {}
    targets: Mapping[str, TargetInstance] = {}
    peers: Mapping[Address, str] = {}
    failures: Mapping[str, CloudfailError] = {}


def place_of(claim: ForwardingRule, node: Node) -> Place:
    """Return the claim's project and region; the node's own where it names none."""
    return (claim.project or node.facts["project"], claim.region or node.facts["region"])


class Looker:
    """Reads afresh, in parallel. Raises only when nothing could be read."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def look(self, claims: Sequence[Claim], members: Members) -> Seen:
        """Read what `claims` need; the number of calls does not grow with their number."""
        answers, failures = in_parallel(dict(self._reads(claims, members)))
        if failures and not answers:
            raise next(iter(failures.values()))
        rules: dict[tuple[str, str, str], Rule] = {}
        targets: dict[str, TargetInstance] = {}
        for part, answer in answers.items():
            if part.startswith("rules "):
                rules |= answer
            elif part.startswith("targets "):
                targets |= answer
        peers = answers.get("peers", {})
        return Seen(rules=rules, targets=targets, peers=peers, failures=failures)

    def _reads(self, claims: Sequence[Claim], members: Members) -> Iterator[tuple[str, Read]]:
        rules = [claim for claim in claims if isinstance(claim, ForwardingRule)]
        places = sorted({place_of(claim, members.node) for claim in rules})
        for place in places:
            names = sorted({c.name for c in rules if place_of(c, members.node) == place})
            yield f"rules {' '.join(place)}", partial(self._rules, place, names)
        for project in sorted({project for project, _ in places}):
            yield f"targets {project}", partial(self._targets, project)
        if members.unnamed and claims:
            yield "peers", partial(self._peers, members)

    def _rules(self, place: Place, names: Sequence[str]) -> Mapping[tuple[str, str, str], Rule]:
        project, region = place
        request = {"project": project, "region": region, **_named(names)}
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

    def _peers(self, members: Members) -> Mapping[Address, str]:
        """Find the machines with the peers' addresses, in the node's own network."""
        wanted = {peer.address for peer in members.unnamed}
        terms = [
            f'(networkInterfaces.networkIP = "{address}")' for address in sorted(map(str, wanted))
        ]
        request = {"project": members.node.facts["project"], "filter": " OR ".join(terms)}
        found: dict[Address, str] = {}
        for _, scope in self._api.pages("instances.aggregatedList", request):
            for machine in scope.instances:
                for nic in machine.network_interfaces:
                    address = ip_address(nic.network_i_p) if nic.network_i_p else None
                    here = name_of(nic.network) == members.node.facts["network"]
                    if address in wanted and here:
                        found[address] = path_of(machine.self_link)
        return found


def _named(names: Sequence[str]) -> dict[str, Any]:
    if len(names) > _MOST_NAMES:
        return {}
    return {"filter": " OR ".join(f'(name = "{name}")' for name in names)}


def in_parallel(reads: Mapping[str, Read]) -> tuple[dict[str, Any], dict[str, CloudfailError]]:
    """Do all reads at once; return what they gave, and what went wrong, by name."""
    answers: dict[str, Any] = {}
    failures: dict[str, CloudfailError] = {}
    if not reads:
        return answers, failures
    with ThreadPoolExecutor(len(reads), thread_name_prefix="look") as pool:
        asked = {name: pool.submit(read) for name, read in reads.items()}
    for name, outcome in asked.items():
        error = outcome.exception()
        if error is None:
            answers[name] = outcome.result()
        elif isinstance(error, CloudfailError):
            failures[name] = error
        else:
            raise error
    return answers, failures
