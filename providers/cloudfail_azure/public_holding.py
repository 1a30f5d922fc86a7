"""Public addresses: which ipConfiguration has one, and whether this node's could."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cloudfail.holdings import obstructed, taken_by
from cloudfail.model import Address, Holding, Owner, PublicIp

from cloudfail_azure.around import Around
from cloudfail_azure.egress import is_private
from cloudfail_azure.links import interface_of, key_of, name_of, same
from cloudfail_azure.look import SUBNET, Seen
from cloudfail_azure.objects import Config, Interface, PublicAddress
from cloudfail_azure.unfinished import disagreeing

_ONE_ZONE = 1


def public_holding(claim: PublicIp, own: Interface, seen: Seen, around: Around) -> Holding:
    """Say which network interface has the address. What its interface says counts most."""
    public = _find(claim, seen)
    if public is None or public.address != claim.address:
        return _not_found(claim, public, around)
    seat = _seat(claim, own)
    holder = next((n for n in seen.interfaces.values() if n.with_public_ip(public.id)), None)
    if holder is None and public.user:
        return _used_elsewhere(claim, public, seen)
    facts = _facts(public, seat, own, holder, around.kept.get(claim, {}))
    if holder is None:
        return taken_by(claim, Owner.NOBODY, "", facts, _obstacle(claim, public, own, seen, around))
    owner = around.members.owner_of(holder.id, holder.machine)
    here = holder.with_public_ip(public.id)
    if owner is Owner.MINE and (here is None or here.address != seat):
        owner = Owner.PEER  # on another ipConfiguration of this interface: it has to move
    obstacle = _obstacle(claim, public, own, seen, around)
    return taken_by(claim, owner, holder.id, facts, obstacle)


def _find(claim: PublicIp, seen: Seen) -> PublicAddress | None:
    if claim.resource_id:
        return seen.public.get(key_of(claim.resource_id))
    found = (one for one in seen.public.values() if one.address == claim.address)
    return next(found, None)


def _not_found(claim: PublicIp, public: PublicAddress | None, around: Around) -> Holding:
    facts = around.members.node.facts
    if public is not None:
        why = f"{public.id} has the address {public.address}, not this one: correct resource_id"
    elif claim.resource_id:
        why = f"there is no public IP address {claim.resource_id}"
    else:
        why = (
            f"resource group {facts['group']} has no public IP address of this value: name it by "
            "its resource_id when it is in another one"
        )
    return obstructed(claim, why, gone=public is None)


def _seat(claim: PublicIp, own: Interface) -> Address | None:
    if claim.private_address is not None:
        return claim.private_address
    config = own.first_of(claim.address.version)
    return config.address if config is not None else None


def _facts(
    public: PublicAddress,
    seat: Address | None,
    own: Interface,
    holder: Interface | None,
    kept: Mapping[str, str],
) -> dict[str, str]:
    config = own.with_address(seat) if seat is not None else None
    displaced = _displaced(config, public)
    note = f"{name_of(displaced)} gives way to it, and is left unused"
    return {
        "public_ip": public.id,
        "seat": str(seat) if seat is not None else "",
        "reference": _reference(public, holder) or kept.get("reference", ""),
        "own_public_ip": displaced,
        "own": json.dumps(own.document),
        "theirs": json.dumps(holder.document) if holder is not None else "",
        **({"note": note} if displaced else {}),
    }


def _reference(public: PublicAddress, holder: Interface | None) -> str:
    """Return what its ipConfiguration says of it: also what becomes of it when that is deleted."""
    config = holder.with_public_ip(public.id) if holder is not None else None
    return json.dumps(config.document["properties"]["publicIPAddress"]) if config else ""


def _displaced(config: Config | None, public: PublicAddress) -> str:
    if config is None or same(config.public_ip, public.id):
        return ""
    return config.public_ip


def _used_elsewhere(claim: PublicIp, public: PublicAddress, seen: Seen) -> Holding:
    """Judge by what the address itself says of its user, which no interface that was seen is."""
    nic = interface_of(public.user)
    if nic:
        return disagreeing(claim, nic, seen)
    balanced = "/loadbalancers/" in public.user.lower()
    instead = "; put the agent's responder behind that load balancer instead" if balanced else ""
    return Holding(
        claim=claim,
        owner=Owner.STRANGER,
        holder=public.user,
        obstacle=f"it is used by {public.user}, not by a network interface{instead}",
    )


def _obstacle(
    claim: PublicIp, public: PublicAddress, own: Interface, seen: Seen, around: Around
) -> str:
    """Say why this node cannot take an address: one sentence, or none."""
    return (
        _of_its_kind(public)
        or _of_its_place(public, own, around)
        or _of_its_seat(claim, own, around)
        or _of_own_egress(claim, public, own, seen, around)
    )


def _of_its_kind(public: PublicAddress) -> str:
    if public.sku != "Standard":
        return (
            f"{name_of(public.id)} is of the SKU {public.sku}; only one of the Standard SKU moves: "
            "az network public-ip update --sku Standard"
        )
    if not public.is_static:
        return f"{name_of(public.id)} is Dynamic: it would be another address after the move"
    return ""


def _of_its_place(public: PublicAddress, own: Interface, around: Around) -> str:
    if public.location.lower() != own.location.lower():
        return f"it is in {public.location}, but this node is in {own.location}"
    zone = around.members.node.facts.get("zone", "")
    if len(public.zones) == _ONE_ZONE and zone and zone not in public.zones:
        return (
            f"it is of zone {public.zones[0]}, but this node is in zone {zone}: use a zone-redundant "
            "address"
        )
    return ""


def _of_its_seat(claim: PublicIp, own: Interface, around: Around) -> str:
    seat = _seat(claim, own)
    if seat is None:
        return f"{own.id} has no IPv{claim.address.version} ipConfiguration to put it on"
    if own.with_address(seat) is None and seat not in around.brought:
        return f"{own.id} has no ipConfiguration with {seat}: correct private_address"
    return ""


def _of_own_egress(
    claim: PublicIp, public: PublicAddress, own: Interface, seen: Seen, around: Around
) -> str:
    """A primary ipConfiguration's address is the way out, and does not come back by itself."""
    seat = _seat(claim, own)
    config = own.with_address(seat) if seat is not None else None
    displaced = _displaced(config, public)
    if not displaced or config is not own.primary or around.trusts_egress:
        return ""
    if (seen.subnet is not None and seen.subnet.nat) or is_private(around.endpoint):
        return ""
    unsaid = f" ({seen.failures[SUBNET]})" if SUBNET in seen.failures else ""
    return (
        f"{own.id} reaches Azure Resource Manager by {name_of(displaced)}, which has to give way "
        "and would not come back: give its subnet a NAT gateway, put the claim on a secondary "
        "ipConfiguration by private_address, or vouch for it with [guard] own_egress = "
        f'"assured"{unsaid}'
    )
