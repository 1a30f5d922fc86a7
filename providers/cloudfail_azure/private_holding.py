"""Private addresses: secondary ipConfigurations of network interfaces of one subnet."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cloudfail.errors import CloudfailError
from cloudfail.holdings import taken_by, unread
from cloudfail.model import Address, Holding, Network, Owner, PrivateIp

from cloudfail_azure.around import Around
from cloudfail_azure.links import interface_of, key_of, name_of, same
from cloudfail_azure.look import NICS, PUBLIC, SUBNET, Seen, parts_of
from cloudfail_azure.nics import aligned, groups_of, public_ip_of
from cloudfail_azure.objects import Config, Document, Interface, Subnet
from cloudfail_azure.unfinished import disagreeing, is_undone, reason_of

# azure-resource-manager/management/azure-subscription-service-limits.
_MOST_CONFIGS = 256
# virtual-network/virtual-networks-faq: the first four addresses of a subnet, and the last.
_RESERVED_FIRST = 4
_IPV6 = 6


def private_holding(claim: PrivateIp, own: Interface, seen: Seen, around: Around) -> Holding:
    """Say which network interface of this node's virtual network has the address."""
    holder = _holder(claim.address, own, seen)
    config = holder.with_address(claim.address) if holder is not None else None
    kept = around.kept.get(claim, {})
    facts = _facts(own, holder, config, kept, seen)
    if holder is not None:
        owner = around.members.owner_of(holder.id, holder.machine)
        obstacle = _obstacle(claim.address, own, holder, seen.subnet) or _full(claim, own, around)
        return taken_by(claim, owner, holder.id, facts, obstacle)
    elsewhere = _tenant(claim.address, seen)
    if elsewhere:
        return _used_elsewhere(claim, elsewhere, seen)
    failure = _unsaid(seen)
    if failure is not None:
        return unread(claim, failure)
    obstacle = _obstacle(claim.address, own, None, seen.subnet) or _full(claim, own, around)
    return taken_by(claim, Owner.NOBODY, "", facts, obstacle)


def _holder(address: Address, own: Interface, seen: Seen) -> Interface | None:
    nearby = (nic for nic in seen.interfaces.values() if same(nic.network, own.network))
    return next((nic for nic in nearby if nic.with_address(address)), None)


def _tenant(address: Address, seen: Seen) -> str:
    """Return the id of what the subnet shows with the address; "" for nothing."""
    tenants = seen.subnet.tenants if seen.subnet is not None else ()
    return next((tenant.id for tenant in tenants if tenant.address == address), "")


def _used_elsewhere(claim: PrivateIp, user: str, seen: Seen) -> Holding:
    nic = interface_of(user)
    if nic:
        return disagreeing(claim, nic, seen)
    return Holding(
        claim=claim,
        owner=Owner.STRANGER,
        holder=user,
        obstacle=f"it is used by {user}, not by a network interface",
    )


def _unsaid(seen: Seen) -> CloudfailError | None:
    """Return why it is not certain that nobody has an address."""
    return next(
        (error for part, error in seen.failures.items() if part.startswith((NICS, SUBNET))),
        None,
    )


def _facts(
    own: Interface,
    holder: Interface | None,
    config: Config | None,
    kept: Mapping[str, str],
    seen: Seen,
) -> dict[str, str]:
    known, gone = (json.dumps(config.document), "") if config else _remembered(kept, seen)
    differs = _groups_differ(json.loads(known), own) if known else _NEVER_SEEN
    left = _left_behind(json.loads(known), own, seen) if known and not config else ""
    note = "; ".join(text for text in (gone, differs, left) if text)
    return {
        "subnet": own.subnet,
        "config": known,
        "own": json.dumps(own.document),
        "theirs": json.dumps(holder.document) if holder is not None else "",
        **({"note": note} if note else {}),
    }


def public_ip_kept(kept: Mapping[str, str]) -> str:
    """Return the id of the public address that a private one last had; "" for none."""
    return public_ip_of(json.loads(kept["config"])) if kept.get("config") else ""


