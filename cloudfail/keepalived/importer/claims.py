"""What the master must own: what the old script moved, else the virtual addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network

from msgspec import Struct
from msgspec.structs import replace

from cloudfail.config.claim_tables import MovedTable, PrivateIpTable, PublicIpTable, RouteTable
from cloudfail.config.vrrp.tables import VirtualAddressTable
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.seats import Seat
from cloudfail.keepalived.syntax import Place

Addresses = tuple[VirtualAddressTable, ...]
_OFFERED = (
    "offered as a private-ip; it may be a route, or the private_address of a public-ip: correct the "
    "kind, and the cloud has to know it"
)


class Claimed(Struct, frozen=True):
    """`comment` has lines for what is offered, and cannot stand as it is."""

    claims: tuple[MovedTable, ...] = ()
    comment: tuple[str, ...] = ()
    is_offered: bool = False


class Choice:
    """Claims of all instances: each object has one claim."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of_script(
        self, found: Sequence[MovedTable], seats: Sequence[Seat], place: Place, ledger: Ledger
    ) -> Claimed:
        own = {str(seat.address) for seat in seats}
        good: list[MovedTable] = []
        for claim in found:
            kept, why = _without_own(claim, own)
            refused = self._refusal(claim, seats) or _crowded(kept, good)
            if why or refused:
                ledger.miss(place, f"the claim of {_name(claim)}", why or refused)
            if kept is not None and not refused:
                self._taken.add(_name(claim))
                good.append(kept)
        return Claimed(tuple(good))

    def offered(
        self, addresses: Addresses, seats: Sequence[Seat], place: Place, ledger: Ledger
    ) -> Claimed:
        good: list[PrivateIpTable] = []
        comment: list[str] = []
        for one in addresses:
            claim = PrivateIpTable(address=one.address)
            why = self._refusal(claim, seats)
            if why:
                comment += _as_route(one.address, why)
                ledger.miss(place, f"the claim of {one.address}", why)
                continue
            self._taken.add(_name(claim))
            good.append(claim)
        if good:
            names = ", ".join(claim.address for claim in good)
            ledger.miss(place, f"how the cloud brings {names}", _OFFERED)
        return Claimed(tuple(good), tuple(comment), is_offered=True)

    def _refusal(self, claim: MovedTable, seats: Sequence[Seat]) -> str:
        if _name(claim) in self._taken:
            return "another instance claims it"
        if not isinstance(claim, PrivateIpTable):
            return ""
        if ip_address(claim.address).is_link_local:
            return "a link-local address belongs to no interface of a cloud"
        subnets = set(_subnets(seats))
        if len(subnets) > 1:
            return (
                "the nodes seem to be in several subnets: claim a route instead, or give each node "
                "its subnet"
            )
        return ""


def say_of_unclaimed(
    addresses: Addresses, claims: Sequence[MovedTable], place: Place, ledger: Ledger
) -> None:
    """Note the virtual addresses to which no claim brings anything."""
    brought = {*brought_by(claims)}
    routed = [ip_network(one.destination) for one in claims if isinstance(one, RouteTable)]
    networks = [one for one in routed if one.prefixlen]  # a default route brings none
    for one in addresses:
        if one.address in brought or any(ip_address(one.address) in each for each in networks):
            continue
        what = f"how the cloud brings {one.address}"
        ledger.miss(
            place, what, "the script does not move it; claim it, if the cloud has to know it"
        )


def _without_own(claim: MovedTable, own: set[str]) -> tuple[MovedTable | None, str]:
    """A node's own address never moves; one that a public address sits on is the primary one."""
    if isinstance(claim, RouteTable):
        return claim, ""
    if claim.address in own:
        return None, "it is a node's own address, which must never move"
    if isinstance(claim, PublicIpTable) and claim.private_address in own:
        why = "it sat on a node's own address: without private_address it sits on each node's own"
        return replace(claim, private_address=""), why
    return claim, ""


def _crowded(claim: MovedTable | None, before: Sequence[MovedTable]) -> str:
    """A private address carries one public one."""
    if not isinstance(claim, PublicIpTable):
        return ""
    seats = [one.private_address for one in before if isinstance(one, PublicIpTable)]
    if claim.private_address in seats:
        seat = claim.private_address or "the primary address"
        return f"another public address sits on {seat}: give each its own private_address"
    if ":" in claim.address or ":" in claim.private_address:
        return "an Elastic IP is IPv4; claim IPv6 as a private-ip or a route"
    return ""


def _name(claim: MovedTable) -> str:
    if isinstance(claim, RouteTable):
        return f"{claim.destination} in {', '.join(claim.tables)}"
    return claim.address


def _subnets(seats: Sequence[Seat]) -> Iterator[str]:
    """The rule of `config check`, for nodes that declare none: a /24, or a /64."""
    for seat in seats:
        if seat.address is not None:
            length = 24 if seat.address.version == 4 else 64  # noqa: PLR2004 - IP versions
            yield str(ip_network(f"{seat.address}/{length}", strict=False))


def _as_route(address: str, why: str) -> tuple[str, ...]:
    length = ip_address(address).max_prefixlen
    return (
        f"{address}: {why}",
        f'{{ kind = "route", destination = "{address}/{length}", tables = ["rtb-..."] }}',
    )


def brought_by(claims: Sequence[MovedTable]) -> tuple[str, ...]:
    """Return the addresses that the generator derives from the claims, in its order."""
    found: dict[str, None] = {}
    for claim in claims:
        if isinstance(claim, PrivateIpTable):
            found.setdefault(claim.address)
        elif isinstance(claim, PublicIpTable) and claim.private_address:
            found.setdefault(claim.private_address)
        elif isinstance(claim, RouteTable):
            network = ip_network(claim.destination)
            if network.prefixlen == network.max_prefixlen:
                found.setdefault(str(network.network_address))
    return tuple(found)
