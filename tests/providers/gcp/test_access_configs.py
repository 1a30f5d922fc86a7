"""Public addresses: access configs, and what of them outlives a move that broke off."""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudfail.errors import CloudfailError, ConflictError, NotFoundError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.lab.cloud.gcp.world import WorldAddress, WorldSubnet
from cloudfail.lasting_memory import LastingMemory
from cloudfail.model import Holding, Owner, PublicIp, Step
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_gcp.access_configs import telling_name
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import (
    EDGE,
    EPHEMERAL,
    PUBLIC,
    WORLD,
    Node,
    NodeMaker,
    edit_interfaces,
    nic_of,
)

ONE = PublicIp(address=ip_address(PUBLIC))
ADD, DELETE, GET = "instances.addAccessConfig", "instances.deleteAccessConfig", "instances.get"
CONFIG = {
    "kind": "compute#accessConfig",
    "type": "ONE_TO_ONE_NAT",
    "name": "the edge's own",
    "natIP": PUBLIC,
    "networkTier": "STANDARD",
    "setPublicPtr": True,
    "publicPtrDomainName": "edge.example.",
}


@pytest.fixture(autouse=True)
def arranged(cloud: EmbeddedGcp) -> None:
    """The address is of the other tier, and has a PTR record and a name of its own."""
    spare = WorldAddress("spare", "203.0.113.51")
    others = tuple(one for one in WORLD.addresses if one.address != PUBLIC)
    public = WorldAddress("public", PUBLIC, tier="STANDARD")
    cloud.build(msgspec.structs.replace(WORLD, addresses=(*others, public, spare)))
    edit_interfaces(cloud, lambda nic: nic.update(accessConfigs=[CONFIG]), node="b")


def look(node: Node) -> Holding:
    return node.provider.observe([ONE])[0]


def steps_of(node: Node) -> list[Step]:
    provider = node.provider
    lanes = provider.steps(provider.observe([ONE]), provider.identify())
    return [step for lane in lanes for step in lane.steps]


def configs(cloud: EmbeddedGcp, node: str) -> list[dict[str, Any]]:
    return list(nic_of(cloud, node).get("accessConfigs", []))


def elsewhere(endpoint: str) -> GcpSettings:
    """The same endpoint by a name that does not tell whether it is inside of the network."""
    return GcpSettings(endpoint=endpoint.replace("127.0.0.1", "localhost"))


