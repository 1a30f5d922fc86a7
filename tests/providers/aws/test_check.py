from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec
import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import WorldNode
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, Finding, PrivateIp, PublicIp, Route, Severity

from cloudfail_aws.check import _room, check_lanes
from cloudfail_aws.objects import Interface
from providers.aws.nodes import V6, WORLD, Node, NodeMaker

VIP = PublicIp(address=ip_address("203.0.113.7"))
PRIVATE = PrivateIp(address=ip_address("10.0.1.100"))
PRIVATE6 = PrivateIp(address=ip_address(V6))


def checked(node: Node, *claims: Claim) -> list[Finding]:
    provider = node.provider
    lanes = provider.steps(provider.observe(claims), provider.identify())
    return list(provider.check(lanes))


def told(findings: list[Finding], severity: Severity) -> str:
    return "\n".join(
        f"{f.subject}: {f.message} -> {f.remedy}" for f in findings if f.severity is severity
    )


def every_claim(cloud: EmbeddedAws) -> list[Claim]:
    table = cloud.built.tables["t"]
    return [
        VIP,
        PRIVATE,
        PRIVATE6,
        Route(table=table, destination=ip_network("10.99.0.0/16")),
        Route(table=table, destination=ip_network("10.98.0.0/16")),
    ]


