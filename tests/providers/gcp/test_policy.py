"""The custom role, offline checks, and the vendor's own commands."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloudfail.errors import DeniedError, ProviderError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import ForwardingRule, Owner, PrivateIp, PublicIp, Route, Step

from cloudfail_gcp import SPEC
from cloudfail_gcp.operations import METHODS, is_mutating
from cloudfail_gcp.policy import catalogue
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.gcloud import do_by_command, needs_gcloud
from providers.gcp.nodes import ALIAS, PUBLIC, NodeMaker, Unheard

CLAIMS = (
    ForwardingRule(name="edge"),
    Route(table="lab", destination=ip_network("10.99.0.0/16")),
    PrivateIp(address=ip_address(ALIAS)),
    PublicIp(address=ip_address(PUBLIC)),
)


def role(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load(SPEC.policy(CLAIMS, None)[name]))


def promote(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    # By a name that may be anywhere: then it counts how else this node reaches the API.
    endpoint = cloud.endpoint.replace("127.0.0.1", "localhost")
    provider = node_of("a", settings=GcpSettings(endpoint=endpoint)).provider
    holdings = provider.observe(CLAIMS)
    for lane in provider.steps(holdings, provider.identify()):
        for step in lane.steps:
            provider.execute(step)
    assert {holding.owner for holding in provider.observe(CLAIMS)} == {Owner.MINE}


def test_the_role_is_enough_for_a_failover(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.enforce_iam([role("write")])
    promote(cloud, node_of)


def test_the_role_to_read_is_enough_to_look(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.enforce_iam([role("read")])
    assert node_of("a").provider.observe(CLAIMS)[0].owner is Owner.PEER
    assert {p.action for p in SPEC.permissions(CLAIMS) if not p.write} == set(
        role("read")["includedPermissions"]
    )


# It is asked for only when a route is there that should not be.
RARE = {"compute.routes.get"}
# Without, what is under way is doubled instead of joined: test_under_way.
SPARED = {f"compute.{scope}Operations.list" for scope in ("global", "region", "zone")}


@pytest.mark.parametrize("left_out", sorted(set(catalogue()) - RARE - SPARED))
def test_no_permission_of_the_role_can_be_left_out(
    cloud: EmbeddedGcp, node_of: NodeMaker, left_out: str
) -> None:
    full = role("write")["includedPermissions"]
    cloud.enforce_iam([{"includedPermissions": [p for p in full if p != left_out]}])
    with pytest.raises((DeniedError, AssertionError)):
        promote(cloud, node_of)


def test_other_kinds_need_nothing_of_this() -> None:
    assert SPEC.permissions([]) == []
    assert all(permission.why for permission in SPEC.permissions(CLAIMS))


def test_what_no_project_could_serve_is_said_offline() -> None:
    assert SPEC.validate(CLAIMS) == []
    (problem,) = SPEC.validate([ForwardingRule(name="Edge")])
    assert "lowercase letters" in problem
    route = Route(table="rtb-0aa/x", destination=ip_network("10.9.0.0/16"), role_arn="arn:x")
    table, role_arn = SPEC.validate([route])
    assert "is no network" in table
    assert "impersonate" in role_arn
    (problem,) = SPEC.validate([Unheard()])
    assert "Google Cloud has no unheard" in problem


def test_addresses_that_could_never_move_are_said_offline() -> None:
    inside = PrivateIp(address=ip_address("10.0.1.96"), prefix_length=28)
    (problem,) = SPEC.validate([inside, PrivateIp(address=ip_address(ALIAS))])
    assert problem.startswith("private-ip 10.0.1.96/28 and private-ip 10.0.1.100 overlap")
    (problem,) = SPEC.validate([PublicIp(address=ip_address(a)) for a in (PUBLIC, "203.0.113.51")])
    assert "an interface has one external address" in problem
    (problem,) = SPEC.validate([PublicIp(address=ip_address("2001:db8::1"))])
    assert "comes and goes with its stack type" in problem
    assert problem.endswith("use a forwarding-rule")
    (problem,) = SPEC.validate([PrivateIp(address=ip_address("2001:db8::1"), resource_id="")])
    assert problem.endswith("use a route")
    seat, by_id = ip_address("10.0.1.5"), "x"
    public = PublicIp(address=ip_address(PUBLIC), private_address=seat, resource_id=by_id)
    assert [problem.rpartition("leave out ")[2] for problem in SPEC.validate([public])] == [
        "resource_id",
        "private_address",
    ]


def test_every_method_is_known_to_look_or_to_write() -> None:
    for name, method in METHODS.items():
        verb = name.rpartition(".")[2]
        http = "GET" if "list" in verb.lower() or verb == "get" else "POST"
        assert is_mutating(http, f"/compute/v1/x/{verb}") == method.mutating, name


def test_the_variables_name_the_same_api_and_account() -> None:
    settings = GcpSettings(
        endpoint="https://x.example", credentials_file="/k.json", impersonate="a@b"
    )
    node = type("Node", (), {"facts": {"project": "p"}})()
    assert SPEC.environment(settings, node) == {
        "CLOUDSDK_CORE_PROJECT": "p",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": "https://x.example/compute/v1/",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": "/k.json",
        "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT": "a@b",
    }
    assert SPEC.environment(None, node) == {"CLOUDSDK_CORE_PROJECT": "p"}


def test_a_step_of_another_provider_has_no_command() -> None:
    with pytest.raises(ProviderError, match="no step 'x'"):
        SPEC.render(Step(call="x", claims=CLAIMS, params={}, summary=""))


@needs_gcloud
@pytest.mark.long
@pytest.mark.timeout(180)
def test_the_command_does_what_the_step_does(
    cloud: EmbeddedGcp, node_of: NodeMaker, tmp_path: Path
) -> None:
    node = node_of("a")
    provider = node.provider
    lanes = provider.steps(provider.observe(CLAIMS), provider.identify())
    for step in [step for lane in lanes for step in lane.steps]:
        do_by_command(node, step, tmp_path)
    assert {holding.owner for holding in provider.observe(CLAIMS)} == {Owner.MINE}
    assert [change.node for change in cloud.changes] == ["a", "a", "", "a", "", "", "a"]
