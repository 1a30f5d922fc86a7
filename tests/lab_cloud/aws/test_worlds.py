from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built, World

from lab_cloud.aws.worlds import OWN_B, PAIR, VIP


def test_a_world_survives_json() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PAIR), type=World) == PAIR


def test_a_node_is_found_by_its_name() -> None:
    assert PAIR.node("b").address == "10.0.1.11"
    with pytest.raises(KeyError):
        PAIR.node("z")


def test_the_built_world_is_what_was_asked_for(ec2: Any, built: Built) -> None:
    held = {
        item["PublicIp"]: (item["NetworkInterfaceId"], item["PrivateIpAddress"])
        for item in ec2.describe_addresses()["Addresses"]
    }
    assert held == {
        VIP: (built.nodes["a"].interface_id, "10.0.1.10"),
        OWN_B: (built.nodes["b"].interface_id, "10.0.1.11"),
    }
    node = built.nodes["c"]
    second = node.interfaces[1]
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[second.interface_id])
    nic = found["NetworkInterfaces"][0]
    assert nic["Attachment"]["InstanceId"] == node.instance_id
    assert nic["PrivateIpAddress"] == "10.0.2.77"
    assert nic["MacAddress"] == second.mac
    table = ec2.describe_route_tables(RouteTableIds=[built.tables["t"]])["RouteTables"][0]
    assert table["Associations"][0]["SubnetId"] == built.subnets["one"]


def test_an_eip_may_start_on_a_secondary_address_or_with_nobody(running: EmbeddedAws) -> None:
    public = msgspec.structs.replace(PAIR.public_ips[0], private_address="10.0.1.100")
    spare = msgspec.structs.replace(public, address="203.0.113.8", holder="", private_address="")
    running.build(msgspec.structs.replace(PAIR, public_ips=(public, spare)))
    held = {item.target: item.node for item in running.holders if item.kind == "public-ip"}
    assert held == {VIP: "a", "203.0.113.8": "", OWN_B: "b"}


def test_the_same_world_gets_the_same_ids_again(running: EmbeddedAws) -> None:
    assert running.build(PAIR) == running.build(PAIR)


def test_a_holder_that_is_no_node_is_refused(running: EmbeddedAws) -> None:
    public = msgspec.structs.replace(PAIR.public_ips[0], holder="z")
    with pytest.raises(UsageError, match="'z'"):
        running.build(msgspec.structs.replace(PAIR, public_ips=(public,)))


def test_two_clouds_in_one_process_do_not_meet(cloud: EmbeddedAws, ec2: Any) -> None:
    with EmbeddedAws() as other:
        built = other.build(PAIR)
        assert built.account != cloud.built.account
        moved = {"PublicIp": VIP, "NetworkInterfaceId": built.nodes["c"].interface_id}
        other.client().associate_address(**moved)
        assert [change.node for change in other.changes] == ["c"]
    assert cloud.changes == []
    assert len(ec2.describe_addresses()["Addresses"]) == 2


def test_a_cloud_that_was_not_started_says_so() -> None:
    idle = EmbeddedAws()
    with pytest.raises(UsageError, match="not running"):
        _ = idle.endpoint
    idle.close()
    with EmbeddedAws() as other:
        idle.close()
        with EmbeddedAws() as third:
            assert third.build(PAIR).account != other.build(PAIR).account


def test_one_connection_serves_many_requests(cloud: EmbeddedAws) -> None:
    link = http.client.HTTPConnection(urlsplit(cloud.endpoint).netloc, timeout=30)
    body = "Action=DescribeAddresses&Version=2016-11-15"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    sockets = set()
    for _ in range(3):
        link.request("POST", "/", body=body, headers=headers)
        sockets.add(id(link.sock))
        answer = link.getresponse()
        assert answer.status == 200
        assert answer.version == 11
        assert b"DescribeAddressesResponse" in answer.read()
    link.close()
    assert len(sockets) == 1


def test_an_unsigned_request_and_a_query_string_are_understood(cloud: EmbeddedAws) -> None:
    link = http.client.HTTPConnection(urlsplit(cloud.endpoint).netloc, timeout=30)
    link.request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")
    answer = link.getresponse()
    assert cloud.built.account in answer.read().decode()
    link.close()
    assert [(c.service, c.operation) for c in cloud.calls] == [("sts", "GetCallerIdentity")]
