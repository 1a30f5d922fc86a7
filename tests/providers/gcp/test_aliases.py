"""Private addresses: alias ranges, taken off one interface and put onto another."""

from __future__ import annotations

import json
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest
from cloudfail.errors import ConflictError, DeniedError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.rules.aliases import MOST_RANGES
from cloudfail.lab.cloud.gcp.world import WorldInterface
from cloudfail.model import Holding, Owner, PrivateIp, Step
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from providers.gcp.nodes import ALIAS, RANGE, WORLD, Node, NodeMaker, edit_interfaces, nic_of

ONE = PrivateIp(address=ip_address(ALIAS))
PODS = PrivateIp(address=ip_address("10.64.0.16"), prefix_length=28)
PATCH, WAIT = "instances.updateNetworkInterface", "zoneOperations.wait"


def look(node: Node, claim: PrivateIp = ONE) -> Holding:
    return node.provider.observe([claim])[0]


def steps_of(node: Node, *claims: PrivateIp) -> list[Step]:
    provider = node.provider
    lanes = provider.steps(provider.observe(claims or [ONE]), provider.identify())
    return [step for lane in lanes for step in lane.steps]


def aliases(cloud: EmbeddedGcp, node: str, nic: int = 0) -> list[str]:
    found = nic_of(cloud, node, nic).get("aliasIpRanges", [])
    return sorted(alias["ipCidrRange"] for alias in found)


def bodies(cloud: EmbeddedGcp) -> list[Any]:
    return [json.loads(c.params["body"]) for c in cloud.calls if c.operation == PATCH]


