from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloudfail.clock import Clock, SystemClock
from cloudfail.errors import (
    DeniedError,
    ProviderError,
    SupersededError,
    ThrottledError,
    TransientError,
    UnreachableError,
)
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import PublicIp
from cloudfail.provider import ApiCall, Setup
from cloudfail.testing.clock import FakeClock

from cloudfail_aws.api import Api
from cloudfail_aws.credentials import Keys
from cloudfail_aws.operations import READS, WRITES, is_mutating
from cloudfail_aws.sdk import Clients
from cloudfail_aws.settings import AwsSettings
from providers.aws.nodes import NodeMaker

ROLE = Keys(access_key="ASIA", secret_key="s", token="t", expires="2999-01-01T00:00:00Z")


class Caller:
    """An Api on the embedded cloud, and everything that went through its hooks."""

    def __init__(self, endpoint: str, clock: Clock | None = None) -> None:
        self.calls: list[ApiCall] = []
        self.asked: list[str] = []
        self.keys_asked = 0
        settings = AwsSettings(endpoint=endpoint, region="eu-central-1")
        setup = Setup(settings=settings, before_write=self.before_write, on_call=self.calls.append)
        self.refuse = False
        clients = Clients(
            settings, region=lambda: "eu-central-1", role_keys=self.role_keys, width=2
        )
        self.api = Api(clients, setup, clock or SystemClock())

    def role_keys(self) -> Keys:
        self.keys_asked += 1
        return ROLE

    def before_write(self, operation: str) -> None:
        self.asked.append(operation)
        if self.refuse:
            raise SupersededError("a newer role")


@pytest.fixture
def caller(cloud: EmbeddedAws) -> Caller:
    return Caller(cloud.endpoint)


def associate(cloud: EmbeddedAws, **more: Any) -> dict[str, Any]:
    return {
        "AllocationId": cloud.built.public_ips["203.0.113.7"],
        "NetworkInterfaceId": cloud.built.nodes["a"].interface_id,
        "AllowReassociation": True,
        **more,
    }


def test_every_operation_is_known_to_look_or_to_write() -> None:
    assert not any(map(is_mutating, READS))
    assert all(map(is_mutating, WRITES))
    # What nobody has listed is taken for a write.
    assert is_mutating("DeleteEverything")


def test_a_write_passes_the_role_check_and_a_read_does_not(
    caller: Caller, cloud: EmbeddedAws
) -> None:
    caller.api.call("DescribeAddresses", {})
    assert caller.asked == []
    caller.api.call("AssociateAddress", associate(cloud))
    assert caller.asked == ["AssociateAddress"]


def test_a_refused_role_check_comes_out_as_it_is_and_nothing_was_sent(
    caller: Caller, cloud: EmbeddedAws
) -> None:
    caller.refuse = True
    with pytest.raises(SupersededError, match=r"^a newer role$") as caught:
        caller.api.call("AssociateAddress", associate(cloud))
    assert caught.value.__cause__ is None
    assert cloud.calls == []
    assert caller.calls == []


def test_a_dry_run_is_no_write(caller: Caller, cloud: EmbeddedAws) -> None:
    caller.refuse = True
    with pytest.raises(ProviderError) as caught:
        caller.api.call("AssociateAddress", associate(cloud, DryRun=True))
    assert caught.value.code == "DryRunOperation"
    assert caller.asked == []
    assert [call.mutating for call in caller.calls] == [False]


def test_every_request_is_reported_with_its_id_and_code(caller: Caller, cloud: EmbeddedAws) -> None:
    cloud.faults = Faults(errors={"AssociateAddress": (400, "Strange", 1)}, latency_ms=20)
    with pytest.raises(ProviderError):
        caller.api.call("AssociateAddress", associate(cloud))
    caller.api.call("AssociateAddress", associate(cloud))
    refused, done = caller.calls
    assert [call.request_id for call in caller.calls] == [c.request_id for c in cloud.calls]
    assert (refused.status, refused.code, refused.mutating) == (400, "Strange", True)
    assert (done.status, done.code, done.operation) == (200, "", "AssociateAddress")
    assert done.seconds >= 0.02