def _remembered(kept: Mapping[str, str], seen: Seen) -> tuple[str, str]:
    """Return the ipConfiguration that nobody has now, and what of it cannot come back.

    A public address that was given away since would be refused, and the private one with it. One
    that could not be read is put back: Azure says whether it may.
    """
    public = public_ip_kept(kept)
    gone = _given_away(public, seen) if public else ""
    if not gone:
        return kept.get("config", ""), ""
    config = json.loads(kept["config"])
    config["properties"].pop("publicIPAddress")
    return json.dumps(config), gone


def _given_away(public: str, seen: Seen) -> str:
    """Say what became of a public address that may not be taken along; "" when it may."""
    if any(part in seen.failures for part in parts_of(PUBLIC, public)):
        return ""
    found = seen.public.get(key_of(public))
    if found is None:
        return f"{name_of(public)}, the public address that it had, no longer exists"
    nic = seen.interface(interface_of(found.user)) if found.user else None
    if not found.user or (nic is not None and nic.with_public_ip(public) is None):
        return ""  # free, or being taken off
    return f"{name_of(public)}, the public address that it had, is used by {found.user} by now"


def _left_behind(config: Document, own: Interface, seen: Seen) -> str:
    """Say where the address may still be though nothing shows it: a detach that Azure failed."""
    nic = seen.interface(interface_of(str(config.get("id", ""))))
    if nic is None or same(nic.id, own.id) or not is_undone(nic.document):
        return ""
    return f"Azure may keep it on the interface that it came off: {reason_of(nic.id, nic.document)}"


def _groups_differ(config: Document, own: Interface) -> str:
    """Say which application security groups it leaves: an interface's addresses share theirs."""
    left = groups_of(config) - groups_of(aligned(config, own.document))
    if not left:
        return ""
    return (
        f"it leaves {', '.join(sorted(map(name_of, left)))}: all addresses of a network interface "
        f"are in the same application security groups; put those of {own.id} in them, too"
    )


_NEVER_SEEN = (
    "this node never saw who had it: it gets an ipConfiguration of its own, without a public "
    "address, security groups or pools"
)


def _obstacle(
    address: Address, own: Interface, holder: Interface | None, subnet: Subnet | None
) -> str:
    """Say why this node cannot take an address: one sentence, or none."""
    theirs = holder.with_address(address) if holder is not None else None
    if holder is not None and theirs is not None and theirs is holder.primary:
        return f"it is the primary address of {holder.id}, which never moves"
    if subnet is not None and (why := _outside(address, own, subnet)):
        return why
    if address.version == _IPV6 and any(one.version == _IPV6 for one in own.addresses):
        return (
            f"{own.id} has an IPv6 address already, and a network interface has one at most: use "
            "a route instead"
        )
    return ""


def _full(claim: PrivateIp, own: Interface, around: Around) -> str:
    """Say that it does not fit any more, when what is claimed before it has come."""
    coming = [
        one
        for one in around.kept
        if isinstance(one, PrivateIp) and one.address not in own.addresses
    ]
    if claim not in coming or len(own.configs) + coming.index(claim) < _MOST_CONFIGS:
        return ""
    return (
        f"{own.id} has {len(own.configs)} ipConfigurations, and {len(coming)} are to come: a network "
        f"interface has {_MOST_CONFIGS} at most"
    )


def _outside(address: Address, own: Interface, subnet: Subnet) -> str:
    prefix = next((one for one in subnet.prefixes if address in one), None)
    if prefix is None:
        prefixes = ", ".join(map(str, subnet.prefixes))
        return (
            f"it is outside of {name_of(subnet.id)} ({prefixes}), the subnet of {own.id}, and an "
            "address stays in its subnet: use a route instead"
        )
    if _is_reserved(address, prefix):
        return f"Azure keeps {address} of {prefix} for itself: choose another one"
    return ""


def _is_reserved(address: Address, prefix: Network) -> bool:
    number = int(address) - int(prefix.network_address)
    last = address.version != _IPV6 and number == prefix.num_addresses - 1
    return number < _RESERVED_FIRST or last