def test_a_move_is_two_writes_and_leaves_all_else_alone(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(operation_ms=30)
    node = node_of("a")
    before = {name: nic_of(cloud, name) for name in "ab"}
    for step in steps_of(node, ONE, PODS):
        node.provider.execute(step)
    assert [call.operation for call in node.calls[-4:]] == [PATCH, WAIT] * 2
    moved = [
        {"ipCidrRange": f"{ALIAS}/32"},
        {"ipCidrRange": RANGE, "subnetworkRangeName": "pods"},
    ]
    kept = {"ipCidrRange": "10.0.1.112/32"}
    volatile = {"fingerprint": ""}
    assert {**nic_of(cloud, "a"), **volatile} == {
        **before["a"],
        **volatile,
        "aliasIpRanges": [*before["a"]["aliasIpRanges"], *moved],
    }
    assert {**nic_of(cloud, "b"), **volatile} == {
        **before["b"],
        **volatile,
        "aliasIpRanges": [kept],
    }
    assert look(node).owner is look(node, PODS).owner is Owner.MINE


def test_the_last_alias_goes_by_an_empty_list(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    edit_interfaces(
        cloud, lambda nic: nic.update(aliasIpRanges=[{"ipCidrRange": f"{ALIAS}/32"}]), node="b"
    )
    edit_interfaces(cloud, lambda nic: nic.pop("aliasIpRanges", None), node="a")
    node = node_of("a")
    outcome = promote(node.provider, [ONE], ready_run())
    assert outcome.exit_code == 0
    assert [body["aliasIpRanges"] for body in bodies(cloud)] == [
        [],
        [{"ipCidrRange": f"{ALIAS}/32"}],
    ]
    assert (aliases(cloud, "a"), aliases(cloud, "b")) == ([f"{ALIAS}/32"], [])


def test_an_interface_that_changed_since_the_look_is_looked_at_again(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    remove, add = steps_of(node)
    added = {"ipCidrRange": "10.0.1.120/32"}
    edit_interfaces(cloud, lambda nic: nic["aliasIpRanges"].append(added), node="a")
    edit_interfaces(cloud, lambda nic: nic.update(nicType="GVNIC"), node="b")
    with pytest.raises(ConflictError) as caught:
        node.provider.execute(remove)
    assert caught.value.code == "conditionNotMet"
    with pytest.raises(ConflictError):
        node.provider.execute(add)
    assert promote(node.provider, [ONE], ready_run()).exit_code == 0
    assert "10.0.1.120/32" in aliases(cloud, "a")
    assert "10.0.1.112/32" in aliases(cloud, "b")


@pytest.mark.parametrize("code", ["CONDITION_NOT_MET", "IP_IN_USE_BY_ANOTHER_RESOURCE"])
def test_a_conflict_inside_of_a_finished_operation_is_planned_again(
    cloud: EmbeddedGcp, node_of: NodeMaker, code: str
) -> None:
    cloud.faults = Faults(operation_errors={PATCH: (code, 1)})
    outcome = promote(node_of("a").provider, [ONE], ready_run())
    assert (outcome.exit_code, [r.owner for r in outcome.results]) == (0, [Owner.MINE])
    assert len(bodies(cloud)) == 3


def test_nothing_is_taken_off_that_an_interface_has_no_room_for(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    names = {"subnetworkRangeName": "pods"}
    many = [{"ipCidrRange": f"10.64.1.{n}/32", **names} for n in range(MOST_RANGES - 1)]
    edit_interfaces(cloud, lambda nic: nic.update(aliasIpRanges=many), node="a")
    outcome = promote(node_of("a").provider, [ONE, PODS], ready_run())
    first, second = outcome.results
    assert (first.owner, second.owner) == (Owner.MINE, Owner.PEER)
    assert "149 alias ranges, and 2 are to come: an interface has 150 at most" in str(second.error)
    assert RANGE in aliases(cloud, "b")


def test_a_step_that_was_done_is_no_conflict(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    for step in steps_of(node):
        node.provider.execute(step)
        node.provider.execute(step)
    assert [change.node for change in cloud.changes] == ["", "a"]


def test_several_holders_give_at_once_and_one_write_takes(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    other = PrivateIp(address=ip_address("10.0.1.130"))
    edit_interfaces(
        cloud, lambda nic: nic.update(aliasIpRanges=[{"ipCidrRange": "10.0.1.130/32"}]), node="n"
    )
    steps = steps_of(node_of("a", peers=()), ONE, other)
    assert [(step.stage, step.releases, step.completes) for step in steps] == [
        (0, True, False),
        (0, True, False),
        (1, False, True),
    ]
    assert steps[2].claims == (ONE, other)


def test_nobodys_range_is_one_write(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    free = PrivateIp(address=ip_address("10.64.1.0"), prefix_length=24)
    node = node_of("a")
    assert look(node, free).owner is Owner.NOBODY
    (step,) = steps_of(node, free)
    assert (step.stage, step.completes) == (0, False)
    node.provider.execute(step)
    assert "10.64.1.0/24" in aliases(cloud, "a")


def test_a_second_interface_takes_for_itself(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    second = f"{cloud.built.nodes['a'].instance}/networkInterfaces/nic1"
    there = PrivateIp(address=ip_address("10.8.0.100"))
    node = node_of("a", interface_id=second)
    # The same address in another network is another one.
    assert look(node).obstacle.startswith("it is in none of the ranges of two")
    assert promote(node.provider, [there], ready_run()).exit_code == 0
    assert aliases(cloud, "a", 1) == ["10.8.0.100/32"]


def test_from_another_interface_of_this_machine_it_moves(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    first, *others = WORLD.nodes
    both = (first.interfaces[0], WorldInterface("10.0.1.12", "one"))
    changed = msgspec.structs.replace(first, interfaces=both)
    cloud.build(msgspec.structs.replace(WORLD, nodes=(changed, *others)))
    cidr = {"ipCidrRange": "10.0.1.140/32"}
    edit_interfaces(cloud, lambda nic: nic.update(aliasIpRanges=[cidr]), node="a", nic=1)
    claim = PrivateIp(address=ip_address("10.0.1.140"))
    node = node_of("a")
    assert look(node, claim).owner is Owner.PEER
    assert promote(node.provider, [claim], ready_run()).exit_code == 0
    assert (aliases(cloud, "a", 0)[-1], aliases(cloud, "a", 1)) == ("10.0.1.140/32", [])


def test_what_is_in_the_way_is_an_obstacle(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    primary = look(node, PrivateIp(address=ip_address("10.0.1.11")))
    assert "is the primary address of" in primary.obstacle
    part = look(node, PrivateIp(address=ip_address("10.64.0.17")))
    assert "10.64.0.16/28, of which it is a part" in part.obstacle
    wider = look(node, PrivateIp(address=ip_address("10.64.0.0"), prefix_length=24))
    assert "10.64.0.16/28, of which it is a part" in wider.obstacle
    outside = look(node, PrivateIp(address=ip_address("10.9.9.9")))
    assert "10.0.1.0/24, 10.64.0.0/16" in outside.obstacle
    stranger = PrivateIp(address=ip_address("10.0.1.150"))
    edit_interfaces(
        cloud, lambda nic: nic.update(aliasIpRanges=[{"ipCidrRange": "10.0.1.150/32"}]), node="x"
    )
    assert look(node, stranger).owner is Owner.STRANGER


@pytest.mark.parametrize("part", ["instances.aggregatedList", "subnetworks.get"])
def test_what_was_not_said_moves_nothing(cloud: EmbeddedGcp, node_of: NodeMaker, part: str) -> None:
    node = node_of("a")
    cloud.faults = Faults(deny=(part,))
    try:
        holding = look(node)
    except DeniedError:
        return
    assert f"compute.{part} is missing" in holding.obstacle
    cloud.faults = Faults(throttle={part: 1})
    assert steps_of(node) == []


def test_check_asks_for_the_permission_on_both_machines(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    provider = node_of("a").provider
    found = provider.check(provider.steps(provider.observe([ONE]), provider.identify()))
    assert [finding.message.split(" is held")[0] for finding in found] == [
        "compute.instances.updateNetworkInterface on b",
        "compute.instances.updateNetworkInterface on a",
    ]
    assert not any(call.mutating for call in cloud.calls)