def test_checking_changes_nothing_and_asks_for_no_role(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    node = node_of()
    before = cloud.holders
    checked(node, *every_claim(cloud))
    assert cloud.holders == before
    assert node.asked == []
    assert not any(call.mutating for call in node.calls)


def test_what_has_a_dry_run_is_proven_and_what_has_none_is_said(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    findings = checked(node_of(), *every_claim(cloud))
    proven = told(findings, Severity.OK)
    for call in ("AssociateAddress", "ReplaceRoute", "CreateRoute"):
        assert f"{call} on" in proven
    unproven = told(findings, Severity.WARNING)
    for call in ("AssignPrivateIpAddresses", "AssignIpv6Addresses", "UnassignIpv6Addresses"):
        assert f"unproven: {call} has no DryRun" in unproven
    assert told(findings, Severity.ERROR) == ""


def test_a_permission_that_is_missing_is_found_before_the_failover(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    cloud.faults = Faults(deny=("AssociateAddress",))
    errors = told(checked(node_of(), VIP), Severity.ERROR)
    assert "ec2:AssociateAddress on eipalloc-" in errors
    assert "promote would fail the same way" in errors


def test_routes_need_the_source_destination_check_off(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    mine = cloud.built.nodes["a"].interface_id
    cloud.client().modify_network_interface_attribute(
        NetworkInterfaceId=mine, SourceDestCheck={"Value": True}
    )
    claim = every_claim(cloud)[3]
    errors = told(checked(node_of(), claim), Severity.ERROR)
    assert "the source/destination check is on" in errors
    assert f"--network-interface-id {mine} --no-source-dest-check" in errors
    assert told(checked(node_of(), VIP), Severity.ERROR) == ""


def test_free_address_slots_are_counted(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    assert "of 12 IPv4 addresses that a t3.large takes" in told(
        checked(node_of(), PRIVATE), Severity.OK
    )
    cloud.client().assign_private_ip_addresses(
        NetworkInterfaceId=cloud.built.nodes["a"].interface_id,
        PrivateIpAddresses=[f"10.0.1.{n}" for n in range(200, 211)],
    )
    errors = told(checked(node_of(), PRIVATE), Severity.ERROR)
    assert "13 of 12 IPv4 addresses" in errors
    assert "larger instance type" in errors


def test_addresses_of_several_calls_are_counted_together(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    """IPv6 addresses of two holders are two calls."""
    node = node_of()
    free = PrivateIp(address=ip_address("2001:db8:0:1::101"))
    assert "3 of " in told(checked(node, PRIVATE6, free), Severity.OK)


def test_slots_that_cannot_be_counted_are_unproven(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    cloud.faults = Faults(deny=("DescribeInstanceTypes",))
    unproven = told(checked(node_of(), PRIVATE), Severity.WARNING)
    assert "free address slots: unproven: ec2:DescribeInstanceTypes" in unproven


def test_slots_need_the_instance_type(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    node = node_of()
    provider = node.provider
    lanes = provider.steps(provider.observe([PRIVATE]), provider.identify())
    for kind, said in (("", "the instance type is not known here"), ("zz.huge", "unproven: ")):
        facts = {**provider.identify().facts, "instance_type": kind}
        me = msgspec.structs.replace(provider.identify(), facts=facts)
        findings = check_lanes(provider._api, provider._looker, me, lanes)
        (slots,) = (f for f in findings if f.subject == "free address slots")
        assert said in slots.message


def test_a_type_whose_slots_ec2_does_not_tell_is_unproven() -> None:
    nic = Interface.read({"NetworkInterfaceId": "eni-1"})
    assert "does not say how many a x.y has" in _room(nic, 2, 0, "IPv4", "x.y").message


def test_reads_that_fail_leave_things_unproven(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    node = node_of()
    provider = node.provider
    lanes = provider.steps(provider.observe([VIP]), provider.identify())
    cloud.faults = Faults(deny=("DescribeRouteTables",))
    unproven = told(list(provider.check(lanes)), Severity.WARNING)
    assert "route table could not be read" in unproven
    cloud.faults = Faults(deny=("DescribeNetworkInterfaces",))
    unproven = told(list(provider.check(lanes)), Severity.WARNING)
    assert "interface: unproven: ec2:DescribeNetworkInterfaces" in unproven


def give_own_address(cloud: EmbeddedAws) -> None:
    own = WorldNode("a", "10.0.1.10", "one", own_public_ip="198.51.100.1")
    cloud.build(msgspec.structs.replace(WORLD, nodes=(own, *WORLD.nodes[1:])))


def default_route(cloud: EmbeddedAws, **target: str) -> None:
    cloud.client().create_route(
        RouteTableId=cloud.built.tables["own"], DestinationCidrBlock="0.0.0.0/0", **target
    )


def test_egress_that_hangs_on_the_address_that_moves_is_warned_of(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    give_own_address(cloud)
    ec2 = cloud.client()
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=cloud.built.vpc_id)
    default_route(cloud, GatewayId=gateway)
    warnings = told(checked(node_of(), VIP), Severity.WARNING)
    assert "not proven: 10.0.1.10 leaves by its public address (now: 198.51.100.1)" in warnings
    assert "secondary private_address" in warnings


def test_egress_through_another_machine_is_proven(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    default_route(cloud, NetworkInterfaceId=cloud.built.nodes["x"].interface_id)
    findings = checked(node_of(), VIP)
    assert "proven: its subnet leaves through eni-" in told(findings, Severity.OK)
    assert told(findings, Severity.WARNING) == ""


def test_an_elastic_ip_behind_nat_is_warned_of(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    ec2 = cloud.client()
    subnets = ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [cloud.built.vpc_id]}])
    subnet = subnets["Subnets"][0]["SubnetId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    default_route(cloud, NatGatewayId=gateway["NatGatewayId"])
    node = node_of()
    findings = checked(node, VIP)
    assert "proven: its subnet leaves through nat-" in told(findings, Severity.OK)
    assert "an Elastic IP does not answer there" in told(findings, Severity.WARNING)
    assert "does not answer" not in told(checked(node, PRIVATE), Severity.WARNING)


def test_egress_by_an_address_that_stays_is_not_questioned(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    seated = msgspec.structs.replace(VIP, private_address=ip_address("10.0.1.100"))
    findings = checked(node_of(), seated, PRIVATE)
    assert not any("way of" in finding.subject for finding in findings)


def test_a_subnet_without_a_table_of_its_own_follows_the_main_one(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    ec2 = cloud.client()
    (own,) = ec2.describe_route_tables(RouteTableIds=[cloud.built.tables["own"]])["RouteTables"]
    for use in own["Associations"]:
        ec2.disassociate_route_table(AssociationId=use["RouteTableAssociationId"])
    assert "not proven" in told(checked(node_of(), VIP), Severity.WARNING)


@pytest.mark.parametrize("lanes", [()])
def test_nothing_to_do_is_nothing_to_find(node_of: NodeMaker, lanes: tuple[()]) -> None:
    assert node_of().provider.check(lanes) == []
