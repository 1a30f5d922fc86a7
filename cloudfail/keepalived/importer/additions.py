"""What the generator writes besides what was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.config.vrrp.tables import KeepalivedTable
from cloudfail.keepalived.importer.node import Node

_ADDED = {
    "vrrp_check_unicast_src": "adverts from anybody but the peers are dropped",
    "vrrp_higher_prio_send_advert": "the loser of a healed partition tells the survivor",
    "vrrp_min_garp": "one gratuitous ARP instead of ten",
    "enable_script_security": "nothing runs as root that others may change",
    "script_user": "scripts run as root",
    "router_id": "the node's name",
}


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
