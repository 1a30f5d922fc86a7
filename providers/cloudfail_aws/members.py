"""Who a network interface belongs to: this node, a configured peer, or somebody else."""

from __future__ import annotations

import msgspec
from cloudfail.model import Address, Node, Owner, Peer

from cloudfail_aws.objects import Interface


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """The instance's nodes, as far as they are known here."""

    node: Node
    peers: tuple[Peer, ...] = ()

    def owner_of(
        self, interface_id: str, interface: Interface | None, on: Address | None = None
    ) -> Owner | None:
        """Say whose the interface is; None when only a look at its addresses could tell.

        `on` is the private address that an Elastic IP sits on. Without peers, everybody else is
        a peer. An address tells a peer only within this node's VPC, where it is unique; by itself
        it is not believed of a peer whose interface is configured, and is another one.
        """
        if interface_id == self.node.ref:
            return Owner.MINE
        if not self.peers or interface_id in {peer.interface_id for peer in self.peers}:
            return Owner.PEER
        addresses = {peer.address for peer in self.peers}
        if interface is not None:
            same_vpc = interface.vpc_id == self.node.facts.get("vpc_id")
            known = same_vpc and not addresses.isdisjoint(interface.addresses)
            return Owner.PEER if known else Owner.STRANGER
        by_address = {peer.address for peer in self.peers if not peer.interface_id}
        return Owner.PEER if on in by_address else None
