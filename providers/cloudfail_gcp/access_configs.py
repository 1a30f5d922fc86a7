"""Public addresses: access configs of network interfaces, deleted on one and added to another.

An interface has at most one, so this node's own goes first; then the holder's, then ours is added.
What only the holder's says (name, PTR record) is kept by each node from every look that shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cloudfail.model import Address, Holding, Node, Owner, PublicIp, Step

from cloudfail_gcp.aliases import place_of
from cloudfail_gcp.around import Around
from cloudfail_gcp.interfaces import AccessConfig, Interface, Reserved
from cloudfail_gcp.look import Seen

ADD, DELETE = "instances.addAccessConfig", "instances.deleteAccessConfig"
# What a holding keeps of an access config for whoever adds it again.
KEPT = ("name", "ptr")


def telling_name(address: str) -> str:
    """Return the name that only a config with this address has: it can be deleted unseen."""
    return f"cf-{address.replace('.', '-')}"


def public_holding(claim: PublicIp, seen: Seen, around: Around) -> Holding:
    """Say which interface has an access config with the address."""
    node, own = around.members.node, seen.interface(around.members.node.ref)
    reserved = seen.addresses.get(claim.address)
    if own is None:
        return Holding(claim=claim, owner=Owner.UNKNOWN)
    if reserved is None:
        return _not_reserved(claim, node)
    holder = _holder_of(claim.address, seen)
    config = holder.config if holder is not None else None
    facts = {**_facts(claim, config, reserved, around.kept.get(claim, {})), **_own_facts(own)}
    if holder is own:
        return Holding(claim=claim, owner=Owner.MINE, holder=own.ref, facts=facts)
    obstacle = _obstacle(own, seen, around)
    if holder is not None:
        owner = around.members.owner_of(holder.machine)
        # Another interface of this machine has it: it has to move.
        owner = Owner.PEER if owner is Owner.MINE else owner
        return Holding(claim=claim, owner=owner, holder=holder.ref, obstacle=obstacle, facts=facts)
    if not reserved.users:
        return Holding(claim=claim, owner=Owner.NOBODY, obstacle=obstacle, facts=facts)
    return _used_elsewhere(claim, reserved.users)


def public_steps(holdings: Sequence[Holding], node: Node, first: int) -> Iterator[Step]:
    """Yield the removes and the add of each, from stage `first` on."""
    for holding in holdings:
        stage = first
        if holding.facts["own_name"]:
            yield _delete_own(holding, node, stage)
            stage += 1
        if holding.holder:
            yield _delete_theirs(holding, stage)
            stage += 1
        yield _add(holding, node, stage)


def _delete_own(holding: Holding, node: Node, stage: int) -> Step:
    name, address = holding.facts["own_name"], holding.facts["own_address"]
    return Step(
        call=DELETE,
        claims=(holding.claim,),
        params={**place_of(node.ref), "accessConfig": name},
        summary=(
            f"take {address or 'the access config'} off {node.ref}, which can have one external "
            "address: an ephemeral one goes back to Google"
        ),
        stage=stage,
        conditions={"natIP": address},
        destroys={"holder": node.ref, "name": name, "natIP": address},
    )


def _delete_theirs(holding: Holding, stage: int) -> Step:
    kept = {name: holding.facts[name] for name in (*KEPT, "tier", "policy")}
    return Step(
        call=DELETE,
        claims=(holding.claim,),
        params={**place_of(holding.holder), "accessConfig": holding.facts["name"]},
        summary=f"take {holding.claim.target} off {holding.holder}",
        stage=stage,
        conditions={"natIP": holding.claim.target},
        destroys={"holder": holding.holder, "natIP": holding.claim.target, **kept},
        releases=True,
    )


def _add(holding: Holding, node: Node, stage: int) -> Step:
    facts = holding.facts
    ptr = {"setPublicPtr": True, "publicPtrDomainName": facts["ptr"]} if facts["ptr"] else {}
    return Step(
        call=ADD,
        claims=(holding.claim,),
        params={
            **place_of(node.ref),
            "name": facts["name"],
            "natIP": holding.claim.target,
            "networkTier": facts["tier"],
            **ptr,
        },
        summary=f"put {holding.claim.target} on {node.ref}",
        stage=stage,
        completes=bool(holding.holder),
    )


def _holder_of(address: Address, seen: Seen) -> Interface | None:
    for nic in seen.interfaces:
        if nic.config is not None and nic.config.address == address:
            return nic
    return None


def _facts(
    claim: PublicIp, config: AccessConfig | None, reserved: Reserved, kept: Mapping[str, str]
) -> dict[str, str]:
    facts = {"tier": reserved.tier}
    if config is None:
        note = "" if kept else _UNKNOWN_FACTS
        default = {"name": telling_name(claim.target), "ptr": ""}
        return {**facts, **default, **kept, **({"note": note} if note else {})}
    facts |= {"name": config.name, "ptr": config.ptr, "policy": config.policy}
    return {**facts, **({"note": _POLICY.format(config.policy)} if config.policy else {})}


_UNKNOWN_FACTS = (
    "this node never saw who had it: it gets an access config named after the address, without a "
    "PTR record"
)
_POLICY = (
    "its security policy {} does not come along, as Compute takes it in a call of its own: set it "
)
_POLICY += "again with `gcloud compute instances network-interfaces update --security-policy`"


def _own_facts(own: Interface) -> dict[str, str]:
    if own.config is None:
        return {"own_name": "", "own_address": ""}
    return {"own_name": own.config.name, "own_address": str(own.config.address or "")}


def _obstacle(own: Interface, seen: Seen, around: Around) -> str:
    """Say why this node cannot take an address: one sentence, or none."""
    if own.config is None:
        return ""
    reserved = seen.addresses.get(own.config.address) if own.config.address else None
    if reserved is not None:
        return (
            f"{own.ref} has {own.config.address}, which is reserved, and an interface has one "
            f"external address: take it off once (gcloud compute instances delete-access-config "
            f'--access-config-name "{own.config.name}")'
        )
    if around.trusts_egress or seen.reach.is_inside or own.name != "nic0" or seen.translates:
        return ""
    if seen.subnet is not None and seen.subnet.reaches_google:
        return ""
    unsaid = next((str(seen.failures[p]) for p in ("subnet", "nat") if p in seen.failures), "")
    return (
        f"{own.ref} reaches the Compute API by {own.config.address or 'its access config'}, which "
        "has to go first: turn on Private Google Access of its subnetwork (Private Service Connect "
        "needs it, too), give it Cloud NAT, or vouch for it with [guard] own_egress = "
        f'"assured"{f" ({unsaid})" if unsaid else ""}'
    )


def _not_reserved(claim: PublicIp, node: Node) -> Holding:
    region = node.facts["region"]
    return Holding(
        claim=claim,
        owner=Owner.UNKNOWN,
        obstacle=(
            f"no external address {claim.address} is reserved in {region} of "
            f"{node.facts['project']}, and an ephemeral one would be lost by a move: gcloud compute "
            f"addresses create NAME --addresses {claim.address} --region {region}"
        ),
        facts={"missing": "yes"},
    )


def _used_elsewhere(claim: PublicIp, users: Sequence[str]) -> Holding:
    """Judge by what the address itself says of its users, which are no interface that was seen."""
    others = [user for user in users if "/instances/" not in user]
    if not others:
        return Holding(claim=claim, owner=Owner.UNKNOWN)  # one of the two looks is an older one
    rule = "; claim it as a forwarding-rule" if "/forwardingRules/" in others[0] else ""
    return Holding(
        claim=claim,
        owner=Owner.STRANGER,
        holder=others[0],
        obstacle=f"it is used by {others[0]}, not by a network interface{rule}",
    )