def test_a_move_keeps_name_tier_and_ptr_and_all_else(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    before = {name: nic_of(cloud, name) for name in "ab"}
    node = node_of("a")
    own, theirs, add = steps_of(node)
    assert (own.releases, theirs.releases, add.completes) == (False, True, True)
    assert own.destroys["natIP"] == EPHEMERAL
    assert (theirs.destroys["ptr"], theirs.destroys["tier"]) == ("edge.example.", "STANDARD")
    for step in (own, theirs, add):
        node.provider.execute(step)
    volatile = {"fingerprint": ""}
    assert {**nic_of(cloud, "a"), **volatile} == {
        **before["a"],
        **volatile,
        "accessConfigs": [CONFIG],
    }
    gone = {name: value for name, value in before["b"].items() if name != "accessConfigs"}
    assert {**nic_of(cloud, "b"), **volatile} == {**gone, **volatile}
    assert look(node).owner is Owner.MINE
    changes = [(c.target, c.node) for c in cloud.changes]
    assert changes == [(EPHEMERAL, ""), (PUBLIC, ""), (PUBLIC, "a")]


def test_a_step_that_was_done_is_no_conflict(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    for step in steps_of(node):
        node.provider.execute(step)
        node.provider.execute(step)
    assert [c.operation for c in cloud.calls if c.mutating] == [DELETE, DELETE, ADD, ADD]


@pytest.mark.parametrize("finisher", ["a", "b"])
def test_whoever_finishes_after_a_crash_knows_the_facts(
    cloud: EmbeddedGcp, node_of: NodeMaker, tmp_path: Path, finisher: str
) -> None:
    def memory(name: str) -> LastingMemory:
        return LastingMemory(tmp_path / name, "gcp")

    # Each node looked as a standby would, in a process that is gone.
    look(node_of("a", memory=memory("a")))
    look(node_of("b", memory=memory("b"), peers=()))
    crashed = node_of("a", memory=memory("a"))
    for step in steps_of(crashed)[:2]:
        crashed.provider.execute(step)
    assert (configs(cloud, "a"), configs(cloud, "b")) == ([], [])
    node = node_of(finisher, memory=memory(finisher), peers=())
    assert look(node).owner is Owner.NOBODY
    assert "note" not in look(node).facts
    assert promote(node.provider, [ONE], ready_run()).exit_code == 0
    assert configs(cloud, finisher) == [CONFIG]


def test_a_node_that_never_saw_the_facts_says_so(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    edit_interfaces(cloud, lambda nic: nic.pop("accessConfigs", None))
    node = node_of("a")
    assert "this node never saw who had it" in look(node).facts["note"]
    assert promote(node.provider, [ONE], ready_run()).exit_code == 0
    (config,) = configs(cloud, "a")
    # The tier is the reserved address's own.
    assert (config["name"], config["networkTier"]) == (telling_name(PUBLIC), "STANDARD")


def test_what_would_be_lost_is_told_before(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    policy = {**CONFIG, "securityPolicy": "projects/p/regions/r/securityPolicies/wall"}
    edit_interfaces(cloud, lambda nic: nic.update(accessConfigs=[policy]), node="b")
    node = node_of("a")
    assert "wall does not come along" in look(node).facts["note"]
    assert steps_of(node)[1].destroys["policy"] == policy["securityPolicy"]


def test_the_way_to_the_api_is_not_sawn_off(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    settings = elsewhere(cloud.endpoint)
    assert look(node_of("a", settings=settings)).obstacle == ""  # Cloud NAT
    bare = WorldSubnet("one", "10.0.1.0/24", ranges={"pods": "10.64.0.0/16"})
    others = WORLD.subnets[1:]
    cloud.build(msgspec.structs.replace(WORLD, subnets=(bare, *others)))
    holding = look(node_of("a", settings=settings))
    assert f"reaches the Compute API by {EPHEMERAL}, which has to go first" in holding.obstacle
    assert steps_of(node_of("a", settings=settings)) == []
    outcome = promote(node_of("a", settings=settings).provider, [ONE], ready_run())
    assert (outcome.exit_code != 0, [c for c in cloud.calls if c.mutating]) == (True, [])
    assert look(node_of("a", settings=settings, assured_egress=True)).obstacle == ""
    assert look(node_of("a")).obstacle == ""  # the endpoint is inside of the network
    cloud.faults = Faults(deny=("routers.list",))
    assert "compute.routers.list is missing" in look(node_of("a", settings=settings)).obstacle
    cloud.faults = Faults()
    google = msgspec.structs.replace(bare, private_google_access=True)
    cloud.build(msgspec.structs.replace(WORLD, subnets=(google, *others)))
    assert look(node_of("a", settings=settings)).obstacle == ""


def test_a_node_without_an_address_of_its_own_needs_no_other_way(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    edit_interfaces(cloud, lambda nic: nic.pop("accessConfigs"), node="a")
    node = node_of("a", settings=elsewhere(cloud.endpoint))
    assert look(node).obstacle == ""
    assert [step.call for step in steps_of(node)] == [DELETE, ADD]
    assert "routers.list" not in node.operations


def test_a_reserved_address_of_this_node_is_not_displaced(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    spare = {"type": "ONE_TO_ONE_NAT", "name": "spare", "natIP": "203.0.113.51"}
    edit_interfaces(cloud, lambda nic: nic.update(accessConfigs=[spare]), node="a")
    obstacle = look(node_of("a")).obstacle
    assert "203.0.113.51, which is reserved" in obstacle
    assert '--access-config-name "spare"' in obstacle


def test_what_is_not_reserved_or_used_by_a_rule_is_not_taken(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    with pytest.raises(NotFoundError, match="gcloud compute addresses create NAME"):
        node.provider.observe([PublicIp(address=ip_address(EPHEMERAL))])
    (holding,) = node.provider.observe([PublicIp(address=ip_address(EDGE))])
    assert holding.owner is Owner.STRANGER
    assert holding.obstacle.endswith("not by a network interface; claim it as a forwarding-rule")


def test_an_address_that_says_it_is_used_by_nobody_seen_is_unknown(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    edit_interfaces(cloud, lambda nic: nic.pop("accessConfigs", None), node="b")
    path, users = cloud.built.public_ips[PUBLIC], [link(cloud.built.nodes["b"].instance)]
    with cloud.api.lock:  # as an older look at the addresses would show it
        cloud.api.store.put(path, {**cloud.api.store.get(path), "users": users})
    assert look(node_of("a")).owner is Owner.UNKNOWN
    assert steps_of(node_of("a")) == []


def test_another_config_of_that_name_is_not_deleted(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    _, theirs, add = steps_of(node)
    other = {**CONFIG, "natIP": "203.0.113.51", "networkTier": "PREMIUM"}
    edit_interfaces(cloud, lambda nic: nic.update(accessConfigs=[other]), node="b")
    node.provider.execute(theirs)
    assert configs(cloud, "b") == [other]
    with pytest.raises(ConflictError, match="At most one access config"):
        node.provider.execute(add)


def test_a_taken_address_is_a_conflict_that_is_looked_at_again(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    own, _, add = steps_of(node)
    node.provider.execute(own)
    with pytest.raises(ConflictError, match="already in-use"):
        node.provider.execute(add)
    assert promote(node.provider, [ONE], ready_run()).exit_code == 0
    assert configs(cloud, "a") == [CONFIG]


def test_a_holder_that_is_gone_has_nothing_to_give(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    steps = steps_of(node)
    cloud.api.apply(lambda store: store.drop(cloud.built.nodes["b"].instance))
    for step in steps:
        node.provider.execute(step)
    assert configs(cloud, "a") == [CONFIG]
    gone = msgspec.structs.replace(steps[2], params={**steps[2].params, "instance": "gone"})
    with pytest.raises(CloudfailError, match="gone"):
        node.provider.execute(gone)


def test_the_body_is_what_the_reference_has(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    assert promote(node_of("a").provider, [ONE], ready_run()).exit_code == 0
    (body,) = [json.loads(c.params["body"]) for c in cloud.calls if c.operation == ADD]
    assert body == {name: value for name, value in CONFIG.items() if name != "kind"}


def test_check_asks_for_each_permission(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    provider = node_of("a").provider
    found = provider.check(provider.steps(provider.observe([ONE]), provider.identify()))
    assert [finding.message.split(" is held")[0] for finding in found] == [
        "compute.instances.deleteAccessConfig on a",
        "compute.instances.deleteAccessConfig on b",
        "compute.instances.addAccessConfig on a",
    ]
    cloud.faults = Faults(deny=("instances.addAccessConfig",))
    found = provider.check(provider.steps(provider.observe([ONE]), provider.identify()))
    assert found[2].remedy == "grant the role of `cloudfail policy gcp`"
