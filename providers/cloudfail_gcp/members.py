"""Who a machine belongs to: this node, a configured peer, or somebody else."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cloudfail.model import Address, Node, Owner, Peer

from cloudfail_gcp.links import instance_of


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """The instance's nodes, as far as they are known here.

    `found` maps the addresses of peers to the paths of the machines that have them, or had them when
    a look last showed these: a machine in a zone that is down is still a peer's.
    """

    node: Node
    peers: tuple[Peer, ...] = ()
    found: Mapping[Address, str] = {}

    def seen(self, found: Mapping[Address, str]) -> Members:
        """Return them with what a look showed; of what it did not show, the last is kept."""
        return msgspec.structs.replace(self, found={**self.found, **found})

    def owner_of(self, machine: str) -> Owner:
        """Say whose the machine is. Without peers, everybody else is a peer."""
        if machine == self.node.facts["instance"]:
            return Owner.MINE
        if not self.peers:
            return Owner.PEER
        known = {instance_of(peer.interface_id) for peer in self.peers if peer.interface_id}
        known |= {self.found[p.address] for p in self.unnamed if p.address in self.found}
        return Owner.PEER if machine in known else Owner.STRANGER

    @property
    def found_peers(self) -> tuple[str, ...]:
        """The machines of the peers that were found, whatever their configuration says."""
        return tuple(self.found[p.address] for p in self.peers if p.address in self.found)

    @property
    def unnamed(self) -> tuple[Peer, ...]:
        """The peers that only a look at the cloud tells apart: they have no interface_id."""
        return tuple(peer for peer in self.peers if not peer.interface_id)
