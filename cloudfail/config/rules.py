"""What no single table shows: claims against nodes, against each other, against the guard."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_network

from cloudfail.config.claims import Keyed
from cloudfail.config.model import ConfiguredNode, Instance
from cloudfail.config.nodes import is_inside, subnet_of
from cloudfail.config.problems import Problems
from cloudfail.model import Claim, Network, PrivateIp, PublicIp, Route
from cloudfail.provider import ProviderSpec


def check_claims(
    keyed: Sequence[Keyed],
    nodes: Sequence[ConfiguredNode],
    protected: Sequence[Network],
    problems: Problems,
) -> None:
    """Add what stands between these claims and these nodes."""
    for key, claim in keyed:
        _check_protected(key, claim, protected, problems)
        _check_own_address(key, claim, nodes, problems)
        if isinstance(claim, PrivateIp):
            _check_subnets(key, claim, nodes, problems)


def check_duplicates(
    instances: Mapping[str, Sequence[Keyed]], problems: Problems
) -> dict[str, list[Claim]]:
    """Return each instance's claims without repetition; add a problem for each repeated one."""
    seen: dict[str, str] = {}
    unique: dict[str, list[Claim]] = {name: [] for name in instances}
    for name, keyed in instances.items():
        for key, claim in keyed:
            first = seen.get(str(claim))
            if first is None:
                seen[str(claim)] = key
                unique[name].append(claim)
                continue
            where = "twice here" if first == key else f"already, by {first}"
            problems.add(key, f"{claim} is claimed {where}", "remove one of them")
    return unique


def check_kinds(
    keyed: Sequence[Keyed], spec: ProviderSpec, instance: str, problems: Problems
) -> None:
    """Add what this provider does not offer, or says it cannot serve."""
    offered = [(key, claim) for key, claim in keyed if claim.kind in spec.kinds]
    for key, claim in keyed:
        if claim.kind not in spec.kinds:
            kinds = ", ".join(sorted(spec.kinds))
            problems.add(
                f"{key}.kind", f'{spec.name} has no kind "{claim.kind}"', f"it offers: {kinds}"
            )
    once = {str(claim): claim for _, claim in offered}  # what is there twice has its own problem
    for sentence in spec.validate(list(once.values())):
        problems.add(f"{instance}.claim", sentence)


def check_declared_subnet(
    keyed: Sequence[Keyed],
    spec: ProviderSpec,
    nodes: Sequence[ConfiguredNode],
    problems: Problems,
) -> None:
    """Add each private address outside of the subnet that the nodes declare, if that is all of it."""
    subnets = {node.subnet for node in nodes}
    declared = subnets.pop() if len(subnets) == 1 else None
    if declared is None or spec.secondary_ranges:
        return
    for key, claim in keyed:
        if not isinstance(claim, PrivateIp) or claim.address.version != declared.version:
            continue
        if claim.address not in declared:
            problems.add(
                f"{key}.address",
                f"{claim.address} is outside {declared}, the subnet of the nodes",
                "claim an address of that subnet",
            )


def check_virtual_routers(instances: Iterable[tuple[str, Instance]], problems: Problems) -> None:
    """Keepalived refuses two instances with one VRID on one interface and family."""
    seen: dict[tuple[str, int, int], str] = {}
    for key, instance in instances:
        if not (instance.virtual_router_id and instance.nodes and instance.interface):
            continue
        family = instance.nodes[0].address.version
        first = seen.setdefault((instance.interface, instance.virtual_router_id, family), key)
        if first != key:
            problems.add(
                f"{key}.virtual_router_id",
                f"{instance.virtual_router_id} is also that of {first} on {instance.interface}",
                "every instance of an interface needs its own",
            )


def _check_protected(
    key: str, claim: Claim, protected: Sequence[Network], problems: Problems
) -> None:
    for prefix in protected:
        if _touches(claim, prefix):
            problems.add(
                key,
                f"{claim} touches {prefix}, which guard.protected forbids",
                "claim something else, or narrow guard.protected",
            )


def _touches(claim: Claim, prefix: Network) -> bool:
    match claim:
        case PrivateIp(network=network):
            return is_inside(network, prefix) or is_inside(prefix, network)
        case PublicIp(address=address):
            return address in prefix
        case Route(destination=destination):
            return is_inside(destination, prefix) or is_inside(prefix, destination)
        case _:
            return False


def _check_own_address(
    key: str, claim: Claim, nodes: Sequence[ConfiguredNode], problems: Problems
) -> None:
    """A node's own unicast address must never move: VRRP and the API calls leave from it."""
    if not isinstance(claim, PublicIp | PrivateIp):
        return
    network = claim.network if isinstance(claim, PrivateIp) else ip_network(claim.address)
    moving = {"address": network}
    if isinstance(claim, PublicIp) and claim.private_address is not None and len(nodes) > 1:
        moving["private_address"] = ip_network(claim.private_address)
    for node in nodes:
        for field, moved in moving.items():
            if node.address in moved:
                problems.add(
                    f"{key}.{field}",
                    f'{node.address} is the unicast address of node "{node.name}"',
                    "name an address that belongs to no node",
                )


def _check_subnets(
    key: str, claim: PrivateIp, nodes: Sequence[ConfiguredNode], problems: Problems
) -> None:
    if not nodes:
        return
    subnets = {subnet_of(node): node for node in nodes}
    if len(subnets) > 1:
        where = ", ".join(f"{node.name} in {subnet_of(node)}" for node in nodes)
        problems.add(
            f"{key}.address",
            f"a private address cannot move between subnets, and the nodes are in several ({where})",
            'claim a route instead; or, if they do share a subnet, say so: subnet = "..." at '
            "each node",
        )
