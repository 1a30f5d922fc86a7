"""What Compute answers, as values."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_network
from typing import Any

import msgspec
from cloudfail.model import Network, Node, Route

from cloudfail_gcp.links import path_of

# A next hop that is gone or stopped is passed over.
_PASSED_OVER = {"NEXT_HOP_INSTANCE_NOT_FOUND", "NEXT_HOP_NOT_RUNNING"}


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A forwarding rule. `target` is a path, "" when it forwards to a backend service."""

    path: str
    address: str
    target: str
    scheme: str = ""


class TargetInstance(msgspec.Struct, frozen=True, kw_only=True):
    """`machine` is the path of its instance; `network` a name, "" for that of nic0."""

    path: str
    machine: str
    network: str = ""


class NetworkRoute(msgspec.Struct, frozen=True, kw_only=True):
    """A route of a network. `machine` is the path of its next hop, or says what else it is.

    `is_dead`: Compute warns that the next hop is gone or stopped. `created` is in seconds since
    the epoch.
    """

    path: str
    network: str
    destination: Network
    priority: int
    machine: str
    tags: tuple[str, ...] = ()
    is_dead: bool = False
    created: float = 0.0

    @classmethod
    def read(cls, answer: Any) -> NetworkRoute:
        other = answer.next_hop_gateway or answer.next_hop_ilb or answer.next_hop_ip
        codes = {warning.code for warning in answer.warnings}
        return cls(
            path=path_of(answer.self_link),
            network=path_of(answer.network),
            destination=ip_network(answer.dest_range),
            priority=answer.priority,
            machine=path_of(answer.next_hop_instance or other or "another next hop"),
            tags=tuple(sorted(answer.tags)),
            is_dead=bool(codes & _PASSED_OVER),
            created=_seconds(answer.creation_timestamp),
        )


def _seconds(timestamp: str) -> float:
    """Return RFC 3339 as seconds since the epoch; 0 where Compute says no time."""
    return datetime.fromisoformat(timestamp).timestamp() if timestamp else 0.0


def network_of(claim: Route, node: Node) -> str:
    """Return the path of the claim's network; a bare name is one of the node's own project."""
    if claim.table.startswith("projects/"):
        return claim.table
    return f"projects/{node.facts['project']}/global/networks/{claim.table}"