def test_a_reset_connection_is_reported_and_tried_again_at_once(
    caller: Caller, cloud: EmbeddedAws
) -> None:
    caller.api.call("DescribeAddresses", {})
    cloud.faults = Faults(reset={"DescribeAddresses": 1})
    with pytest.raises(TransientError) as caught:
        caller.api.call("DescribeAddresses", {})
    assert caught.value.fresh_connection
    assert (caller.calls[-1].status, caller.calls[-1].request_id) == (0, "")
    # Nothing is repeated behind our back: one request, one answer (or none).
    assert len(cloud.calls) == 2


def test_server_errors_are_not_repeated_by_the_sdk(caller: Caller, cloud: EmbeddedAws) -> None:
    cloud.faults = Faults(errors={"*": (503, "Unavailable", 9)})
    with pytest.raises(TransientError):
        caller.api.call("DescribeAddresses", {})
    assert len(cloud.calls) == 1


def test_throttling_by_ec2_holds_back_the_next_call(cloud: EmbeddedAws) -> None:
    clock = FakeClock()
    caller = Caller(cloud.endpoint, clock)
    cloud.faults = Faults(throttle={"DescribeAddresses": 1})
    with pytest.raises(ThrottledError) as first:
        caller.api.call("DescribeAddresses", {})
    assert first.value.code == "RequestLimitExceeded"
    with pytest.raises(ThrottledError) as second:
        caller.api.call("DescribeAddresses", {})
    assert second.value.code == "LocalThrottle"
    assert second.value.retry_after is not None
    assert len(cloud.calls) == 1
    clock.sleep(second.value.retry_after)
    caller.api.call("DescribeAddresses", {})


def test_expired_credentials_are_fetched_anew(caller: Caller, cloud: EmbeddedAws) -> None:
    caller.api.call("DescribeAddresses", {})
    assert caller.keys_asked == 1
    cloud.faults = Faults(errors={"DescribeAddresses": (400, "RequestExpired", 1)})
    with pytest.raises(TransientError):
        caller.api.call("DescribeAddresses", {})
    caller.api.call("DescribeAddresses", {})
    assert caller.keys_asked == 2


def test_a_denied_call_names_its_permission(caller: Caller, cloud: EmbeddedAws) -> None:
    cloud.faults = Faults(deny=("AssociateAddress",))
    with pytest.raises(DeniedError, match="ec2:AssociateAddress on eipalloc-1 is not") as caught:
        caller.api.call("AssociateAddress", associate(cloud), subject="eipalloc-1")
    assert isinstance(caught.value.__cause__, ClientError)


def test_an_api_that_is_not_there_is_named() -> None:
    caller = Caller("http://127.0.0.1:9")
    with pytest.raises(UnreachableError, match=r"cannot reach http://127.0.0.1:9"):
        caller.api.call("DescribeAddresses", {})


def test_a_client_that_cannot_be_made_is_translated_too(node_of: NodeMaker) -> None:
    node = node_of(settings=AwsSettings(profile="nobody"))
    with pytest.raises(Exception, match="nobody") as caught:
        node.provider.observe([PublicIp(address=ip_address("203.0.113.7"))])
    assert type(caught.value).__name__ == "ConfigError"


def test_a_role_that_may_not_be_assumed_is_named(node_of: NodeMaker, cloud: EmbeddedAws) -> None:
    arn = f"arn:aws:iam::{cloud.built.account}:role/other"
    cloud.faults = Faults(errors={"AssumeRole": (403, "AccessDenied", 1)})
    node = node_of(settings=AwsSettings(endpoint=cloud.endpoint, role_arn=arn))
    with pytest.raises(DeniedError, match="sts:AssumeRole") as caught:
        node.provider.observe([PublicIp(address=ip_address("203.0.113.7"))])
    assert caught.value.permission == "sts:AssumeRole"
    assert [(call.operation, call.code) for call in node.calls] == [("AssumeRole", "AccessDenied")]


@pytest.mark.parametrize("variable", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2"])
def test_the_endpoint_variables_of_the_sdk_are_honoured(
    node_of: NodeMaker, cloud: EmbeddedAws, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, cloud.endpoint)
    node = node_of(settings=AwsSettings())
    node.provider.observe([PublicIp(address=ip_address("203.0.113.7"))])
    assert [call.operation for call in cloud.calls] == ["DescribeAddresses"]
