"""Access configs go by name: without a look only where the name, or the metadata, is proof."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest
from cloudfail.errors import ConflictError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import WorldAddress
from cloudfail.model import Owner, Plan, PublicIp, Step
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_gcp.access_configs import telling_name
from providers.gcp.nodes import EPHEMERAL, PUBLIC, WORLD, Node, NodeMaker, edit_interfaces, nic_of

ONE = PublicIp(address=ip_address(PUBLIC))
ADD, DELETE, GET = "instances.addAccessConfig", "instances.deleteAccessConfig", "instances.get"
WAIT = "zoneOperations.wait"
SPARE = "203.0.113.51"
TELLING = {
    "kind": "compute#accessConfig",
    "type": "ONE_TO_ONE_NAT",
    "name": telling_name(PUBLIC),
    "natIP": PUBLIC,
    "networkTier": "PREMIUM",
}


@pytest.fixture(autouse=True)
def arranged(cloud: EmbeddedGcp) -> None:
    """The holder's config is named after its address; another address is reserved."""
    addresses = (*WORLD.addresses, WorldAddress("spare", SPARE))
    cloud.build(msgspec.structs.replace(WORLD, addresses=addresses))
    give(cloud, "b", TELLING)


def give(cloud: EmbeddedGcp, node: str, *configs: Mapping[str, Any]) -> None:
    """Let a node's interface have these configs, past the API."""

    def change(nic: dict[str, Any]) -> None:
        nic.pop("accessConfigs", None)
        nic.update({"accessConfigs": list(configs)} if configs else {})

    edit_interfaces(cloud, change, node=node)


def configs(cloud: EmbeddedGcp, node: str) -> list[Any]:
    return list(nic_of(cloud, node).get("accessConfigs", ()))


def prepare(node: Node) -> Plan:
    return build_plan(node.provider, [ONE], instance="edge")


def steps_of(node: Node) -> list[Step]:
    return [step for lane in prepare(node).lanes for step in lane.steps]


def calls_of(cloud: EmbeddedGcp, known: int) -> list[str]:
    return [call.operation for call in cloud.calls[known:]]


def test_a_prepared_plan_leaves_without_any_look(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    plan, known = prepare(node), len(cloud.calls)
    assert promote(node.provider, [ONE], ready_run(), prepared=plan).exit_code == 0
    assert calls_of(cloud, known)[:6] == [DELETE, WAIT, DELETE, WAIT, ADD, WAIT]
    assert GET not in calls_of(cloud, known)
    assert configs(cloud, "a") == [TELLING]


@pytest.mark.parametrize("name", [telling_name(SPARE), "External NAT"])
def test_what_came_in_its_place_stays(cloud: EmbeddedGcp, node_of: NodeMaker, name: str) -> None:
    node = node_of("a")
    plan = prepare(node)
    other = {**TELLING, "name": name, "natIP": SPARE}
    give(cloud, "b", other)
    assert promote(node.provider, [ONE], ready_run(), prepared=plan).exit_code == 0
    assert configs(cloud, "b") == [other]
    assert configs(cloud, "a") == [TELLING]


def test_who_took_it_meanwhile_keeps_it(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    plan = prepare(node)
    give(cloud, "b")
    give(cloud, "x", TELLING)
    outcome = promote(node.provider, [ONE], ready_run(), prepared=plan)
    assert outcome.exit_code != 0
    assert outcome.results[0].owner is Owner.STRANGER
    assert configs(cloud, "x") == [TELLING]


@pytest.mark.parametrize("told", [True, False])
def test_a_reserved_address_that_came_to_this_node_stays(
    cloud: EmbeddedGcp, node_of: NodeMaker, told: bool
) -> None:
    node = node_of("a")
    own, _, add = steps_of(node)
    spare = {**TELLING, "name": "own", "natIP": SPARE}
    assert own.params["accessConfig"] == "own"
    give(cloud, "a", spare)
    cloud.faults = Faults(metadata_down=not told)
    node.provider.execute(own)
    assert configs(cloud, "a") == [spare]
    with pytest.raises(ConflictError, match="At most one access config"):
        node.provider.execute(add)


def test_without_metadata_this_nodes_own_is_looked_at(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    own, *_ = steps_of(node)
    assert own.conditions["natIP"] == EPHEMERAL
    node.provider._api._clients.client("InstancesClient")  # with its token
    known = len(cloud.calls)
    cloud.faults = Faults(metadata_down=True)
    node.provider.execute(own)
    assert calls_of(cloud, known) == [GET, DELETE, WAIT]
    assert configs(cloud, "a") == []


def test_a_config_without_an_address_is_looked_at(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    # A stopped machine's ephemeral address is gone, its config is not.
    give(cloud, "a", {"type": "ONE_TO_ONE_NAT", "name": "own"})
    node = node_of("a")
    own, *_ = steps_of(node)
    known = len(cloud.calls)
    node.provider.execute(own)
    assert calls_of(cloud, known) == [GET, DELETE, WAIT]
    assert configs(cloud, "a") == []


def test_a_name_that_tells_nothing_is_looked_at(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    give(cloud, "b", {**TELLING, "name": "External NAT"})
    node = node_of("a")
    _, theirs, _ = steps_of(node)
    known = len(cloud.calls)
    node.provider.execute(theirs)
    assert calls_of(cloud, known) == [GET, DELETE, WAIT]


def test_a_delete_that_did_not_happen_is_no_success(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    _, theirs, _ = steps_of(node)
    cloud.faults = Faults(operation_errors={DELETE: ("CONDITION_NOT_MET", 1)})
    with pytest.raises(ConflictError):
        node.provider.execute(theirs)
    assert configs(cloud, "b") == [TELLING]
