"""The nodes of an instance: addresses, priorities; with stand-ins for what no file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from cloudfail.keepalived.importer.joined import Joined, Member, family
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.model import Address

HIGHEST = 254
_STEP = 50
_DEFAULT_PRIORITY = 100  # keepalived's own (measured with 2.2.7)
_IPV6 = 6
_FEWEST = 2


@dataclass(slots=True)
class Seat:
    """A node's place in an instance. `member` is None for a peer that has no file."""

    name: str
    member: Member | None
    address: Address | None
    priority: int | None = None
    is_stand_in: bool = False
    interface_id: str = ""


class Names:
    """Names for peers without a file, the same in all instances; `numbers` for stand-ins."""

    def __init__(self, nodes: Sequence[str], joined: Sequence[Joined]) -> None:
        self._names = list(nodes)
        self._by_address: dict[Address, str] = {}
        for one in joined:
            for member in one.members:
                address = address_of(member)
                if address is not None:
                    self._by_address.setdefault(address, member.node.name)

    def of_peer(self, address: Address | None, taken: Sequence[str]) -> str:
        known = self._by_address.get(address) if address is not None else None
        if known is not None and known not in taken:
            return known
        name, number = "peer", 1
        while name in taken:
            number += 1
            name = f"peer{number}"
        if address is not None:
            self._by_address.setdefault(address, name)
        return name

    def stand_in(self, name: str, version: int) -> Address:
        """Return an address that nobody routes (RFC 5737, RFC 3849)."""
        if name not in self._names:
            self._names.append(name)
        number = self._names.index(name) % 250 + 1
        return ip_address(f"2001:db8::{number:x}" if version == _IPV6 else f"192.0.2.{number}")


def address_of(member: Member) -> Address | None:
    section = member.instance.section
    found: Address | None = section.get("address") or section.get("mcast_src_ip")
    return found


def seats_of(joined: Joined, names: Names) -> list[Seat]:
    """Return the nodes, each with an address and a priority of its own, at least two."""
    version = _version_of(joined)
    seats = [_seat(member) for member in joined.members]
    _check_addresses(seats, version)
    peers = _peers_without_file(joined, seats, version)
    _give_the_only_one(seats, peers)
    for address in peers:
        seats.append(Seat(names.of_peer(address, [one.name for one in seats]), None, address))
    if len(seats) < _FEWEST:
        seats.append(Seat(names.of_peer(None, [one.name for one in seats]), None, None))
    for seat in seats:
        if seat.address is None:
            _stand_in(seat, seats, joined, names.stand_in(seat.name, version))
    _check_mirrors(seats)
    _give_priorities(seats, joined)
    return seats


def _version_of(joined: Joined) -> int:
    found = [address_of(member) for member in joined.members]
    return next((one.version for one in found if one is not None), family(joined.first.instance))


def _seat(member: Member) -> Seat:
    priority = member.instance.section.get("priority", _DEFAULT_PRIORITY)
    return Seat(member.node.name, member, address_of(member), priority)


def _check_addresses(seats: list[Seat], version: int) -> None:
    seen: set[Address] = set()
    for seat in seats:
        if seat.address is None or seat.member is None:
            continue
        found = seat.member.instance.section.found
        statement = (found.get("address") or found["mcast_src_ip"]).statement
        if seat.address in seen:
            why = "another node has it too"
        elif seat.address.version != version:
            why = "the first node speaks from an address of the other family"
        else:
            seen.add(seat.address)
            continue
        seat.member.node.ledger.leave_out(statement, why)
        seat.address = None


def _peers_without_file(joined: Joined, seats: list[Seat], version: int) -> list[Address]:
    known = {seat.address for seat in seats}
    found: dict[Address, None] = {}
    for member in joined.members:
        for address in member.instance.peers:
            if address.version == version:
                found.setdefault(address)
            else:
                what = f"peer {address}"
                why = "it is of another family than the node's own address: keepalived ignores it"
                member.node.ledger.say(member.instance.block.place, "left out", what, why)
    return [address for address in found if address not in known]


