from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from cloudfail.errors import (
    NotFoundError,
    ThrottledError,
)
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import WorldNode
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, Holding, Owner, Peer, PrivateIp, PublicIp, Route, Severity
from cloudfail.planner import build_plan

from cloudfail_aws import provider as provider_module
from cloudfail_aws.look import Looker
from lab_cloud.together import Together
from providers.aws.nodes import V6, WORLD, NodeMaker

VIP = PublicIp(address=ip_address("203.0.113.7"))
SEATED = PublicIp(address=ip_address("203.0.113.8"), private_address=ip_address("10.0.1.100"))
PRIVATE = PrivateIp(address=ip_address("10.0.1.100"))
PRIVATE6 = PrivateIp(address=ip_address(V6))
B = Peer(name="b", address=ip_address("10.0.1.11"))


def routes(cloud: EmbeddedAws, *destinations: str, table: str = "t") -> list[Route]:
    wanted = destinations or ("10.99.0.0/16", "2001:db8:99::/64")
    return [Route(table=cloud.built.tables[table], destination=ip_network(d)) for d in wanted]


def look(node_of: NodeMaker, *claims: Claim, **setup: Any) -> list[Holding]:
    return list(node_of(**setup).provider.observe(claims))


def one(node_of: NodeMaker, claim: Claim, **setup: Any) -> Holding:
    (holding,) = look(node_of, claim, **setup)
    return holding


def eni(cloud: EmbeddedAws, name: str) -> str:
    return cloud.built.nodes[name].interface_id


def give_eip(cloud: EmbeddedAws, address: str, interface_id: str, private: str = "") -> None:
    seat = {"PrivateIpAddress": private} if private else {}
    cloud.client().associate_address(
        AllocationId=cloud.built.public_ips[address],
        NetworkInterfaceId=interface_id,
        AllowReassociation=True,
        **seat,
    )


def put_route(cloud: EmbeddedAws, destination: str, **target: str) -> None:
    cloud.client().replace_route(
        RouteTableId=cloud.built.tables["t"], DestinationCidrBlock=destination, **target
    )


# How many calls


def test_public_ips_alone_take_exactly_one_describe(node_of: NodeMaker) -> None:
    node = node_of()
    node.provider.observe([VIP, VIP])
    assert node.operations == ["DescribeAddresses"]


