from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeniedError,
    ProviderError,
    TransientError,
)
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, PrivateIp, Route, Step

from cloudfail_aws.execute import execute, subject_of
from providers.aws.nodes import V6, NodeMaker


class Script:
    """An API whose answers are written down: (operation, error or answer)."""

    def __init__(self, *answers: tuple[str, CloudfailError | Mapping[str, Any] | None]) -> None:
        self.answers = list(answers)
        self.called: list[str] = []

    def call(self, operation: str, params: Any, **_: Any) -> Mapping[str, Any]:
        self.called.append(operation)
        expected, answer = self.answers.pop(0)
        assert operation == expected
        if isinstance(answer, CloudfailError):
            raise answer
        return answer or {}


ROUTE = Route(table="rtb-1", destination=ip_network("10.99.0.0/16"))


def step(call: str, claim: Claim = ROUTE, **params: Any) -> Step:
    return Step(call=call, claims=(claim,), params=params, summary="x")


def point(call: str) -> Step:
    return step(
        call,
        RouteTableId="rtb-1",
        DestinationCidrBlock="10.99.0.0/16",
        NetworkInterfaceId="eni-1",
    )


def refused(code: str, message: str = "") -> ProviderError:
    return ProviderError(f"x: {code}: {message}", code=code)


ABSENT = refused("InvalidParameterValue", "There is no route defined for '10.99.0.0/16'")
PRESENT = ConflictError("x: RouteAlreadyExists", code="RouteAlreadyExists")


def do(script: Script, what: Step) -> None:
    execute(script, what)  # type: ignore[arg-type]


@pytest.mark.parametrize("absent", [ABSENT, refused("InvalidRoute.NotFound")])
def test_a_route_that_is_not_there_is_created(absent: ProviderError) -> None:
    do(Script(("ReplaceRoute", absent), ("CreateRoute", None)), point("ReplaceRoute"))


def routes(**target: str) -> Mapping[str, Any]:
    route = {"DestinationCidrBlock": "10.99.0.0/16", **target}
    return {"RouteTables": [{"RouteTableId": "rtb-1", "Routes": [route]}]}


def test_a_route_that_was_created_here_meanwhile_is_done() -> None:
    here = routes(NetworkInterfaceId="eni-1")
    do(Script(("CreateRoute", PRESENT), ("DescribeRouteTables", here)), point("CreateRoute"))


@pytest.mark.parametrize("target", [{"NatGatewayId": "nat-1"}, {"NetworkInterfaceId": "eni-2"}])
@pytest.mark.parametrize("call", ["CreateRoute", "ReplaceRoute"])
def test_a_route_that_somebody_created_meanwhile_is_looked_at_not_stolen(
    target: dict[str, str], call: str
) -> None:
    """Nobody has asked yet whether whoever made it is a stranger."""
    script = Script(("CreateRoute", PRESENT), ("DescribeRouteTables", routes(**target)))
    if call == "ReplaceRoute":
        script.answers.insert(0, ("ReplaceRoute", ABSENT))
    with pytest.raises(ConflictError, match="look again"):
        do(script, point(call))
    assert script.answers == []


def test_other_invalid_parameters_are_not_taken_for_a_missing_route() -> None:
    script = Script(("ReplaceRoute", refused("InvalidParameterValue", "interface is gone")))
    with pytest.raises(ProviderError, match="interface is gone"):
        do(script, point("ReplaceRoute"))
    assert script.called == ["ReplaceRoute"]


def test_a_failing_second_verb_says_why() -> None:
    denied = DeniedError("ec2:CreateRoute is not allowed", code="UnauthorizedOperation")
    with pytest.raises(DeniedError, match="CreateRoute"):
        do(Script(("ReplaceRoute", ABSENT), ("CreateRoute", denied)), point("ReplaceRoute"))


RELEASE = step(
    "UnassignIpv6Addresses", PrivateIp(address=ip_address(V6)), NetworkInterfaceId="eni-2"
)


@pytest.mark.parametrize(
    "answer",
    [
        refused("InvalidNetworkInterfaceID.NotFound"),
        refused("InvalidParameterValue", f"The address {V6} is not mapped to interface ID eni-2"),
        refused("InvalidIPAddress.NotAssigned", "Some of the addresses are not assigned"),
    ],
)
def test_what_is_off_already_needs_no_release(answer: ProviderError) -> None:
    do(Script(("UnassignIpv6Addresses", answer)), RELEASE)


