"""One instance of all files as a table of cloudfail.toml."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

from msgspec import Struct

from cloudfail.config.claim_tables import MovedTable
from cloudfail.config.file import InstanceTable, NodeTable
from cloudfail.config.vrrp.tables import (
    AuthenticationTable,
    HookTable,
    TrackTable,
    VirtualAddressTable,
)
from cloudfail.keepalived.importer.authentication import DIRECTORY, Secret, say_of
from cloudfail.keepalived.importer.claims import brought_by
from cloudfail.keepalived.importer.joined import Joined, Member
from cloudfail.keepalived.importer.preempting import preempting
from cloudfail.keepalived.importer.seats import Seat
from cloudfail.keepalived.importer.section import Found, merged

Addresses = tuple[VirtualAddressTable, ...]
# What a node has of its own, or what the toml says in other words.
APART = frozenset(
    {"state", "nopreempt", "preempt", "preempt_delay", "interface", "priority", "address"}
    | {"mcast_src_ip", "version", "check_unicast_src", "higher_prio_send_advert"}
)
_SLOWEST_V3 = 40.95
_AS_THEY_ARE = ("virtual_router_id", "unicast_ttl")
_TRACKS = ("track_script", "track_interface", "track_file", "track_process")


class Facts(Struct, frozen=True, kw_only=True):
    """What all files say of an instance, and what was made of its scripts."""

    joined: Joined
    seats: Sequence[Seat]
    values: Mapping[str, Found]
    version: int
    smtp_alert: bool
    include: str = ""

    def get(self, key: str, default: Any = None) -> Any:
        found = self.values.get(key)
        return default if found is None else found.value

    @property
    def is_generated(self) -> bool:
        return self.joined.first.node.source.is_generated

    @property
    def interface(self) -> str:
        text: str = self.joined.first.instance.section.get("interface", "eth0")
        return text


def values_of(joined: Joined) -> dict[str, Found]:
    members = joined.members
    sections = [member.instance.section for member in members]
    return merged(sections, [member.node.name for member in members], APART)


def instance_table(
    facts: Facts,
    claims: Sequence[MovedTable],
    hooks: Sequence[HookTable],
    provider: str,
) -> tuple[InstanceTable, Secret | None]:
    """Return the table, and the secret that belongs into its secret_file."""
    authentication, secret = _authentication(facts)
    excluded = facts.get("virtual_ipaddress_excluded", ())
    table = InstanceTable(
        provider=provider,
        interface=facts.interface,
        node=tuple(_node(seat, facts) for seat in facts.seats),
        claim=tuple(claims),
        hook=tuple(hooks),
        advert_int=_advert_int(facts),
        unicast_fault_no_peer=facts.get("unicast_fault_no_peer", not facts.is_generated),
        use_vmac=facts.get("use_vmac", False),
        smtp_alert=facts.get("smtp_alert", facts.smtp_alert),
        include=facts.include,
        virtual_ipaddress=_advertised(facts, claims),
        virtual_ipaddress_excluded=_short(excluded),
        authentication=authentication,
        **preempting(facts.joined, facts.seats),
        **{key: facts.get(key) for key in _AS_THEY_ARE if key in facts.values},
        **{key: _names(facts.get(key, ())) for key in _TRACKS},
    )
    return table, secret


def _node(seat: Seat, facts: Facts) -> NodeTable:
    device, router_id = "", ""
    if seat.member is not None:
        written = seat.member.instance.section.get("interface", "eth0")
        device = "" if written == facts.interface else written
        router_id = seat.member.node.router_id
    return NodeTable(
        name=seat.name,
        address=str(seat.address),
        priority=seat.priority or 1,
        interface_id=seat.interface_id,
        interface=device,
        router_id=router_id,
    )


def _short(addresses: Addresses) -> tuple[str | VirtualAddressTable, ...]:
    return tuple(one if one.dev or one.label else one.address for one in addresses)


def _names(tracked: Sequence[TrackTable]) -> Any:
    return tuple(one if one.weight is not None else one.name for one in tracked)


def _advertised(
    facts: Facts, claims: Sequence[MovedTable]
) -> tuple[str | VirtualAddressTable, ...] | None:
    """None where the claims bring the very same addresses: then the generator derives them."""
    addresses: Addresses = facts.get("virtual_ipaddress", ())
    plain = all(not one.dev and not one.label for one in addresses)
    if plain and tuple(one.address for one in addresses) == brought_by(claims):
        return None
    return _short(addresses)


def _advert_int(facts: Facts) -> float:
    """Keepalived rounds to what the version can say (measured with 2.2.7)."""
    found = facts.values.get("advert_int")
    if found is None:
        return 1.0
    seconds: float = found.value
    if facts.version == 2:  # noqa: PLR2004 - VRRP's version
        kept = max(1.0, float(floor(seconds + 0.5)))
    else:
        kept = min(max(round(seconds, 2), 0.01), _SLOWEST_V3)
    if kept != seconds:
        ledger = facts.joined.first.node.ledger
        why = f"{kept:g} s, to which keepalived rounds it in version {facts.version}"
        ledger.change(found.statement, why)
    return kept


def _authentication(facts: Facts) -> tuple[AuthenticationTable, Secret | None]:
    """Version 3 has none: keepalived ignores it there."""
    found = facts.values.get("authentication")
    if found is None:
        return AuthenticationTable(), None
    if found.value.type == "hmac":
        return AuthenticationTable(type="hmac", secret_file=found.value.file), None
    ledger = facts.joined.first.node.ledger
    is_ipv6 = any(":" in str(seat.address) for seat in facts.seats)
    if facts.version != 2 or (is_ipv6 and found.value.type == "AH"):  # noqa: PLR2004
        for member in _with_authentication(facts):
            block = member.instance.section.found["authentication"].statement
            why = f"keepalived ignores it in VRRP version {facts.version}; prefer type hmac"
            member.node.ledger.leave_out(block, why)
        return AuthenticationTable(), None
    for member in _with_authentication(facts):
        say_of(member.instance.section.found["authentication"], member.node.ledger)
    problem = found.value.secret.problem
    if problem:
        ledger.miss(found.statement.place, "a secret that the generator takes", problem)
    path = f"{DIRECTORY}/{facts.joined.name}.secret"
    return AuthenticationTable(type=found.value.type, secret_file=path), found.value.secret


def _with_authentication(facts: Facts) -> list[Member]:
    return [
        member
        for member in facts.joined.members
        if "authentication" in member.instance.section.found
    ]