def test_every_kind_together_takes_one_call_a_kind(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    node = node_of()
    node.provider.observe([VIP, SEATED, PRIVATE, *routes(cloud)])
    assert node.operations == [
        "DescribeAddresses",
        "DescribeNetworkInterfaces",
        "DescribeRouteTables",
    ]


def test_ipv6_addresses_are_a_filter_of_their_own(node_of: NodeMaker) -> None:
    node = node_of()
    node.provider.observe([PRIVATE, PRIVATE6])
    assert node.operations == ["DescribeNetworkInterfaces", "DescribeNetworkInterfaces"]


def test_the_reads_of_a_look_run_at_the_same_time(
    node_of: NodeMaker, cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = node_of()
    cloud.faults = Faults(latency_ms=100)
    monkeypatch.setattr(cloud.api, "_clock", Together(3))
    node.provider.observe([VIP, PRIVATE, *routes(cloud)])
    assert len(cloud.calls) == 3


def test_150_claims_take_as_many_calls_as_one(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    many = [PublicIp(address=ip_address(f"203.0.113.{n}")) for n in range(100, 250)]
    node = node_of()
    node.provider.observe([VIP, *many])
    assert node.operations == ["DescribeAddresses"]
    assert all(call.params for call in cloud.calls if call.operation.startswith("Describe")), (
        "an unfiltered describe is throttled hardest"
    )


def test_more_values_than_ec2_takes_in_a_request_are_split(node_of: NodeMaker) -> None:
    many = [PublicIp(address=ip_address(f"203.0.113.{n}")) for n in range(1, 250)]
    node = node_of()
    holdings = node.provider.observe(many)
    assert node.operations.count("DescribeAddresses") == 2
    assert holdings[6].owner is Owner.PEER


class Pages:
    """EC2 with more interfaces than go on a page. (moto never splits an answer.)"""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def call(self, _: str, params: dict[str, Any], **__: Any) -> dict[str, Any]:
        self.asked.append(dict(params))
        number = len(self.asked)
        answer: dict[str, Any] = {"NetworkInterfaces": [{"NetworkInterfaceId": f"eni-{number}"}]}
        return answer if number == 3 else {**answer, "NextToken": f"after-{number}"}


def test_an_ipv6_address_is_sought_however_ec2_may_spell_it(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    """EC2 compares a filter's text; taken for nobody's, the address would never be found again."""
    look(node_of, PrivateIp(address=ip_address("2001:db8:0:1::100")))
    sought = [value for call in cloud.calls for value in _texts(call.params)]
    assert {
        "2001:db8:0:1::100",
        "2001:0db8:0000:0001:0000:0000:0000:0100",
        "2001:db8:0:1:0:0:0:100",
    } <= set(sought)


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [str(value)]


def test_pages_are_followed_to_the_end() -> None:
    pages = Pages()
    found = Looker(pages).interfaces({"vpc-id": ["vpc-1"]})  # type: ignore[arg-type]
    assert [nic.interface_id for nic in found] == ["eni-1", "eni-2", "eni-3"]
    assert [asked.get("NextToken", "") for asked in pages.asked] == ["", "after-1", "after-2"]
    assert all(asked["MaxResults"] and asked["Filters"] for asked in pages.asked)


def test_no_claims_take_no_call(node_of: NodeMaker) -> None:
    node = node_of()
    assert node.provider.observe([]) == []
    assert node.operations == []


# Whose


def test_an_eip_on_a_peers_unicast_address_is_the_peers(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    holding = one(node_of, VIP)
    assert (holding.owner, holding.holder) == (Owner.PEER, eni(cloud, "b"))
    assert holding.facts["allocation_id"] == cloud.built.public_ips["203.0.113.7"]


def test_an_eip_on_a_configured_interface_is_the_peers(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    peer = Peer(name="b", address=ip_address("192.0.2.1"), interface_id=eni(cloud, "b"))
    node = node_of(peers=(peer,))
    (holding,) = node.provider.observe([VIP])
    assert holding.owner is Owner.PEER
    assert node.operations == ["DescribeAddresses"]


def test_an_eip_on_a_secondary_address_is_told_by_one_more_call(node_of: NodeMaker) -> None:
    node = node_of()
    (holding,) = node.provider.observe([SEATED])
    assert holding.owner is Owner.PEER
    assert node.operations == ["DescribeAddresses", "DescribeNetworkInterfaces"]


def test_anybody_else_is_a_stranger(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    give_eip(cloud, "203.0.113.7", eni(cloud, "x"))
    put_route(cloud, "10.99.0.0/16", NetworkInterfaceId=eni(cloud, "x"))
    owners = [h.owner for h in look(node_of, VIP, *routes(cloud, "10.99.0.0/16"))]
    assert owners == [Owner.STRANGER, Owner.STRANGER]


def test_without_peers_everybody_else_is_a_peer(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    give_eip(cloud, "203.0.113.7", eni(cloud, "x"))
    claims = [VIP, SEATED, PRIVATE, *routes(cloud)]
    holdings = look(node_of, *claims, peers=())
    assert {holding.owner for holding in holdings} == {Owner.PEER}


def test_a_peers_address_in_another_vpc_is_no_peers(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    """VPCs overlap: the default one is the same everywhere."""
    ec2 = cloud.client()
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    nic = ec2.create_network_interface(SubnetId=subnet, PrivateIpAddress="10.0.1.11")
    other = nic["NetworkInterface"]["NetworkInterfaceId"]
    put_route(cloud, "10.99.0.0/16", NetworkInterfaceId=other)
    assert one(node_of, routes(cloud, "10.99.0.0/16")[0]).owner is Owner.STRANGER


def test_nobody_is_not_unknown(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    ec2 = cloud.client()
    (found,) = ec2.describe_addresses(PublicIps=["203.0.113.7"])["Addresses"]
    ec2.disassociate_address(AssociationId=found["AssociationId"])
    free = PrivateIp(address=ip_address("10.0.1.200"))
    absent = routes(cloud, "10.1.2.0/24")[0]
    holdings = look(node_of, VIP, free, absent)
    assert [(h.owner, h.holder, h.obstacle) for h in holdings] == [(Owner.NOBODY, "", "")] * 3


def test_mine_is_mine_on_the_right_private_address_only(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    give_eip(cloud, "203.0.113.7", eni(cloud, "a"))
    assert one(node_of, VIP).owner is Owner.MINE
    cloud.client().assign_private_ip_addresses(
        NetworkInterfaceId=eni(cloud, "a"), PrivateIpAddresses=["10.0.1.50"]
    )
    wrong = msgspec.structs.replace(VIP, private_address=ip_address("10.0.1.50"))
    holding = one(node_of, wrong)
    assert (holding.owner, holding.holder) == (Owner.PEER, eni(cloud, "a"))
    assert holding.facts["sits_on"] == "10.0.1.10"
    (lane,) = node_of().provider.steps([holding], node_of().provider.identify())
    assert lane.steps[0].params["PrivateIpAddress"] == "10.0.1.50"


# What the cloud did not say


def test_a_part_that_could_not_be_read_is_unknown_and_spoils_nothing_else(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    cloud.faults = Faults(throttle={"DescribeRouteTables": 9})
    vip, route = look(node_of, VIP, routes(cloud)[0])
    assert vip.owner is Owner.PEER
    assert (route.owner, route.obstacle) == (Owner.UNKNOWN, "")


def test_when_nothing_could_be_read_the_reason_is_raised(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    cloud.faults = Faults(throttle={"*": 9})
    with pytest.raises(ThrottledError):
        look(node_of, VIP, PRIVATE)


def test_a_read_that_is_denied_is_an_obstacle_that_names_the_permission(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    cloud.faults = Faults(deny=("DescribeRouteTables",))
    vip, route = look(node_of, VIP, routes(cloud)[0])
    assert vip.owner is Owner.PEER
    assert route.owner is Owner.UNKNOWN
    assert "ec2:DescribeRouteTables" in route.obstacle


@pytest.mark.parametrize("count", [1, 2])
def test_a_holder_that_cannot_be_told_is_unknown_never_a_stranger(
    node_of: NodeMaker, cloud: EmbeddedAws, count: int
) -> None:
    cloud.faults = Faults(deny=("DescribeNetworkInterfaces",))
    denied = look(node_of, *[SEATED, *routes(cloud)][:count])
    assert {holding.owner for holding in denied} == {Owner.UNKNOWN}
    assert "ec2:DescribeNetworkInterfaces" in denied[0].obstacle
    cloud.faults = Faults(throttle={"DescribeNetworkInterfaces": 1})
    throttled = look(node_of, SEATED)[0]
    assert (throttled.owner, throttled.obstacle) == (Owner.UNKNOWN, "")


# Obstacles


def test_an_unknown_address_says_where_it_was_looked_for(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    unknown = PublicIp(address=ip_address("203.0.113.99"))
    vip, lost = look(node_of, VIP, unknown)
    assert vip.owner is Owner.PEER
    place = f"in eu-central-1 of account {cloud.built.account}"
    assert lost.obstacle == f"no Elastic IP 203.0.113.99 {place}"
    with pytest.raises(NotFoundError, match=r"no Elastic IP 203\.0\.113\.99"):
        look(node_of, unknown)


def test_an_unknown_table_says_so(node_of: NodeMaker) -> None:
    unknown = Route(table="rtb-0bad", destination=ip_network("10.0.0.0/8"))
    assert "no route table rtb-0bad" in look(node_of, VIP, unknown)[1].obstacle


def test_another_allocation_than_configured_is_an_obstacle(node_of: NodeMaker) -> None:
    wrong = msgspec.structs.replace(VIP, resource_id="eipalloc-0bad")
    assert "not eipalloc-0bad; correct resource_id" in one(node_of, wrong).obstacle


@pytest.mark.parametrize("address", ["10.0.2.50", "2001:db8:0:2::50"])
def test_a_private_address_never_leaves_its_subnet(node_of: NodeMaker, address: str) -> None:
    claim = PrivateIp(address=ip_address(address))
    obstacle = one(node_of, claim).obstacle
    if claim.address.version == 4:
        assert obstacle.startswith(f"{address} is outside subnet 10.0.1.0/24 of eni-")
        assert "use a route instead" in obstacle


def test_a_public_ip_cannot_sit_outside_the_subnet(node_of: NodeMaker) -> None:
    seat = msgspec.structs.replace(VIP, private_address=ip_address("10.0.2.50"))
    assert "is outside subnet 10.0.1.0/24" in one(node_of, seat).obstacle


def test_a_public_ip_cannot_sit_on_an_address_that_is_not_here(node_of: NodeMaker) -> None:
    assert "claim it as a private-ip too" in one(node_of, SEATED).obstacle
    assert look(node_of, SEATED, PRIVATE)[0].obstacle == ""


def test_a_primary_address_of_another_interface_never_moves(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    holding = one(node_of, PrivateIp(address=ip_address("10.0.1.11")))
    assert holding.obstacle == (
        f"it is the primary address of {eni(cloud, 'b')}, which EC2 never moves"
    )


def test_a_local_route_is_not_ours_to_take(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    assert "local route" in look(node_of, *routes(cloud, "10.0.0.0/16"))[0].obstacle


def test_a_table_of_another_vpc_is_an_obstacle(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    ec2 = cloud.client()
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    claim = Route(table=table, destination=ip_network("10.99.0.0/16"))
    assert f"{table} is of {vpc}" in one(node_of, claim).obstacle


def test_a_gateways_route_is_a_strangers_with_peers_and_takeable_without(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    ec2 = cloud.client()
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=cloud.built.vpc_id)
    put_route(cloud, "10.99.0.0/16", GatewayId=gateway)
    (claim,) = routes(cloud, "10.99.0.0/16")
    holding = one(node_of, claim)
    assert (holding.owner, holding.holder) == (Owner.STRANGER, gateway)
    assert one(node_of, claim, peers=()).owner is Owner.PEER


def test_a_route_to_an_interface_that_is_gone_is_nobodys(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    cloud.terminate_node("b")
    (claim,) = routes(cloud, "10.99.0.0/16")
    holding = one(node_of, claim)
    assert (holding.owner, holding.facts["state"]) == (Owner.NOBODY, "blackhole")
    node = node_of().provider
    (lane,) = node.steps([holding], node.identify())
    assert lane.steps[0].call == "ReplaceRoute"


# The way to the API


@pytest.mark.parametrize("table", ["own", "main"])
def test_a_default_route_in_the_own_subnets_table_would_cut_the_node_off(
    node_of: NodeMaker, cloud: EmbeddedAws, table: str
) -> None:
    ec2 = cloud.client()
    own = cloud.built.tables["own"]
    if table == "main":
        (found,) = ec2.describe_route_tables(RouteTableIds=[own])["RouteTables"]
        for use in found["Associations"]:
            ec2.disassociate_route_table(AssociationId=use["RouteTableAssociationId"])
        filters = [
            {"Name": "association.main", "Values": ["true"]},
            {"Name": "vpc-id", "Values": [cloud.built.vpc_id]},
        ]
        (main,) = ec2.describe_route_tables(Filters=filters)["RouteTables"]
        own = main["RouteTableId"]
    claim = Route(table=own, destination=ip_network("0.0.0.0/0"))
    obstacle = one(node_of, claim).obstacle
    assert "would turn its way to the EC2 API back to itself" in obstacle
    assert 'own_egress = "assured"' in obstacle
    assert one(node_of, claim, assured_egress=True).obstacle == ""


def test_the_main_table_is_another_nodes_when_the_subnet_has_its_own(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    filters = [
        {"Name": "association.main", "Values": ["true"]},
        {"Name": "vpc-id", "Values": [cloud.built.vpc_id]},
    ]
    (main,) = cloud.client().describe_route_tables(Filters=filters)["RouteTables"]
    claim = Route(table=main["RouteTableId"], destination=ip_network("0.0.0.0/0"))
    assert one(node_of, claim).obstacle == ""


def test_routes_that_do_not_cover_the_api_are_free_in_any_table(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    claims = routes(cloud, "10.99.0.0/16", "2001:db8:5::/64", table="own")
    assert {h.obstacle for h in look(node_of, *claims)} == {""}


# What the metadata service adds


def test_an_address_that_is_displaced_is_known_without_an_api_call(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    world = msgspec.structs.replace(
        WORLD,
        nodes=(
            WorldNode("a", "10.0.1.10", "one", own_public_ip="198.51.100.1"),
            *WORLD.nodes[1:],
        ),
    )
    cloud.build(world)
    node = node_of()
    (holding,) = node.provider.observe([VIP])
    assert holding.facts["displaces"] == "198.51.100.1"
    assert node.operations == ["DescribeAddresses"]
    both = node.provider.observe([VIP, PRIVATE])
    assert both[0].facts["displaces"] == "198.51.100.1"
    # Where the interface is read anyway, its allocation is known as well: kept for the way back.
    (found,) = cloud.client().describe_addresses(PublicIps=["198.51.100.1"])["Addresses"]
    assert both[0].facts["displaces_allocation_id"] == found["AllocationId"]


def test_a_plan_warns_that_the_nodes_own_public_address_is_displaced(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    """It may be the node's only way to the API, once a peer has taken the claimed one back."""
    own = WorldNode("a", "10.0.1.10", "one", own_public_ip="198.51.100.1")
    cloud.build(msgspec.structs.replace(WORLD, nodes=(own, *WORLD.nodes[1:])))
    plan = build_plan(node_of().provider, [VIP, PRIVATE, SEATED], instance="edge")
    (finding,) = plan.findings
    assert (finding.severity, finding.subject) == (Severity.WARNING, str(VIP))
    assert "it displaces 198.51.100.1" in finding.message
    assert not plan.blocked
    assured = build_plan(node_of(assured_egress=True).provider, [VIP], instance="edge")
    assert assured.findings == ()


class LaggingMachine:
    """A metadata service that has not heard of a moved address yet."""

    def __init__(self, real: Any) -> None:
        self.real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def addresses(self, node: Any) -> Any:
        return frozenset(node.addresses)


def test_a_private_ip_is_ours_once_the_instance_was_told_too(
    node_of: NodeMaker, cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = node_of()
    provider = node.provider
    provider.identify()
    cloud.client().assign_private_ip_addresses(
        NetworkInterfaceId=eni(cloud, "a"),
        PrivateIpAddresses=["10.0.1.100"],
        AllowReassignment=True,
    )
    assert provider.observe([PRIVATE])[0].owner is Owner.MINE
    monkeypatch.setattr(provider, "_machine", LaggingMachine(provider._machine))
    lagging = provider.observe([PRIVATE])[0]
    assert (lagging.owner, lagging.facts["metadata"]) == (Owner.UNKNOWN, "not yet")
    assert provider.steps([lagging], provider.identify()) == ()
    # A metadata service that lags must not stop a promotion for ever.
    monkeypatch.setattr(provider_module, "DOUBT_SECONDS", 0.0)
    assert provider.observe([PRIVATE])[0].owner is Owner.MINE


def test_a_metadata_service_that_fails_later_takes_nothing_away(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    node = node_of()
    node.provider.identify()
    node.provider.observe([VIP])
    cloud.faults = Faults(metadata_down=True)
    vip, private = node.provider.observe([VIP, PRIVATE])
    assert (vip.owner, private.owner) == (Owner.PEER, Owner.PEER)


# Tables of another account


def test_a_table_elsewhere_is_read_and_changed_as_its_role(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    arn = f"arn:aws:iam::{cloud.built.account}:role/network"
    claims = [msgspec.structs.replace(r, role_arn=arn) for r in routes(cloud)]
    node = node_of()
    holdings = node.provider.observe([*claims, *routes(cloud, "10.77.0.0/16")])
    assert [holding.owner for holding in holdings] == [Owner.PEER, Owner.PEER, Owner.NOBODY]
    # One look a role.
    assert node.operations.count("DescribeRouteTables") == 2
    assert node.operations.count("AssumeRole") == 1
    for lane in node.provider.steps(holdings[:1], node.provider.identify()):
        for step in lane.steps:
            node.provider.execute(step)
    assert node.provider.observe(claims[:1])[0].owner is Owner.MINE


def test_a_role_that_is_refused_spoils_only_its_own_tables(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    cloud.faults = Faults(errors={"AssumeRole": (403, "AccessDenied", 9)})
    arn = "arn:aws:iam::111122223333:role/network"
    (foreign,) = (msgspec.structs.replace(r, role_arn=arn) for r in routes(cloud, "10.99.0.0/16"))
    vip, there = look(node_of, VIP, foreign)
    assert vip.owner is Owner.PEER
    assert "sts:AssumeRole" in there.obstacle
