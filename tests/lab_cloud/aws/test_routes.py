from __future__ import annotations

from typing import Any

import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built

from lab_cloud.aws.worlds import VIP, code, refusal

V4 = {"DestinationCidrBlock": "10.99.0.0/16"}
V6 = {"DestinationIpv6CidrBlock": "2001:db8:9::/64"}


@pytest.fixture
def table(built: Built) -> str:
    return built.tables["t"]


def route(ec2: Any, table: str, destination: dict[str, str]) -> dict[str, Any]:
    found = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    for item in found:
        if destination.items() <= item.items():
            return dict(item)
    return {}


@pytest.mark.parametrize("destination", [V4, V6])
def test_replacing_a_route_moves_it(
    ec2: Any, eni: dict[str, str], table: str, built: Built, destination: dict[str, str]
) -> None:
    ec2.replace_route(RouteTableId=table, NetworkInterfaceId=eni["b"], **destination)
    now = route(ec2, table, destination)
    assert now["NetworkInterfaceId"] == eni["b"]
    assert now["InstanceId"] == built.nodes["b"].instance_id
    assert now["State"] == "active"


@pytest.mark.parametrize("name", ["create_route", "replace_route"])
def test_a_dry_run_answers_dry_run_operation_and_changes_nothing(
    ec2: Any, eni: dict[str, str], table: str, name: str
) -> None:
    error = refusal(
        getattr(ec2, name),
        RouteTableId=table,
        NetworkInterfaceId=eni["b"],
        DryRun=True,
        **V4,
    )
    assert error.response["Error"]["Code"] == "DryRunOperation"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert route(ec2, table, V4)["NetworkInterfaceId"] == eni["a"]


def test_a_dry_run_deletes_no_route(ec2: Any, table: str) -> None:
    assert code(ec2.delete_route, RouteTableId=table, DryRun=True, **V4) == "DryRunOperation"
    assert route(ec2, table, V4)
    assert code(ec2.describe_route_tables, DryRun=True) == "DryRunOperation"


def test_a_dry_run_in_an_unknown_table_is_refused(ec2: Any, eni: dict[str, str]) -> None:
    params = {"RouteTableId": "rtb-1", "NetworkInterfaceId": eni["b"], **V4}
    assert code(ec2.replace_route, DryRun=True, **params) == "InvalidRouteTableID.NotFound"


@pytest.mark.parametrize("destination", [V4, V6])
def test_creating_a_route_that_exists_is_refused(
    ec2: Any, eni: dict[str, str], table: str, destination: dict[str, str]
) -> None:
    params = {"RouteTableId": table, "NetworkInterfaceId": eni["b"], **destination}
    assert code(ec2.create_route, **params) == "RouteAlreadyExists"
    assert route(ec2, table, destination)["NetworkInterfaceId"] == eni["a"]


def test_replacing_a_route_that_is_missing_points_to_create_route(
    ec2: Any, eni: dict[str, str], table: str
) -> None:
    params = {"RouteTableId": table, "NetworkInterfaceId": eni["b"]}
    error = refusal(ec2.replace_route, DestinationCidrBlock="10.98.0.0/16", **params)
    assert error.response["Error"]["Code"] == "InvalidParameterValue"
    assert "Use CreateRoute instead" in error.response["Error"]["Message"]
    ec2.create_route(DestinationCidrBlock="10.98.0.0/16", **params)
    created = route(ec2, table, {"DestinationCidrBlock": "10.98.0.0/16"})
    assert created["NetworkInterfaceId"] == eni["b"]


def test_a_deleted_route_is_gone(ec2: Any, table: str) -> None:
    ec2.delete_route(RouteTableId=table, **V4)
    assert route(ec2, table, V4) == {}
    assert code(ec2.delete_route, RouteTableId=table, **V4) == "InvalidRoute.NotFound"


def test_termination_leaves_a_blackhole_that_replace_route_mends(
    cloud: EmbeddedAws, ec2: Any, eni: dict[str, str], table: str
) -> None:
    cloud.terminate_node("a")
    assert route(ec2, table, V4)["State"] == "blackhole"
    ec2.replace_route(RouteTableId=table, NetworkInterfaceId=eni["b"], **V4)
    assert route(ec2, table, V4)["State"] == "active"


def test_a_stopped_instance_leaves_a_blackhole(ec2: Any, table: str, built: Built) -> None:
    ec2.stop_instances(InstanceIds=[built.nodes["a"].instance_id])
    assert route(ec2, table, V4)["State"] == "blackhole"


def test_termination_frees_the_eip_and_deletes_the_interface(
    cloud: EmbeddedAws, ec2: Any, eni: dict[str, str], built: Built
) -> None:
    cloud.terminate_node("a")
    address = ec2.describe_addresses(AllocationIds=[built.public_ips[VIP]])["Addresses"][0]
    assert "AssociationId" not in address
    missing = code(ec2.describe_network_interfaces, NetworkInterfaceIds=[eni["a"]])
    assert missing == "InvalidNetworkInterfaceID.NotFound"


def test_termination_detaches_an_interface_that_was_attached_later(
    cloud: EmbeddedAws, ec2: Any, built: Built
) -> None:
    second = built.nodes["c"].interfaces[1].interface_id
    cloud.terminate_node("c")
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[second])
    assert found["NetworkInterfaces"][0]["Status"] == "available"


def test_source_dest_check_can_be_seen_and_set(ec2: Any, eni: dict[str, str]) -> None:
    def check() -> bool:
        found = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni["a"]])
        return bool(found["NetworkInterfaces"][0]["SourceDestCheck"])

    assert check() is False
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=eni["a"], SourceDestCheck={"Value": True}
    )
    assert check() is True
