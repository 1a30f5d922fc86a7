"""What Azure accepted and did not finish: shown as if it were there, in the state `Failed`."""

from __future__ import annotations

import json
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest
from cloudfail.errors import TransientError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import Reply
from cloudfail.model import Claim, Owner, PrivateIp, PublicIp
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_azure import waiting
from cloudfail_azure.around import Around
from cloudfail_azure.holdings import holding_of
from cloudfail_azure.links import key_of
from cloudfail_azure.members import Members
from cloudfail_azure.objects import Interface, Tenant
from cloudfail_azure.render import render
from providers.azure.doing import (
    FLOATING,
    NIC_PUT,
    ROUTE_PUT,
    TO_EDGE,
    VIP,
    Hasty,
    nic,
    steps_of,
)
from providers.azure.nodes import DESTINATION, PRIVATE, PUBLIC, Node, NodeMaker

FREE = PublicIp(address=ip_address("203.0.113.12"))
PUTS = (NIC_PUT, ROUTE_PUT)


def holder(cloud: EmbeddedAzure, target: str) -> str:
    """Return the node to which packets for this target go."""
    return next(c.node for c in cloud.holders if c.target.endswith(target))


def break_off(cloud: EmbeddedAzure, resource: str) -> None:
    """Let the last change of a resource have failed."""
    cloud.api.apply(lambda store: store.fail(resource), None)


def puts(cloud: EmbeddedAzure, known: int = 0) -> list[Any]:
    """Return the PUTs that Azure accepted."""
    return [c for c in cloud.calls[known:] if c.operation in PUTS and c.status < 400]


@pytest.mark.parametrize(("number", "code"), [(1, "InternalServerError"), (2, "OfNobodyHere")])
@pytest.mark.parametrize(
    ("claim", "target"), [(FLOATING, PRIVATE), (VIP, PUBLIC), (TO_EDGE, DESTINATION)]
)
def test_what_azure_failed_is_put_again_until_it_is_there(
    cloud: EmbeddedAzure, node_of: NodeMaker, claim: Claim, target: str, number: int, code: str
) -> None:
    node = node_of()
    cloud.faults = Faults(
        operation_keeps=True, operation_errors=dict.fromkeys(PUTS, (code, number))
    )
    outcome = promote(node.provider, [claim], ready_run(seconds=600))
    assert outcome.exit_code == 0
    assert holder(cloud, target) == "a"
    for name in ("a", "b"):
        assert nic(cloud, name)["properties"]["provisioningState"] == "Succeeded"
    before = len(cloud.calls)
    assert promote(node.provider, [claim], ready_run(seconds=600)).exit_code == 0
    assert not puts(cloud, before)


