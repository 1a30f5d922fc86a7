"""What the embedded cloud cannot be brought into, judged on EC2's answers as they are written."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from cloudfail.errors import ThrottledError
from cloudfail.model import Claim, Node, Owner, Peer, PrivateIp, PublicIp, Route

from cloudfail_aws.around import Around, place
from cloudfail_aws.egress import api_addresses, cuts, leaves_without_public_ip
from cloudfail_aws.holdings import holding_of
from cloudfail_aws.look import Seen
from cloudfail_aws.members import Members
from cloudfail_aws.objects import ElasticIp, Interface, RouteTable, TableRoute

VIP = PublicIp(address=ip_address("203.0.113.7"))
ROUTE = Route(table="rtb-1", destination=ip_network("10.99.0.0/16"))
FACTS = {
    "region": "eu-central-1",
    "zone": "eu-central-1a",
    "vpc_id": "vpc-1",
    "subnet_id": "subnet-1",
    "primary": "10.0.1.10",
}
ME = Node(ref="eni-me", addresses=(ip_address("10.0.1.10"),), facts=FACTS)
PEERS = (Peer(name="b", address=ip_address("10.0.1.11")),)


def around(peers: tuple[Peer, ...] = PEERS, node: Node = ME, **more: Any) -> Around:
    return Around(members=Members(node=node, peers=peers), **more)


def eip(**answer: str) -> Seen:
    found = ElasticIp.read({"PublicIp": "203.0.113.7", "AllocationId": "eipalloc-1", **answer})
    return Seen(elastic_ips={found.address: found})


HELD = {"NetworkInterfaceId": "eni-2", "PrivateIpAddress": "10.0.1.11"}


@pytest.mark.parametrize(
    "managed", [{"ServiceManaged": "nlb"}, {"NetworkInterfaceOwnerId": "amazon-elb"}]
)
def test_an_address_of_a_managed_service_is_an_obstacle(managed: dict[str, str]) -> None:
    holding = holding_of(VIP, eip(**HELD, **managed), around())
    assert "managed service" in holding.obstacle


def test_an_address_of_a_nat_gateway_is_an_obstacle() -> None:
    nat = Interface.read({"NetworkInterfaceId": "eni-2", "InterfaceType": "nat_gateway"})
    seen = eip(**HELD)
    seen = Seen(elastic_ips=seen.elastic_ips, interfaces={"eni-2": nat})
    assert "managed service (nat_gateway)" in holding_of(VIP, seen, around()).obstacle


def test_an_interface_that_a_service_asked_for_is_managed() -> None:
    answer = {"NetworkInterfaceId": "eni-2", "RequesterManaged": True, "RequesterId": "123"}
    assert Interface.read(answer).is_managed
    assert not Interface.read({"NetworkInterfaceId": "eni-2", "RequesterId": "123"}).is_managed


@pytest.mark.parametrize(
    ("zone", "group", "fits"),
    [
        ("eu-central-1a", "eu-central-1", True),
        ("eu-central-1a", "eu-central-1-wl1-ber-wlz-1", False),
        ("eu-central-1-ham-1a", "eu-central-1", False),
        ("eu-central-1-ham-1a", "eu-central-1-ham-1", True),
        ("", "eu-central-1-ham-1", True),
        ("eu-central-1a", "", True),
    ],
)
def test_an_address_never_leaves_its_border_group(zone: str, group: str, fits: bool) -> None:
    node = Node(ref="eni-me", facts={**FACTS, "zone": zone})
    holding = holding_of(VIP, eip(NetworkBorderGroup=group), around(node=node))
    assert ("network border group" not in holding.obstacle) is fits


def test_an_interface_without_ipv4_cannot_carry_an_elastic_ip() -> None:
    node = Node(ref="eni-me", facts={"primary": ""})
    assert "has no IPv4 address" in holding_of(VIP, eip(), around(node=node)).obstacle


def test_a_holder_that_cannot_be_seen_is_a_stranger() -> None:
    holding = holding_of(VIP, eip(**{**HELD, "PrivateIpAddress": "10.0.1.77"}), around())
    assert (holding.owner, holding.holder) == (Owner.STRANGER, "eni-2")


def test_what_is_ours_has_no_obstacle() -> None:
    mine = eip(NetworkInterfaceId="eni-me", PrivateIpAddress="10.0.1.10", ServiceManaged="alb")
    holding = holding_of(VIP, mine, around())
    assert (holding.owner, holding.obstacle) == (Owner.MINE, "")


def test_a_kind_of_another_cloud_is_an_obstacle() -> None:
    class Rule(Claim, frozen=True, kw_only=True, tag="rule"):
        kind = "forwarding-rule"

    assert holding_of(Rule(), Seen(), around()).obstacle == "AWS has no forwarding-rule"


def test_two_interfaces_with_one_address_are_not_proof_that_it_is_ours() -> None:
    answers = [
        {
            "NetworkInterfaceId": name,
            "VpcId": "vpc-1",
            "PrivateIpAddresses": [{"PrivateIpAddress": "10.0.1.100"}],
        }
        for name in ("eni-me", "eni-2")
    ]
    seen = Seen(interfaces={a["NetworkInterfaceId"]: Interface.read(a) for a in answers})  # type: ignore[misc]
    claim = PrivateIp(address=ip_address("10.0.1.100"))
    assert holding_of(claim, seen, around(peers=())).owner is Owner.PEER


def interface(name: str, *addresses: str, vpc: str = "vpc-1", subnet: str = "") -> Interface:
    v4 = [{"PrivateIpAddress": text} for text in addresses if "." in text]
    v6 = [{"Ipv6Address": text} for text in addresses if ":" in text]
    return Interface.read(
        {
            "NetworkInterfaceId": name,
            "VpcId": vpc,
            "SubnetId": subnet,
            "PrivateIpAddresses": v4,
            "Ipv6Addresses": v6,
        }
    )


def showing(*interfaces: Interface, **more: Any) -> Seen:
    return Seen(interfaces={nic.interface_id: nic for nic in interfaces}, **more)


def test_the_same_address_in_another_vpc_is_another_address() -> None:
    """The holder of an Elastic IP was looked up, and lives elsewhere."""
    foreign = interface("eni-2", "10.0.1.100", vpc="vpc-2")
    claim = PrivateIp(address=ip_address("10.0.1.100"))
    assert holding_of(claim, showing(foreign), around()).owner is Owner.NOBODY
    both = showing(foreign, interface("eni-me", "10.0.1.100"))
    assert holding_of(claim, both, around()).owner is Owner.MINE


def test_a_peers_address_is_not_believed_where_its_interface_is_configured() -> None:
    """Another VPC may use the same addresses: its Elastic IP is not to be stolen."""
    configured = (Peer(name="b", address=ip_address("10.0.1.11"), interface_id="eni-b"),)
    members = around(peers=configured).members
    assert members.owner_of("eni-2", None, ip_address("10.0.1.11")) is None
    assert members.owner_of("eni-b", None, ip_address("10.0.1.77")) is Owner.PEER
    foreign = showing(interface("eni-2", "10.0.1.11", vpc="vpc-2"), **fields_of(eip(**HELD)))
    assert holding_of(VIP, foreign, around(peers=configured)).owner is Owner.STRANGER


def fields_of(seen: Seen) -> dict[str, Any]:
    return {"elastic_ips": seen.elastic_ips}


@pytest.mark.parametrize("address", ["10.0.1.100", "2001:db8::100"])
def test_an_address_of_another_subnet_is_not_taken_off_as_it_could_not_be_put_here(
    address: str,
) -> None:
    """EC2 has no call that moves IPv6: it would be off there, and refused here."""
    claim = PrivateIp(address=ip_address(address))
    there = showing(interface("eni-2", address, "10.0.1.11", subnet="subnet-2"))
    holding = holding_of(claim, there, around())
    assert holding.owner is Owner.PEER
    assert "is in subnet-2, but eni-me is in subnet-1" in holding.obstacle
    here = showing(interface("eni-2", address, "10.0.1.11", subnet="subnet-1"))
    assert holding_of(claim, here, around()).obstacle == ""


def table(*routes: dict[str, str], **more: Any) -> Seen:
    answer = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": list(routes), **more}
    return Seen(tables={("", "rtb-1"): RouteTable.read(answer)})


PROPAGATED = {
    "DestinationCidrBlock": "10.99.0.0/16",
    "GatewayId": "vgw-1",
    "Origin": "EnableVgwRoutePropagation",
}


def test_a_propagated_route_cannot_be_replaced_and_says_what_to_do() -> None:
    holding = holding_of(ROUTE, table(PROPAGATED), around(peers=()))
    assert "propagated by vgw-1" in holding.obstacle
    assert "create-route" in holding.obstacle


def test_a_static_route_beats_a_propagated_one() -> None:
    static = {"DestinationCidrBlock": "10.99.0.0/16", "NetworkInterfaceId": "eni-me"}
    assert holding_of(ROUTE, table(PROPAGATED, static), around()).owner is Owner.MINE


@pytest.mark.parametrize("target", [{"NatGatewayId": "nat-1"}, {"TransitGatewayId": "tgw-1"}])
@pytest.mark.parametrize("state", ["active", "blackhole"])
def test_a_gateways_route_is_somebodys_even_while_it_is_dead(
    target: dict[str, str], state: str
) -> None:
    seen = table({"DestinationCidrBlock": "10.99.0.0/16", "State": state, **target})
    holding = holding_of(ROUTE, seen, around())
    assert (holding.owner, holding.holder) == (Owner.STRANGER, *target.values())
    assert holding_of(ROUTE, seen, around(peers=())).owner is Owner.PEER


BLACKHOLE = {"DestinationCidrBlock": "10.99.0.0/16", "State": "blackhole"}


def test_a_dead_route_is_nobodys_only_when_nobody_is_there() -> None:
    assert holding_of(ROUTE, table(BLACKHOLE), around()).owner is Owner.NOBODY
    gone = table({**BLACKHOLE, "NetworkInterfaceId": "eni-2"})
    assert holding_of(ROUTE, gone, around()).owner is Owner.NOBODY
    # A stopped machine's interface is there, and so is a peer's that needs no look.
    stopped = showing(interface("eni-2", "10.0.1.77"), tables=gone.tables)
    assert holding_of(ROUTE, stopped, around()).owner is Owner.STRANGER
    named = (Peer(name="b", address=ip_address("10.0.1.11"), interface_id="eni-2"),)
    assert holding_of(ROUTE, gone, around(peers=named)).owner is Owner.PEER
    unread = msgspec.structs.replace(gone, failures={"holders": ThrottledError("later")})
    assert holding_of(ROUTE, unread, around()).owner is Owner.UNKNOWN
    mine = table({**BLACKHOLE, "NetworkInterfaceId": "eni-me"})
    assert holding_of(ROUTE, mine, around()).owner is Owner.MINE


def test_a_main_table_that_may_be_the_nodes_own_is_unknown_until_that_is_read() -> None:
    main = table(Associations=[{"Main": True}])
    everything = Route(table="rtb-1", destination=ip_network("0.0.0.0/0"))
    api = (ip_address("198.51.100.1"),)
    unread = msgspec.structs.replace(main, failures={"own": ThrottledError("later")})
    holding = holding_of(everything, unread, around(api=api))
    assert (holding.owner, holding.obstacle) == (Owner.UNKNOWN, "")
    assert "back to itself" in holding_of(everything, main, around(api=api)).obstacle
    # What cuts nothing needs no such answer, and neither does what is ours.
    assert holding_of(ROUTE, unread, around(api=api)).owner is Owner.NOBODY
    held = {"DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni-me"}
    ours = table(held, Associations=[{"Main": True}])
    ours = msgspec.structs.replace(ours, failures=unread.failures)
    assert holding_of(everything, ours, around(api=api)).owner is Owner.MINE


def test_prefix_lists_are_passed_over() -> None:
    listed = {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1"}
    assert holding_of(ROUTE, table(listed), around()).owner is Owner.NOBODY


def test_destinations_are_compared_as_values() -> None:
    claim = Route(table="rtb-1", destination=ip_network("2001:db8:0:0::/64"))
    route = {"DestinationIpv6CidrBlock": "2001:0DB8::/64", "NetworkInterfaceId": "eni-me"}
    assert holding_of(claim, table(route), around()).owner is Owner.MINE


def test_a_place_names_the_account_of_the_role() -> None:
    arn = "arn:aws:iam::210987654321:role/network"
    assert place(ME, arn) == "eu-central-1 of account 210987654321"
    assert place(Node(ref="eni-1")) == "this region"


# The way to the API

API = (ip_address("198.18.0.9"),)


def ways(*destinations: str) -> RouteTable:
    routes = [
        TableRoute(destination=ip_network(text), holder=f"to-{text}") for text in destinations
    ]
    return RouteTable(table_id="rtb-1", vpc_id="vpc-1", routes=tuple(routes))


@pytest.mark.parametrize(
    ("destination", "present", "api", "cut"),
    [
        ("0.0.0.0/0", ("0.0.0.0/0",), API, True),
        ("0.0.0.0/0", (), API, True),
        ("198.18.0.0/16", ("0.0.0.0/0",), API, True),
        ("0.0.0.0/0", ("198.18.0.0/24",), API, False),
        ("10.0.0.0/8", ("0.0.0.0/0",), API, False),
        ("::/0", (), API, False),
        # Its name cannot be resolved: only a default route surely lies on the way.
        ("0.0.0.0/0", (), (), True),
        ("::/0", (), (), True),
        ("192.0.2.0/24", (), (), False),
    ],
)
def test_the_longest_prefix_decides_the_way_to_the_api(
    destination: str, present: tuple[str, ...], api: Any, cut: bool
) -> None:
    assert cuts(ip_network(destination), ways(*present), api) is cut


@pytest.mark.parametrize("proxy", ["http://192.0.2.9:3128", "192.0.2.9:3128"])
def test_behind_a_proxy_the_way_to_the_api_is_the_way_to_the_proxy(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    assert api_addresses("https://ec2.invalid") == (ip_address("192.0.2.9"),)
    assert api_addresses("http://198.51.100.7:5000") == (ip_address("198.51.100.7"),)
    monkeypatch.setenv("NO_PROXY", "198.51.100.7")
    assert api_addresses("https://198.51.100.7") == (ip_address("198.51.100.7"),)


def test_the_apis_name_is_resolved() -> None:
    assert ip_address("127.0.0.1") in api_addresses("http://127.0.0.1:5000")
    assert api_addresses("http://name.invalid") == ()


@pytest.mark.parametrize(
    ("holder", "state", "proven"),
    [
        ("nat-1", "active", True),
        ("tgw-1", "active", True),
        ("eni-other", "active", True),
        ("eni-me", "active", False),
        ("igw-1", "active", False),
        ("nat-1", "blackhole", False),
    ],
)
def test_only_a_way_that_needs_no_public_address_is_proof(
    holder: str, state: str, proven: bool
) -> None:
    way = TableRoute(destination=ip_network("0.0.0.0/0"), holder=holder, state=state)
    assert leaves_without_public_ip(way, ME) is proven
    assert not leaves_without_public_ip(None, ME)
