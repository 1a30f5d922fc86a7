"""What an operator is told besides the notes: comments in the toml, and what the generator adds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.config.file import InstanceTable
from cloudfail.config.vrrp.tables import KeepalivedTable
from cloudfail.keepalived.importer.claims import Claimed
from cloudfail.keepalived.importer.node import Node
from cloudfail.keepalived.importer.seats import Seat

Comment = tuple[str, tuple[str, ...]]
_ADDED = {
    "vrrp_check_unicast_src": "adverts from anybody but the peers are dropped",
    "vrrp_higher_prio_send_advert": "the loser of a healed partition tells the survivor",
    "vrrp_min_garp": "one gratuitous ARP instead of ten",
    "enable_script_security": "nothing runs as root that others may change",
    "script_user": "scripts run as root",
    "router_id": "the node's name",
}


def comments_of(
    name: str, table: InstanceTable, seats: Sequence[Seat], claimed: Claimed
) -> dict[str, tuple[str, ...]]:
    """Return the lines by the path of their key, as the writer of the toml takes them."""
    return dict(_comments(f"instance.{name}", table, seats, claimed))


def _comments(
    path: str, table: InstanceTable, seats: Sequence[Seat], claimed: Claimed
) -> Iterator[Comment]:
    if table.nopreempt is False:
        yield (
            f"{path}.nopreempt",
            ("As before: a better node that comes back takes over, which moves the claims again.",),
        )
    for index, seat in enumerate(seats):
        where = f"{path}.node[{index}]"
        if seat.is_stand_in:
            yield f"{where}.address", ("No file says it: write the node's own address.",)
        if seat.member is None:
            yield f"{where}.priority", ("A guess: no file says it.",)
    if claimed.is_offered and claimed.claims:
        yield (
            f"{path}.claim[0]",
            (
                "Offered: is it a private-ip, a route, or what a public-ip sits on (private_address)?",
            ),
        )
    if not claimed.claims and not claimed.comment:
        yield f"{path}.end", ("", "No claim yet: add [[...claim]], what the master must own.")
    elif claimed.comment:
        yield f"{path}.end", ("", *claimed.comment)


def additions_of(nodes: Sequence[Node], table: KeepalivedTable) -> tuple[str, ...]:
    """Return a sentence for each; they are the same for all instances."""
    return tuple(_additions(nodes, table))


def _additions(nodes: Sequence[Node], table: KeepalivedTable) -> Iterator[str]:
    written = {key for node in nodes for key in node.shared.found}
    for key, effect in _ADDED.items():
        if key not in written and getattr(table, key, True):
            yield f"{key}: {effect}"
    yield "unicast_fault_no_peer: FAULT without a peer, and no multicast"
    yield "notify, notify_master_rx_lower_pri: cloudfail is told every change of role"
    if table.include:
        yield f"include {table.directory}/{table.include}: for what cloudfail.toml has no word for"
