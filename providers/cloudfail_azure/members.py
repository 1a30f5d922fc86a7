"""Who a network interface belongs to: this node, a configured peer, or somebody else."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cloudfail.model import Address, Node, Owner, Peer

from cloudfail_azure.links import key_of, same
from cloudfail_azure.objects import Interface


class Members(msgspec.Struct, frozen=True, kw_only=True):
    """The instance's nodes, as far as they are known here.

    `found` maps the addresses of the peers to their network interfaces, where these were seen.
    """

    node: Node
    peers: tuple[Peer, ...] = ()
    found: Mapping[Address, Interface] = {}

    @property
    def unnamed(self) -> tuple[Peer, ...]:
        """The peers that only a look at the cloud tells apart: they have no interface_id."""
        return tuple(peer for peer in self.peers if not peer.interface_id)

    def owner_of(self, interface_id: str, machine: str = "") -> Owner:
        """Say whose a network interface is; `machine` is the virtual machine it is of, if known.

        Without peers, everybody else is a peer. Another interface of this machine is one, too:
        from there a claim has to move.
        """
        if same(interface_id, self.node.ref):
            return Owner.MINE
        own = self.node.facts.get("machine", "")
        if not self.peers or (machine and same(machine, own)):
            return Owner.PEER
        known = {key_of(peer.interface_id) for peer in self.peers if peer.interface_id}
        known |= {key_of(nic.id) for nic in self.found.values()}
        machines = {key_of(nic.machine) for nic in self.found.values() if nic.machine}
        if key_of(interface_id) in known or (machine and key_of(machine) in machines):
            return Owner.PEER
        return Owner.STRANGER

    def at(self, address: Address) -> str:
        """Return the network interface's id of the peer with this unicast address; "" for none."""
        if address in self.found:
            return self.found[address].id
        named = (peer.interface_id for peer in self.peers if peer.address == address)
        return next(named, "")

    def seen(self, interfaces: Mapping[str, Interface], network: str) -> Members:
        """Return them with those peers that are among these, by id or by address in a network."""
        found: dict[Address, Interface] = {}
        for peer in self.peers:
            nic = interfaces.get(key_of(peer.interface_id)) if peer.interface_id else None
            nearby = (
                one
                for one in interfaces.values()
                if not peer.interface_id
                and peer.address in one.addresses
                and same(one.network, network)
            )
            nic = nic or next(nearby, None)
            if nic is not None and not same(nic.id, self.node.ref):
                found[peer.address] = nic
        return msgspec.structs.replace(self, found=found)