def test_the_own_interface_that_azure_failed_is_no_proof(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    cloud.faults = Faults(operation_keeps=True, operation_errors={NIC_PUT: ("InternalError", 99)})
    outcome = promote(node.provider, [FREE], ready_run(seconds=20))
    assert outcome.exit_code == 75
    told = str(outcome.error)
    own = nic(cloud, "a")
    assert own["id"] in told
    assert "Failed" in told
    assert "az network nic update" in told
    # It looks as if it were there, and is nowhere.
    assert own["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"]
    assert holder(cloud, str(FREE.address)) == ""
    assert 1 < len(puts(cloud)) < 60


@pytest.mark.parametrize("claim", [FLOATING, VIP, TO_EDGE])
def test_what_failed_for_another_reason_is_put_again_as_it_is_and_nothing_else(
    cloud: EmbeddedAzure, node_of: NodeMaker, claim: Claim
) -> None:
    node = node_of()
    assert promote(node.provider, [claim], ready_run()).exit_code == 0
    written = cloud.built.route_tables["edge"] if claim is TO_EDGE else str(nic(cloud, "a")["id"])
    break_off(cloud, written)
    before = _without_state(cloud, written)
    [seen] = node.provider.observe([claim])
    assert (seen.owner, seen.holder, seen.obstacle) == (Owner.PEER, nic(cloud, "a")["id"], "")
    assert written in seen.reason
    assert "is Failed" in seen.reason
    known = len(cloud.calls)
    outcome = promote(node.provider, [claim], ready_run())
    assert (outcome.exit_code, outcome.changed) == (0, True)
    assert len(puts(cloud, known)) == 1
    assert _without_state(cloud, written) == before
    assert node.provider.observe([claim])[0].owner is Owner.MINE


def _without_state(cloud: EmbeddedAzure, resource: str) -> Any:
    """Return a resource without what every write of it renews."""
    with cloud.api.lock:
        return _bare(cloud.api.store.edit(resource))


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        renewed = {"etag", "provisioningState"}
        return {key: _bare(item) for key, item in value.items() if key not in renewed}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def test_it_is_one_put_with_what_else_has_to_come_here(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    assert promote(node.provider, [FREE], ready_run()).exit_code == 0
    break_off(cloud, nic(cloud, "a")["id"])
    assert len(steps_of(node, FREE)) == 1
    off, on = steps_of(node, FLOATING, FREE)
    assert (off.claims, on.claims) == ((FLOATING,), (FLOATING, FREE))
    known = len(cloud.calls)
    assert promote(node.provider, [FLOATING, FREE], ready_run()).exit_code == 0
    assert len(puts(cloud, known)) == 2


def test_the_command_for_it_puts_the_interface_as_it_is(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    assert promote(node.provider, [FREE], ready_run()).exit_code == 0
    break_off(cloud, nic(cloud, "a")["id"])
    [step] = steps_of(node, FREE)
    assert render(step)[:4] == ["az", "network", "nic", "update"]
    assert render(step)[-2:] == ["--name", "a-nic"]


def test_a_release_that_azure_failed_is_not_taken_for_done(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    node.provider._operations = waiting.Operations(node.provider._api, Hasty())
    off, _ = steps_of(node, VIP)
    break_off(cloud, nic(cloud, "b")["id"])
    stale = msgspec.structs.replace(off, conditions={})
    node.provider.execute(stale)
    assert holder(cloud, PUBLIC) == ""
    break_off(cloud, nic(cloud, "b")["id"])
    known = len(cloud.calls)
    node.provider.execute(stale)  # it is off already, as far as one can see
    assert len(puts(cloud, known)) == 1


def test_whoever_finds_a_detach_that_azure_failed_is_told_where_the_address_may_be(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    off, _ = steps_of(node, FLOATING)
    node.provider.execute(off)
    [seen] = node.provider.observe([FLOATING])
    assert (seen.owner, "note" in seen.facts) == (Owner.NOBODY, False)
    theirs = nic(cloud, "b")["id"]
    break_off(cloud, theirs)
    [seen] = node.provider.observe([FLOATING])
    assert (seen.owner, seen.reason) == (Owner.NOBODY, "")
    assert f"on the interface that it came off: {theirs} is Failed" in seen.facts["note"]


@pytest.mark.parametrize("claim", [FLOATING, VIP])
def test_an_address_that_names_an_unfinished_interface_is_unknown_with_that_reason(
    cloud: EmbeddedAzure, node_of: NodeMaker, claim: PrivateIp | PublicIp
) -> None:
    node, theirs = node_of(), str(nic(cloud, "b")["id"])
    members = Members(node=node.provider.identify(), peers=node.setup.peers)
    shown = node.provider._looker.look([claim], members)
    own, other = (shown.interfaces[key_of(str(nic(cloud, name)["id"]))] for name in "ab")
    broken = {**nic(cloud, "b"), "properties": {**nic(cloud, "b")["properties"]}}
    broken["properties"] |= {"provisioningState": "Failed", "ipConfigurations": []}
    interfaces = {key_of(own.id): own, key_of(other.id): Interface.read(broken)}
    assert shown.subnet is not None
    tenants = (Tenant(id=f"{theirs}/ipConfigurations/any", address=FLOATING.address),)
    subnet = msgspec.structs.replace(shown.subnet, tenants=tenants)
    seen = msgspec.structs.replace(shown, interfaces=interfaces, subnet=subnet)
    holding = holding_of(claim, seen, Around(members=members))
    assert (holding.owner, holding.obstacle) == (Owner.UNKNOWN, "")
    assert f"{theirs} is Failed" in holding.reason


@pytest.mark.parametrize("claim", [FLOATING, VIP])
def test_an_interface_that_is_being_changed_is_named_as_the_reason(
    cloud: EmbeddedAzure, node_of: NodeMaker, claim: Claim
) -> None:
    node = node_of()
    assert promote(node.provider, [claim], ready_run()).exit_code == 0
    own = nic(cloud, "a")
    cloud.faults = Faults(operation_stuck={NIC_PUT: 1})
    node.provider._api.call(NIC_PUT, own["id"], body=own, if_match=own["etag"])
    [seen] = node.provider.observe([claim])
    assert (seen.owner, seen.holder, seen.obstacle) == (Owner.UNKNOWN, "", "")
    assert f"{own['id']} is Updating" in seen.reason
    outcome = promote(node.provider, [claim], ready_run(seconds=30))
    assert outcome.exit_code == 75
    assert f"{own['id']} is Updating" in str(outcome.error)
    assert "az network nic update" in str(outcome.error)


def test_an_answer_of_a_put_that_is_failed_at_once_is_no_success(
    strange: Callable[..., Node],
) -> None:
    document = {"id": "x", "properties": {"provisioningState": "Failed"}}
    node = strange(Reply(200, json.dumps(document).encode(), {"Content-Type": "application/json"}))
    ref = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/networkInterfaces/n"
    with pytest.raises(TransientError, match="is Failed"):
        node.provider._operations.put("networkInterfaces", ref, document, "")
