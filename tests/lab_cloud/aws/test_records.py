from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built
from cloudfail.lab.cloud.records import Change

from lab_cloud.aws.worlds import OWN_B, VIP, code


def seen(cloud: EmbeddedAws) -> list[tuple[str, str, str]]:
    return [(change.kind, change.target, change.node) for change in cloud.changes]


def test_a_fresh_world_has_no_changes_and_no_calls(cloud: EmbeddedAws) -> None:
    assert cloud.changes == []
    assert cloud.calls == []


def test_an_atomic_move_is_one_change_and_no_gap(
    cloud: EmbeddedAws, ec2: Any, built: Built, eni: dict[str, str]
) -> None:
    began = time.monotonic()
    ec2.associate_address(AllocationId=built.public_ips[VIP], NetworkInterfaceId=eni["c"])
    ended = time.monotonic()
    assert seen(cloud) == [("public-ip", VIP, "c")]
    change = cloud.changes[0]
    assert began < change.t < ended
    assert change.holder == eni["c"]
    assert change.number == 1


def test_disassociate_and_associate_show_nobody_in_between(
    cloud: EmbeddedAws, ec2: Any, built: Built
) -> None:
    ec2.disassociate_address(PublicIp=VIP)
    ec2.associate_address(PublicIp=VIP, InstanceId=built.nodes["b"].instance_id)
    assert seen(cloud)[0] == ("public-ip", VIP, "")
    assert sorted(seen(cloud)[1:]) == [("public-ip", OWN_B, ""), ("public-ip", VIP, "b")]


def test_a_write_without_an_effect_is_no_change(
    cloud: EmbeddedAws, ec2: Any, built: Built, eni: dict[str, str]
) -> None:
    ec2.associate_address(AllocationId=built.public_ips[VIP], NetworkInterfaceId=eni["a"])
    assert cloud.changes == []
    assert [call.mutating for call in cloud.calls] == [True]


def test_private_addresses_and_the_eip_they_drag_change_together(
    cloud: EmbeddedAws, ec2: Any, built: Built, eni: dict[str, str]
) -> None:
    ec2.associate_address(
        AllocationId=built.public_ips[VIP],
        NetworkInterfaceId=eni["a"],
        PrivateIpAddress="10.0.1.100",
    )
    ec2.assign_private_ip_addresses(
        NetworkInterfaceId=eni["b"], PrivateIpAddresses=["10.0.1.100"], AllowReassignment=True
    )
    assert sorted(seen(cloud)) == [
        ("private-ip", "10.0.1.100", "b"),
        ("public-ip", VIP, "b"),
    ]
    assert len({change.t for change in cloud.changes}) == 1


def test_an_ipv6_move_shows_its_gap(cloud: EmbeddedAws, ec2: Any, eni: dict[str, str]) -> None:
    address = "2001:db8:0:1::5"
    ec2.unassign_ipv6_addresses(NetworkInterfaceId=eni["a"], Ipv6Addresses=[address])
    ec2.assign_ipv6_addresses(NetworkInterfaceId=eni["b"], Ipv6Addresses=[address])
    assert seen(cloud) == [("private-ip", address, ""), ("private-ip", address, "b")]


def test_routes_change_by_table_and_destination(
    cloud: EmbeddedAws, ec2: Any, built: Built, eni: dict[str, str]
) -> None:
    table = built.tables["t"]
    for destination in (
        {"DestinationCidrBlock": "10.99.0.0/16"},
        {"DestinationIpv6CidrBlock": "2001:db8:9::/64"},
    ):
        ec2.replace_route(RouteTableId=table, NetworkInterfaceId=eni["c"], **destination)
    assert seen(cloud) == [
        ("route", f"{table} 10.99.0.0/16", "c"),
        ("route", f"{table} 2001:db8:9::/64", "c"),
    ]


def test_a_terminated_holder_leaves_nobody(cloud: EmbeddedAws, built: Built) -> None:
    cloud.terminate_node("a")
    table = built.tables["t"]
    assert {
        ("public-ip", VIP, ""),
        ("private-ip", "10.0.1.100", ""),
        ("route", f"{table} 10.99.0.0/16", ""),
    } <= set(seen(cloud))


def test_holders_tell_who_has_each_target_now(
    cloud: EmbeddedAws, ec2: Any, built: Built, eni: dict[str, str]
) -> None:
    before = {item.target: item.node for item in cloud.holders}
    assert before[VIP] == "a"
    assert before["10.0.1.100"] == "a"
    assert before[f"{built.tables['t']} 10.99.0.0/16"] == "a"
    ec2.associate_address(AllocationId=built.public_ips[VIP], NetworkInterfaceId=eni["c"])
    assert {item.target: item.node for item in cloud.holders} == {**before, VIP: "c"}


def test_a_callback_hears_of_a_change_before_the_caller_does(
    ec2: Any, cloud: EmbeddedAws, eni: dict[str, str]
) -> None:
    heard: list[Change] = []
    cloud.on_change(heard.append)
    try:
        ec2.associate_address(PublicIp=VIP, NetworkInterfaceId=eni["c"])
        assert [change.node for change in heard] == ["c"]
    finally:
        cloud.ledger.forget(heard.append)


def test_a_waiting_reader_is_woken_by_a_change(
    cloud: EmbeddedAws, ec2: Any, eni: dict[str, str]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(cloud.ledger.changes, 0, 20.0)
        ec2.associate_address(PublicIp=VIP, NetworkInterfaceId=eni["c"])
        assert [change.node for change in waiting.result(60)] == ["c"]
    assert cloud.ledger.changes(1, wait=0.01) == []


def test_calls_tell_operation_parameters_and_outcome(
    cloud: EmbeddedAws, ec2: Any, built: Built, eni: dict[str, str]
) -> None:
    began = time.monotonic()
    answer = ec2.describe_addresses(AllocationIds=[built.public_ips[VIP]])
    code(ec2.associate_address, PublicIp=VIP, NetworkInterfaceId="eni-1")
    code(ec2.associate_address, PublicIp=VIP, NetworkInterfaceId=eni["b"], DryRun=True)
    read, write, dry = cloud.calls
    assert (read.operation, read.mutating, read.status) == ("DescribeAddresses", False, 200)
    assert read.params == {"AllocationId.1": built.public_ips[VIP]}
    assert read.request_id == answer["ResponseMetadata"]["RequestId"]
    assert began < read.t < read.t + read.seconds < time.monotonic()
    assert read.source == "127.0.0.1"
    assert (write.mutating, write.status) == (True, 400)
    assert write.code == "InvalidNetworkInterfaceID.NotFound"
    assert (dry.mutating, dry.status, dry.code) == (False, 412, "DryRunOperation")
    assert [call.number for call in cloud.calls] == [1, 2, 3]


def test_every_answer_has_a_request_id_of_its_own(cloud: EmbeddedAws, ec2: Any) -> None:
    ids = [ec2.describe_addresses()["ResponseMetadata"]["RequestId"] for _ in range(3)]
    assert len(set(ids)) == 3
    assert [call.request_id for call in cloud.calls] == ids
