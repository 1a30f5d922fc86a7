"""The custom role, and that nothing is taken off anybody before it is known to be enough."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from cloudfail.errors import DeniedError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Owner, PrivateIp, PublicIp, Route, Severity
from cloudfail.promote import promote as perform
from cloudfail.testing.runs import ready_run

from cloudfail_azure import SPEC
from cloudfail_azure.policy import catalogue
from cloudfail_azure.settings import AzureSettings
from providers.azure.nodes import (
    DESTINATION,
    PRIVATE,
    PUBLIC,
    SEATED,
    SECOND,
    NodeMaker,
    Unheard,
    edit,
)

FIRST = "00000000-1ab0-4000-8000-000000000001"
SETTINGS = AzureSettings(subscription=FIRST, resource_group="lab")
VIP, PIP = PrivateIp(address=ip_address(PRIVATE)), PublicIp(address=ip_address(PUBLIC))
CLAIMS = (Route(table="edge", destination=ip_network(DESTINATION)), VIP, PIP)
JOIN = "Microsoft.Network/publicIPAddresses/join/action"


def role(name: str, *without: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SPEC.policy(CLAIMS, SETTINGS)[name])
    actions = [action for action in document["Actions"] if action not in without]
    return {**document, "Actions": actions}


def promote(node_of: NodeMaker) -> None:
    provider = node_of("a").provider
    holdings = provider.observe(CLAIMS)
    for lane in provider.steps(holdings, provider.identify()):
        for step in lane.steps:
            provider.execute(step)
    assert {holding.owner for holding in provider.observe(CLAIMS)} == {Owner.MINE}


def test_the_role_is_enough_for_a_failover(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    cloud.enforce_iam([role("write")])
    promote(node_of)


# Asked for after a conflict, beforehand, for an address that nobody has, or for what no interface
# of these tests refers to.
RARE = {
    "Microsoft.Network/virtualNetworks/subnets/read",
    "Microsoft.Network/routeTables/routes/read",
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Authorization/locks/read",
    "Microsoft.Network/loadBalancers/frontendIPConfigurations/join/action",
    "Microsoft.Network/applicationGateways/backendAddressPools/join/action",
}


@pytest.mark.parametrize("left_out", sorted(set(catalogue()) - RARE))
def test_no_permission_of_the_role_can_be_left_out(
    cloud: EmbeddedAzure, node_of: NodeMaker, left_out: str
) -> None:
    cloud.enforce_iam([role("write", left_out)])
    with pytest.raises((DeniedError, AssertionError)):
        promote(node_of)


@pytest.mark.parametrize(
    "left_out",
    sorted(action for action in set(catalogue()) - RARE if "join" in action.lower()),
)
def test_nothing_is_taken_off_when_it_could_not_be_put_on(
    cloud: EmbeddedAzure, node_of: NodeMaker, left_out: str
) -> None:
    cloud.enforce_iam([role("write", left_out)])
    node = node_of("a")
    provider = node.provider
    holding = provider.observe([VIP])[0]
    assert f"the permission {left_out} on /subscriptions/" in holding.obstacle
    assert "grant the role of `cloudfail policy azure` there" in holding.obstacle
    assert provider.steps([holding], provider.identify()) == ()
    cloud.enforce_iam([role("write")])
    assert provider.observe([VIP])[0].obstacle == ""


def test_a_linked_scope_of_another_group_needs_the_role_there(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    apart = cloud.built.public_ips["203.0.113.14"]
    claim = PublicIp(address=ip_address("203.0.113.14"), resource_id=apart)
    theirs = cloud.built.nodes["b"].interface_id

    def give(store: Any) -> None:
        document = store.edit(theirs)
        seat = document["properties"]["ipConfigurations"][2]["properties"]
        seat["publicIPAddress"] = {"id": apart}
        store.put(theirs, document)

    cloud.api.apply(give, None)
    here, wide = role("write"), role("write")
    read = {**role("read"), "AssignableScopes": [f"/subscriptions/{FIRST}"]}
    cloud.enforce_iam([here, read])
    assert f"{JOIN} on {apart}" in node_of("a").provider.observe([claim])[0].obstacle
    wide["AssignableScopes"].append(apart)
    cloud.enforce_iam([wide, read])
    assert node_of("a").provider.observe([claim])[0].obstacle == ""
    found = json.loads(SPEC.policy([claim], SETTINGS)["write"])["AssignableScopes"]
    group = f"/subscriptions/{FIRST}/resourceGroups"
    assert found == [f"{group}/lab", f"{group}/apart"]


def test_what_cannot_be_asked_is_said_and_is_no_obstacle(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    cloud.enforce_iam([role("write", "Microsoft.Authorization/permissions/read")])
    provider = node_of("a").provider
    holding = provider.observe([VIP])[0]
    assert (holding.owner, holding.obstacle) == (Owner.PEER, "")
    assert "it could not be asked whether this identity holds" in holding.facts["note"]
    findings = provider.check(provider.steps([holding], provider.identify()))
    assert {finding.severity for finding in findings} == {Severity.WARNING}


@pytest.mark.parametrize("claim", [VIP, PIP], ids=lambda claim: claim.kind)
def test_nothing_is_taken_off_when_a_lock_forbids_to_put_it_on(
    cloud: EmbeddedAzure, node_of: NodeMaker, claim: Any
) -> None:
    node, own = node_of("a"), cloud.built.nodes["a"].interface_id
    for scope in (own, f"/subscriptions/{FIRST}"):
        cloud.faults = Faults(locks={scope: "ReadOnly"})
        outcome = perform(node.provider, [claim], ready_run())
        assert f"az lock delete --ids {scope}/" in str(outcome.results[0].error)
        assert (outcome.exit_code, node.asked) == (77, [])
        assert node_of("b").provider.observe([claim])[0].owner is Owner.MINE
    # Gone, or one that nobody can ask for: nothing stands in the way.
    for faults in (Faults(), Faults(locks={own: "CanNotDelete"}), Faults(deny=("locks.list",))):
        cloud.faults = faults
        assert node_of("a").provider.observe([claim])[0].obstacle == ""


def test_a_note_of_what_cannot_be_asked_stands_beside_another(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    seat = ip_address("10.0.1.10")
    claim = PublicIp(address=ip_address(SEATED), private_address=seat)
    free, own = cloud.built.public_ips["203.0.113.12"], cloud.built.nodes["a"].interface_id

    def give(document: dict[str, Any]) -> None:
        first = document["properties"]["ipConfigurations"][0]["properties"]
        first["publicIPAddress"] = {"id": free}

    edit(cloud, own, give)
    cloud.enforce_iam([role("write", "Microsoft.Authorization/permissions/read")])
    holding = node_of("a", assured_egress=True).provider.observe([claim])[0]
    assert holding.obstacle == ""
    assert "free gives way to it" in holding.facts["note"]
    assert re.search(r"; it could not be asked whether .*, and \d+ more$", holding.facts["note"])


def test_what_was_allowed_is_not_asked_at_failover(node_of: NodeMaker) -> None:
    node = node_of("a")
    node.provider.observe(CLAIMS)
    node.calls.clear()
    node.provider.observe(CLAIMS)
    assert "permissions.list" not in node.operations


def test_check_asks_for_everything_and_says_what_nobody_can_ask(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of("a")
    provider = node.provider
    lanes = provider.steps(provider.observe(CLAIMS), provider.identify())
    node.calls.clear()
    *findings, way = provider.check(lanes)
    assert (way.severity, way.subject) == (Severity.OK, "way of a-nic to Azure Resource Manager")
    assert {finding.severity for finding in findings} == {Severity.INFO}
    assert all("not proven: deny assignments" in finding.message for finding in findings)
    assert not any(call.mutating for call in node.calls)
    cloud.faults = Faults(locks={f"/subscriptions/{FIRST}/resourceGroups/lab": "ReadOnly"})
    errors = [one for one in provider.check(lanes) if one.severity is Severity.ERROR]
    assert len(errors) == len(findings)
    assert "makes it read-only" in errors[0].message
    assert errors[0].remedy.startswith("az lock delete --ids /subscriptions/")
    cloud.faults = Faults(locks={f"/subscriptions/{FIRST}/resourceGroups/lab": "CanNotDelete"})
    assert not [one for one in provider.check(lanes) if one.severity is Severity.ERROR]
    cloud.faults = Faults(throttle={"locks.list": 9})
    warnings = [one for one in provider.check(lanes) if one.severity is Severity.WARNING]
    assert "whether a management lock forbids it" in warnings[0].message
    cloud.faults = Faults()
    cloud.enforce_iam([role("write", JOIN)])
    other = node_of("a").provider
    missing = [one for one in other.check(lanes) if one.severity is Severity.ERROR]
    assert JOIN in missing[0].message
    cloud.enforce_iam([role("write", "Microsoft.Network/routeTables/routes/write")])
    (finding,) = [
        one for one in node_of("a").provider.check(lanes) if "routes/write" in one.message
    ]
    assert finding.severity is Severity.ERROR


def test_the_role_to_read_is_enough_to_look(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    cloud.enforce_iam([role("read")])
    assert {one.owner for one in node_of("a").provider.observe(CLAIMS)} == {Owner.PEER}
    assert [p.action for p in SPEC.permissions(CLAIMS) if not p.write] == role("read")["Actions"]
    assert SPEC.permissions([]) == []


def test_roles_are_assignable_where_the_claims_are() -> None:
    tables = ("edge", "net/edge", f"/subscriptions/{SECOND}/resourceGroups/far/providers/x/r/t")
    claims = [Route(table=table, destination=ip_network(DESTINATION)) for table in tables]
    document = json.loads(SPEC.policy(claims, SETTINGS)["read"])
    assert document["AssignableScopes"] == [
        f"/subscriptions/{FIRST}/resourceGroups/lab",
        f"/subscriptions/{FIRST}/resourceGroups/net",
        f"/subscriptions/{SECOND}/resourceGroups/far",
    ]
    blank = json.loads(SPEC.policy(claims[:1], None)["read"])["AssignableScopes"]
    assert blank == ["/subscriptions/YOUR-SUBSCRIPTION/resourceGroups/YOUR-RESOURCE-GROUP"]


@pytest.mark.parametrize("name", ["read", "write"])
def test_terraform_has_the_same_role_each_permission_with_its_method(name: str) -> None:
    assert SPEC.terraform is not None
    text = SPEC.terraform(CLAIMS, SETTINGS)[name]
    found = re.findall(r'# (observe|execute|check): .+\n      "(Microsoft\.\S+)",', text)
    known = {one.action: one.method for one in SPEC.permissions(CLAIMS)}
    assert all(known[action] == method for method, action in found)
    assert [action for _, action in found] == role(name)["Actions"]
    assert f'"{role(name)["AssignableScopes"][0]}",' in text


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_reads_it_and_would_write_it_no_differently() -> None:
    assert SPEC.terraform is not None
    text = SPEC.terraform(CLAIMS, SETTINGS)["write"] + "\n"
    done = subprocess.run(
        ["terraform", "fmt", "-"],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, text), done.stderr


def test_what_no_subscription_could_serve_is_said_offline() -> None:
    assert SPEC.validate(CLAIMS) == []

    def said(*claims: Any) -> str:
        (problem,) = SPEC.validate(claims)
        return problem

    address, other = ip_address(PUBLIC), ip_address("203.0.113.51")
    destination = ip_network(DESTINATION)
    assert "is no route table" in said(Route(table="a/b/c", destination=destination))
    assert "is no route table" in said(Route(table="/subscriptions/x", destination=destination))
    assert "role_arn is AWS's" in said(Route(table="t", destination=destination, role_arn="arn:x"))
    assert "is no id of a public IP" in said(PublicIp(address=address, resource_id="eipalloc-0"))
    six = ip_address("2001:db8::1")
    assert "another IP version" in said(PublicIp(address=address, private_address=six))
    assert "moves no ranges" in said(PrivateIp(address=ip_address("10.0.1.96"), prefix_length=28))
    assert "leave out resource_id" in said(PrivateIp(address=address, resource_id="x"))
    assert "Azure has no unheard" in said(Unheard())
    assert "displace each other" in said(PublicIp(address=address), PublicIp(address=other))
    seats = [
        PublicIp(address=one, private_address=ip_address(seat))
        for one, seat in ((address, "10.0.1.5"), (other, "10.0.1.6"))
    ]
    assert SPEC.validate(seats) == []
    sixes = [PrivateIp(address=ip_address(f"2001:db8::{n}")) for n in (1, 2)]
    assert "one IPv6 address at most" in said(*sixes)


def test_check_says_what_it_could_not_read(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    provider = node_of("a").provider
    lanes = provider.steps(provider.observe([VIP]), provider.identify())
    fresh = [
        msgspec.structs.replace(
            lane, steps=tuple(msgspec.structs.replace(one, conditions={}) for one in lane.steps)
        )
        for lane in lanes
    ]
    assert {one.severity for one in provider.check(fresh)} == {Severity.INFO}
    cloud.faults = Faults(throttle={"networkInterfaces.get": 9})
    found = provider.check(fresh)
    assert {one.severity for one in found} == {Severity.WARNING}
    assert "what it refers to could not be read" in found[0].message
