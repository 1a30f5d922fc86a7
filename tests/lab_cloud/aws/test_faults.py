from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions
import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.aws.worlds import VIP, code, refusal
from lab_cloud.together import Together


@pytest.fixture(autouse=True)
def no_faults_after(running: EmbeddedAws) -> Iterator[None]:
    yield
    running.faults = Faults()


@pytest.fixture
def vip(built: Built) -> str:
    return built.public_ips[VIP]


def holder(ec2: Any, allocation: str) -> str:
    found = ec2.describe_addresses(AllocationIds=[allocation])["Addresses"][0]
    return str(found.get("NetworkInterfaceId", ""))


def reset(call: Any, **params: Any) -> None:
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        call(**params)


def test_parallel_requests_wait_for_their_latency_at_the_same_time(
    cloud: EmbeddedAws, ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2.describe_addresses()
    cloud.faults = Faults(latency_ms=500)
    monkeypatch.setattr(cloud.api, "_clock", Together(8))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ec2.describe_addresses(), range(8)))
    assert len(found) == 8  # one after the other, none would come back


def test_the_effect_comes_after_the_latency(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(latency_ms=100)
    began = time.monotonic()
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert cloud.changes[0].t - began >= 0.1


def test_throttled_calls_are_counted_by_operation(cloud: EmbeddedAws, ec2: Any) -> None:
    cloud.faults = Faults(throttle={"DescribeAddresses": 2})
    for _ in range(2):
        error = refusal(ec2.describe_addresses)
        assert error.response["Error"]["Code"] == "RequestLimitExceeded"
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert error.response["ResponseMetadata"]["RequestId"]
    ec2.describe_addresses()
    assert [call.status for call in cloud.calls] == [503, 503, 200]


def test_any_operation_can_be_throttled(cloud: EmbeddedAws, ec2: Any) -> None:
    cloud.faults = Faults(throttle={"*": 1})
    assert code(ec2.describe_route_tables) == "RequestLimitExceeded"
    ec2.describe_addresses()


def test_an_injected_error_has_its_status_and_code_and_no_effect(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(errors={"AssociateAddress": (500, "InternalError", 1)})
    error = refusal(ec2.associate_address, AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert error.response["Error"]["Code"] == "InternalError"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert holder(ec2, vip) == eni["a"]
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["c"])


def test_a_reset_before_the_effect_loses_call_and_answer(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(reset={"AssociateAddress": 1})
    reset(ec2.associate_address, AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert holder(ec2, vip) == eni["a"]
    assert cloud.calls[0].status == 0


def test_a_reset_after_the_effect_loses_only_the_answer(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(reset_after={"AssociateAddress": 1})
    reset(ec2.associate_address, AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert holder(ec2, vip) == eni["c"]
    assert [change.node for change in cloud.changes] == ["c"]


def test_a_reset_is_a_reset_on_the_wire(cloud: EmbeddedAws) -> None:
    cloud.faults = Faults(down=True)
    link = http.client.HTTPConnection(urlsplit(cloud.endpoint).netloc, timeout=30)
    link.request("POST", "/", body="Action=DescribeAddresses&Version=2016-11-15")
    with pytest.raises(ConnectionResetError):
        link.getresponse()
    link.close()


def test_reads_are_stale_for_as_many_reads_as_were_asked_for(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(stale_reads=2)
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert [holder(ec2, vip) for _ in range(3)] == [eni["a"], eni["a"], eni["c"]]


def test_stale_reads_show_the_old_holder_of_everything(
    cloud: EmbeddedAws, ec2: Any, built: Built, eni: dict[str, str]
) -> None:
    def told() -> tuple[bool, str]:
        nic = ec2.describe_network_interfaces(NetworkInterfaceIds=[eni["a"]])
        private = [i["PrivateIpAddress"] for i in nic["NetworkInterfaces"][0]["PrivateIpAddresses"]]
        tables = ec2.describe_route_tables(RouteTableIds=[built.tables["t"]])
        routes = tables["RouteTables"][0]["Routes"]
        route = next(r for r in routes if r.get("DestinationCidrBlock") == "10.99.0.0/16")
        return "10.0.1.100" in private, route["NetworkInterfaceId"]

    ec2.replace_route(
        RouteTableId=built.tables["t"],
        DestinationCidrBlock="10.99.0.0/16",
        NetworkInterfaceId=eni["b"],
    )
    cloud.faults = Faults(stale_reads=2)
    ec2.assign_private_ip_addresses(
        NetworkInterfaceId=eni["b"], PrivateIpAddresses=["10.0.1.100"], AllowReassignment=True
    )
    assert told() == (True, eni["b"])
    assert told() == (False, eni["b"])


def test_stale_reads_end_after_their_time(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(stale_ms=300)
    began = time.monotonic()
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["c"])
    while holder(ec2, vip) != eni["c"]:
        assert time.monotonic() - began < 60
    assert time.monotonic() - began >= 0.3


def test_taking_the_fault_away_ends_stale_reads(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(stale_reads=9)
    ec2.associate_address(AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert holder(ec2, vip) == eni["a"]
    cloud.faults = Faults()
    assert holder(ec2, vip) == eni["c"]


def test_a_denied_operation_has_ec2s_words(
    cloud: EmbeddedAws, ec2: Any, vip: str, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(deny=("AssociateAddress",))
    error = refusal(ec2.associate_address, AllocationId=vip, NetworkInterfaceId=eni["c"])
    assert error.response["Error"]["Code"] == "UnauthorizedOperation"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    message = error.response["Error"]["Message"]
    assert "is not authorized to perform: ec2:AssociateAddress" in message
    assert holder(ec2, vip) == eni["a"]


def test_while_down_only_the_control_api_answers(cloud: EmbeddedAws, ec2: Any) -> None:
    from cloudfail.lab.cloud.client import CloudControl

    control = CloudControl(cloud.control, Built)
    control.set_faults(Faults(down=True))
    reset(ec2.describe_addresses)
    control.set_faults(Faults())
    ec2.describe_addresses()


def test_counted_faults_are_used_up_once_by_parallel_calls(cloud: EmbeddedAws, ec2: Any) -> None:
    cloud.faults = Faults(throttle={"DescribeAddresses": 3})
    barrier = threading.Barrier(6)

    def ask(_: int) -> str:
        barrier.wait(60)
        try:
            ec2.describe_addresses()
        except botocore.exceptions.ClientError as exc:
            return str(exc.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(ask, range(6)))
    assert sorted(codes) == [""] * 3 + ["RequestLimitExceeded"] * 3


def test_an_unknown_service_is_refused(cloud: EmbeddedAws) -> None:
    assert code(cloud.client("sns").list_topics) == "InvalidAction"


def test_sts_fails_in_its_own_words(cloud: EmbeddedAws) -> None:
    sts = cloud.client("sts")
    role = {"RoleArn": "arn:aws:iam::111122223333:role/tables", "RoleSessionName": "cf"}
    cloud.faults = Faults(throttle={"AssumeRole": 1}, errors={"AssumeRole": (403, "Odd", 1)})
    assert code(sts.assume_role, **role) == "Throttling"
    assert code(sts.assume_role, **role) == "Odd"
    cloud.faults = Faults(deny=("AssumeRole",))
    assert code(sts.assume_role, **role) == "AccessDenied"


def test_a_bucket_throttles_what_is_above_its_capacity_and_refills(
    cloud: EmbeddedAws, ec2: Any
) -> None:
    cloud.faults = Faults(buckets={"DescribeAddresses": (2, 0.5)})
    ec2.describe_addresses()
    ec2.describe_addresses()
    began = time.monotonic()
    assert code(ec2.describe_addresses) == "RequestLimitExceeded"
    ec2.describe_route_tables()
    while True:
        try:
            ec2.describe_addresses()
            break
        except botocore.exceptions.ClientError:
            assert time.monotonic() - began < 60


def test_buckets_of_any_operation_are_one_for_each(cloud: EmbeddedAws, ec2: Any) -> None:
    cloud.faults = Faults(buckets={"*": (1, 0)})
    ec2.describe_addresses()
    ec2.describe_route_tables()
    assert code(ec2.describe_addresses) == "RequestLimitExceeded"


def test_what_moto_cannot_do_is_said(cloud: EmbeddedAws, ec2: Any) -> None:
    error = refusal(ec2.describe_id_format)
    assert error.response["Error"]["Code"] == "InvalidAction"
    assert "describe_id_format" in error.response["Error"]["Message"]


def test_a_bug_of_the_cloud_is_seen_by_its_caller(
    cloud: EmbeddedAws, ec2: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloud.api.engine, "_answer", None)
    error = refusal(ec2.describe_addresses)
    assert error.response["Error"]["Code"] == "InternalError"
    assert "TypeError" in error.response["Error"]["Message"]
