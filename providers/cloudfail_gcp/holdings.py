"""From what Compute showed to who holds what: pure."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.holdings import obstructed, taken_by, unless_read
from cloudfail.model import (
    Claim,
    ForwardingRule,
    Holding,
    Node,
    Owner,
    PrivateIp,
    PublicIp,
    Route,
)

from cloudfail_gcp.access_configs import KEPT as KEPT_OF_PUBLIC
from cloudfail_gcp.access_configs import public_holding
from cloudfail_gcp.aliases import private_holding
from cloudfail_gcp.around import Around
from cloudfail_gcp.links import interface_id, part_of, place_of
from cloudfail_gcp.look import Seen
from cloudfail_gcp.members import Members
from cloudfail_gcp.objects import Rule, TargetInstance, network_of
from cloudfail_gcp.routes import route_facts, route_obstacle, winners

KEPT = (*KEPT_OF_PUBLIC, "tags")


def holding_of(claim: Claim, seen: Seen, around: Around) -> Holding:
    """Return who holds a claim. Raises nothing: what stands in the way becomes the obstacle."""
    members = around.members
    match claim:
        case ForwardingRule():
            project, region = place_of(claim, members.node)
            parts = [f"rules {project} {region}", f"targets {project}", "machines"]
            return unless_read(claim, seen.failures, *parts) or _rule(claim, seen, members)
        case Route():
            project = part_of(network_of(claim, members.node), "projects")
            parts = [f"routes {project}", "machines"]
            return unless_read(claim, seen.failures, *parts) or _route(claim, seen, around)
        case PrivateIp():
            return unless_read(claim, seen.failures, "machines") or private_holding(
                claim, seen, around
            )
        case PublicIp():
            parts = ["machines", "addresses"]
            return unless_read(claim, seen.failures, *parts) or public_holding(claim, seen, around)
        case _:
            return obstructed(claim, f"Google Cloud has no {claim.kind}")


def facts_to_keep(holding: Holding) -> Mapping[str, str]:
    """Return what is to be known of a claim once nobody has it; nothing when nobody has."""
    if not holding.holder or not isinstance(holding.claim, PublicIp | Route):
        return {}
    return {name: holding.facts[name] for name in KEPT if name in holding.facts}


def own_target(seen: Seen, node: Node, project: str) -> TargetInstance | None:
    """Return the target instance that leads to this node's interface.

    Reference, TargetInstance.network: "If not specified, the traffic will be forwarded to the
    network that the default network interface belongs to."
    """
    for path in sorted(seen.targets):
        target = seen.targets[path]
        if part_of(path, "projects") != project or target.machine != node.facts["instance"]:
            continue
        by_default = not target.network and node.facts["nic"] == "nic0"
        if by_default or target.network == node.facts["network"]:
            return target
    return None


def _rule(claim: ForwardingRule, seen: Seen, members: Members) -> Holding:
    node = members.node
    project, region = place_of(claim, node)
    rule = seen.rules.get((project, region, claim.name))
    if rule is None:
        why = f"no forwarding rule {claim.name} in {region} of {project}"
        return obstructed(claim, why, gone=True)
    own = own_target(seen, node, project)
    facts = {"rule": rule.path, "address": rule.address, "target": own.path if own else ""}
    obstacle = _obstacle(rule, own, region, node)
    target = seen.targets.get(rule.target)
    if target is None:
        # A rule whose target instance is gone forwards to nobody; another target is somebody's.
        gone = "/targetInstances/" in rule.target
        owner = Owner.NOBODY if gone else Owner.STRANGER
        return taken_by(claim, owner, "" if gone else rule.target, facts, obstacle)
    owner = members.owner_of(target.machine)
    if target.machine in seen.gone:
        return taken_by(claim, Owner.NOBODY, "", facts, obstacle)
    if owner is Owner.STRANGER and (unsaid := unless_read(claim, seen.failures, "holders")):
        return unsaid
    if owner is Owner.MINE and (own is None or target.path != own.path):
        owner = Owner.PEER  # it leads to another interface of this machine: it has to move
    holder = interface_id(target.machine, "nic0") if owner is not Owner.MINE else node.ref
    return taken_by(claim, owner, holder, facts, obstacle)


def _obstacle(rule: Rule, own: TargetInstance | None, region: str, node: Node) -> str:
    if "/targetInstances/" not in rule.target:
        what = rule.target or "a backend service"
        return (
            f"it forwards to {what}, not to a target instance: only protocol forwarding can be "
            "pointed at a machine in one call"
        )
    if region != node.facts["region"]:
        return f"it is in {region}, but this node is in {node.facts['region']}"
    if own is None:
        name, zone = part_of(node.facts["instance"], "instances"), node.facts["zone"]
        return (
            f"there is no target instance for {node.ref}; create it once: gcloud compute "
            f"target-instances create {name} --instance {name} --zone {zone}"
        )
    return ""


def _route(claim: Route, seen: Seen, around: Around) -> Holding:
    """Say whose the next hops are that win: those of the lowest number."""
    members = around.members
    node = members.node
    network = network_of(claim, node)
    known = [r for r in seen.routes if (r.network, r.destination) == (network, claim.destination)]
    best = winners(known)
    facts = route_facts(claim, known, seen, around)
    machines = {route.machine for route in best}
    owners = {members.owner_of(machine) for machine in machines}
    obstacle = route_obstacle(claim, known, seen, around)
    if not machines:
        return taken_by(claim, Owner.NOBODY, "", facts, obstacle)
    if owners == {Owner.MINE}:
        return taken_by(claim, Owner.MINE, node.ref, facts, "")
    owner = Owner.STRANGER if Owner.STRANGER in owners else Owner.PEER
    theirs = sorted(m for m in machines if members.owner_of(m) is not Owner.MINE)
    return taken_by(claim, owner, interface_id(theirs[0], "nic0"), facts, obstacle)
