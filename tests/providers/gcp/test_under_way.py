"""Operations of another process, or of this one before it died: joined, and never doubled."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from cloudfail.errors import ConflictError, TransientError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.model import Claim, ForwardingRule, Owner, Peer, PrivateIp, Step
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run
from urllib3.connection import HTTPConnection

from providers.gcp.ending import ENDLESS, end_when_waited_for
from providers.gcp.nodes import ALIAS, Node, NodeMaker, edit_interfaces

EDGE = ForwardingRule(name="edge")
ONE = PrivateIp(address=ip_address(ALIAS))
SET, PATCH = "forwardingRules.setTarget", "instances.updateNetworkInterface"
OF_B = (Peer(name="a", address=ip_address("10.0.1.10")),)


@pytest.fixture(autouse=True)
def operations_end(cloud: EmbeddedGcp, monkeypatch: pytest.MonkeyPatch) -> None:
    end_when_waited_for(cloud, monkeypatch)


def steps_of(node: Node, claim: Claim) -> Sequence[Step]:
    provider = node.provider
    (lane,) = provider.steps(provider.observe([claim]), provider.identify())
    return lane.steps


def die_at(cloud: EmbeddedGcp, node: Node, claim: Claim, call: str) -> None:
    """Let a process begin an operation of which it never learns: it is gone then."""
    cloud.faults = Faults(operation_ms=ENDLESS, reset_after={call: 1})
    with pytest.raises(TransientError):
        node.provider.execute(steps_of(node, claim)[0])


def writes(cloud: EmbeddedGcp) -> list[str]:
    return [call.operation for call in cloud.calls if call.mutating]


def test_a_move_that_a_dead_process_began_is_not_begun_again(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    die_at(cloud, node_of("a"), EDGE, SET)
    assert promote(node_of("a").provider, [EDGE], ready_run()).exit_code == 0
    assert writes(cloud) == [SET]
    assert [change.node for change in cloud.changes] == ["a"]


def test_a_patch_that_a_dead_process_began_is_not_begun_again(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    die_at(cloud, node_of("a"), ONE, PATCH)
    assert promote(node_of("a").provider, [ONE], ready_run()).exit_code == 0
    assert writes(cloud) == [PATCH, PATCH]
    assert [change.node for change in cloud.changes] == ["", "a"]


def test_what_a_peer_has_under_way_is_waited_for_and_then_planned_on(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    die_at(cloud, node_of("a"), EDGE, SET)
    peer = node_of("b", peers=OF_B)
    before = peer.provider.observe([EDGE])[0]
    assert before.owner is Owner.MINE  # the operation has not had its effect yet
    (step,) = steps_of(node_of("a"), EDGE)
    taker = node_of("a")
    taker.provider.observe([EDGE])
    with pytest.raises(ConflictError, match="was under way already: look again"):
        taker.provider.execute(step)
    assert peer.provider.observe([EDGE])[0].owner is Owner.PEER
    taker.provider.execute(step)
    assert writes(cloud) == [SET, SET]


def test_what_a_peer_has_under_way_is_not_doubled_where_asking_after_it_failed(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    die_at(cloud, node_of("a"), EDGE, SET)
    taker = node_of("a")
    (step,) = steps_of(taker, EDGE)
    cloud.faults = Faults(throttle={"regionOperations.wait": 1})
    with pytest.raises(TransientError):
        taker.provider.execute(step)
    with pytest.raises(ConflictError, match="was under way already: look again"):
        taker.provider.execute(step)
    assert writes(cloud) == [SET]


def test_what_an_abandoned_run_of_this_process_left_under_way_is_joined(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    cloud.faults = Faults(operation_ms=ENDLESS, throttle={"zoneOperations.wait": 1})
    with pytest.raises(TransientError):
        node.provider.execute(steps_of(node, ONE)[0])
    # Something else of the interface has changed since, so that it is not the same request.
    edit_interfaces(cloud, lambda nic: nic.update(nicType="VIRTIO_NET"), node="b")
    assert promote(node.provider, [ONE], ready_run()).exit_code == 0
    assert writes(cloud) == [PATCH, PATCH]


def test_what_has_ended_is_not_waited_for_whatever_a_look_saw(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(operation_ms=ENDLESS, throttle={"zoneOperations.wait": 1})
    node = node_of("a")
    off, on = steps_of(node, ONE)
    with pytest.raises(TransientError):
        node.provider.execute(off)
    node.provider.observe([ONE])  # sees it running
    node.provider.execute(off)
    node.provider.execute(off)  # a new request: what was seen is over
    assert writes(cloud) == [PATCH, PATCH]
    node.provider.execute(on)
    assert node.provider.observe([ONE])[0].owner is Owner.MINE


def test_an_operation_that_is_no_move_is_not_waited_for(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    instance = cloud.built.nodes["b"].instance
    path = f"{instance.rpartition('/instances/')[0]}/operations/operation-stop"
    stop = {"operationType": "stop", "status": "RUNNING", "targetLink": link(instance)}
    cloud.api.apply(lambda store: store.put(path, {**stop, "progress": 0}))
    node = node_of("a")
    assert promote(node.provider, [ONE], ready_run()).exit_code == 0
    assert "zoneOperations.list" in node.operations
    assert writes(cloud) == [PATCH, PATCH]


def test_who_may_not_list_operations_moves_all_the_same(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(deny=("regionOperations.list",))
    assert promote(node_of("a").provider, [EDGE], ready_run()).exit_code == 0
    assert writes(cloud) == [SET]


@pytest.mark.parametrize("claim", [EDGE, ONE], ids=["forwarding-rule", "private-ip"])
def test_a_look_opens_every_connection_that_a_move_needs(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch, claim: Claim
) -> None:
    node = node_of("a")
    steps = steps_of(node, claim)
    opened: list[HTTPConnection] = []
    connect = HTTPConnection.connect

    def spy(connection: HTTPConnection) -> None:
        opened.append(connection)
        connect(connection)

    monkeypatch.setattr(HTTPConnection, "connect", spy)
    for step in steps:
        node.provider.execute(step)
    assert len(writes(cloud)) == len(steps)
    assert opened == []