@pytest.mark.parametrize(
    "answer", [refused("InvalidParameterValue", "bad id"), TransientError("later")]
)
def test_a_release_that_failed_is_no_release(answer: ProviderError) -> None:
    with pytest.raises(type(answer)):
        do(Script(("UnassignIpv6Addresses", answer)), RELEASE)


TAKE = step(
    "AssignIpv6Addresses",
    PrivateIp(address=ip_address(V6)),
    NetworkInterfaceId="eni-1",
    Ipv6Addresses=[V6],
)
IN_USE = refused("InvalidParameterValue", f"{V6} is already assigned")


def interface(*addresses: str) -> Mapping[str, Any]:
    listed = [{"Ipv6Address": address} for address in addresses]
    return {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Ipv6Addresses": listed}]}


def test_an_ipv6_address_that_is_here_already_is_done() -> None:
    do(Script(("AssignIpv6Addresses", IN_USE), ("DescribeNetworkInterfaces", interface(V6))), TAKE)


def test_an_ipv6_address_that_somebody_took_meanwhile_is_a_conflict() -> None:
    script = Script(("AssignIpv6Addresses", IN_USE), ("DescribeNetworkInterfaces", interface()))
    with pytest.raises(ConflictError, match="somebody else took the address"):
        do(script, TAKE)


def test_an_assignment_that_may_work_later_is_left_to_the_core() -> None:
    with pytest.raises(TransientError):
        do(Script(("AssignIpv6Addresses", TransientError("later"))), TAKE)


def test_a_step_of_another_provider_is_refused() -> None:
    with pytest.raises(ProviderError, match="another provider"):
        do(Script(), step("setTarget"))


def test_the_object_of_a_call_is_named() -> None:
    assert subject_of(point("ReplaceRoute")) == "rtb-1 10.99.0.0/16"
    assert subject_of(TAKE) == "eni-1"


def pointing(cloud: EmbeddedAws, call: str, destination: str) -> tuple[Route, Step]:
    table, mine = cloud.built.tables["t"], cloud.built.nodes["a"].interface_id
    claim = Route(table=table, destination=ip_network(destination))
    params = {"RouteTableId": table, "NetworkInterfaceId": mine}
    return claim, step(call, claim, DestinationCidrBlock=destination, **params)


@pytest.mark.parametrize(
    ("call", "destination"),
    [
        ("ReplaceRoute", "10.99.0.0/16"),
        ("ReplaceRoute", "10.55.0.0/16"),
        ("CreateRoute", "10.55.0.0/16"),
    ],
)
def test_a_route_gets_where_it_belongs_and_twice_is_as_once(
    node_of: NodeMaker, cloud: EmbeddedAws, call: str, destination: str
) -> None:
    """Against the embedded cloud's own answers: the route exists, and does not."""
    node = node_of()
    claim, what = pointing(cloud, call, destination)
    for _ in range(2):
        node.provider.execute(what)
        (holding,) = node.provider.observe([claim])
        assert holding.holder == cloud.built.nodes["a"].interface_id


def test_creating_never_takes_a_route_from_whoever_has_it(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    node = node_of()
    claim, what = pointing(cloud, "CreateRoute", "10.99.0.0/16")
    with pytest.raises(ConflictError):
        node.provider.execute(what)
    assert node.provider.observe([claim])[0].holder == cloud.built.nodes["b"].interface_id


def test_a_write_whose_answer_was_lost_is_done_by_asking_again(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    node = node_of()
    provider = node.provider
    claims = [PrivateIp(address=ip_address(V6)), PrivateIp(address=ip_address("10.0.1.100"))]
    (lane,) = provider.steps(provider.observe(claims), provider.identify())
    cloud.faults = Faults(
        reset_after={
            "UnassignIpv6Addresses": 1,
            "AssignIpv6Addresses": 1,
            "AssignPrivateIpAddresses": 1,
        }
    )
    for one in sorted(lane.steps, key=lambda item: item.stage):
        with pytest.raises(TransientError):
            provider.execute(one)
        provider.execute(one)
    mine = cloud.built.nodes["a"].interface_id
    assert [holding.holder for holding in provider.observe(claims)] == [mine, mine]
