"""Whose an interface is: addresses are compared as addresses, in one VPC."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cloudfail.model import Node, Owner, Peer

from cloudfail_aws.members import Members
from cloudfail_aws.objects import Interface

ME = Node(ref="eni-a", addresses=(ip_address("10.0.1.10"),), facts={"vpc_id": "vpc-1"})


def interface(*addresses: str, vpc: str = "vpc-1") -> Interface:
    answer = {
        "NetworkInterfaceId": "eni-x",
        "VpcId": vpc,
        "PrivateIpAddresses": [{"PrivateIpAddress": a} for a in addresses if ":" not in a],
        "Ipv6Addresses": [{"Ipv6Address": a} for a in addresses if ":" in a],
    }
    return Interface.read(answer)


def owner(peer: str, *addresses: str, vpc: str = "vpc-1") -> Owner | None:
    peers = (Peer(name="b", address=ip_address(peer)),)
    return Members(node=ME, peers=peers).owner_of("eni-x", interface(*addresses, vpc=vpc))


@pytest.mark.parametrize("address", ["10.0.1.110", "10.0.1.1", "110.0.1.11", "10.0.11.1"])
def test_an_address_that_only_looks_like_a_peers_is_a_strangers(address: str) -> None:
    assert owner("10.0.1.11", address) is Owner.STRANGER


def test_an_ipv6_address_is_the_same_however_it_is_written() -> None:
    assert owner("2001:db8::b", "2001:0DB8:0:0::000b") is Owner.PEER
    assert owner("2001:db8::b", "2001:db8::b0") is Owner.STRANGER


def test_a_peers_address_tells_a_peer_only_in_this_vpc() -> None:
    assert owner("10.0.1.11", "10.0.1.11") is Owner.PEER
    assert owner("10.0.1.11", "10.0.1.11", vpc="vpc-2") is Owner.STRANGER