def _give_the_only_one(seats: list[Seat], peers: list[Address]) -> None:
    """A node without unicast_src_ip is the one peer of the others that is nobody else."""
    nameless = [seat for seat in seats if seat.address is None]
    if len(nameless) != 1 or len(peers) != 1 or len(seats) < _FEWEST:
        return
    seat = nameless[0]
    if seat.member is None or peers[0] in seat.member.instance.peers:
        return
    seat.address = peers.pop()
    why = "the other nodes have it as their peer, and no other node has it"
    place = seat.member.instance.block.place
    seat.member.node.ledger.say(place, "changed", f"unicast_src_ip {seat.address}", why)


def _stand_in(seat: Seat, seats: list[Seat], joined: Joined, address: Address) -> None:
    taken = {one.address for one in seats}
    while address in taken:
        address += 1
    seat.address, seat.is_stand_in = address, True
    ledger, instance = _told(seat, joined)
    what = f"the address of node {seat.name}"
    why = (
        f"no file says it, {address} stands in for it; write the node's own address: a cloud has no "
        "multicast, so every node has to know the others"
    )
    ledger.miss(instance.instance.block.place, what, why)


def _told(seat: Seat, joined: Joined) -> tuple[Ledger, Member]:
    member = seat.member or joined.first
    return member.node.ledger, member


def _check_mirrors(seats: list[Seat]) -> None:
    for seat in seats:
        if seat.member is None:
            continue
        ledger, instance = seat.member.node.ledger, seat.member.instance
        place = instance.block.place
        if not instance.peers:
            what = f"vrrp_instance {instance.name} by multicast"
            ledger.say(place, "changed", what, "by unicast: a cloud has no multicast")
            continue
        for other in seats:
            if other is seat and seat.address in instance.peers:
                ledger.say(place, "changed", f"peer {seat.address}", "it is the node's own address")
            elif (
                other is not seat and other.address not in instance.peers and not other.is_stand_in
            ):
                what = f"unicast_peer without {other.address}"
                ledger.say(place, "changed", what, f"{other.name} is a peer too")


def _give_priorities(seats: list[Seat], joined: Joined) -> None:
    """No two nodes share one. Of two that did, the higher address was the better one."""
    known = [seat for seat in seats if seat.priority is not None]
    taken: set[int] = set()
    for seat in sorted(known, key=_rank, reverse=True):
        priority = _free(min(seat.priority or 1, HIGHEST), taken)
        taken.add(priority)
        if priority != seat.priority and seat.member is not None:
            why = f"becomes {priority}: each node has one of its own, from 1 to {HIGHEST}"
            _say_of_priority(seat, seat.member, why)
        seat.priority = priority
    for seat in seats:
        if seat.priority is None:
            seat.priority = _free(_guess(joined, max(taken)), taken)
            taken.add(seat.priority)
            what = f"the priority of node {seat.name} in {joined.name}"
            why = f"it has no file here, {seat.priority} stands in for it"
            joined.first.node.ledger.miss(joined.first.instance.block.place, what, why)


def _say_of_priority(seat: Seat, member: Member, why: str) -> None:
    found = member.instance.section.found.get("priority")
    if found is None:
        place = member.instance.block.place
        member.node.ledger.say(place, "changed", f"priority {seat.priority}", why)
    else:
        member.node.ledger.change(found.statement, why)


def _rank(seat: Seat) -> tuple[int, int]:
    return seat.priority or 0, int(seat.address or 0)


def _free(wanted: int, taken: set[int]) -> int:
    """Return the next free one; of more nodes than priorities the last ones share theirs."""
    below, above = range(wanted, 0, -1), range(wanted, HIGHEST + 1)
    return next((one for one in (*below, *above) if one not in taken), wanted)


def _guess(joined: Joined, best: int) -> int:
    """A node that says BACKUP has a better peer; any other one is better than its peer."""
    state = joined.first.instance.section.get("state", "")
    is_backup: bool = state == "BACKUP" and len(joined.members) == 1
    return min(HIGHEST, best + _STEP) if is_backup else max(1, best - _STEP)
