"""Who holds what, and what follows from it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.errors import DeniedError, NotFoundError, ThrottledError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.model import ForwardingRule, Owner, Peer, Severity

from providers.gcp.nodes import REGION, NodeMaker, Unheard

EDGE = ForwardingRule(name="edge")


def point(cloud: EmbeddedGcp, rule: str, target: str) -> None:
    path = cloud.built.forwarding_rules[rule]
    cloud.api.apply(lambda store: store.put(path, {**store.get(path), "target": link(target)}))


def seen(node_of: NodeMaker, *claims: Any, which: str = "a", **setup: Any) -> Any:
    found = node_of(which, **setup).provider.observe(claims or [EDGE])
    return found[0] if len(found) == 1 else found


def test_a_rule_is_a_peers_by_address_or_by_interface(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    holding = seen(node_of)
    assert (holding.owner, holding.holder) == (
        Owner.PEER,
        cloud.built.nodes["b"].interface_id,
    )
    named = Peer(
        name="b",
        address=ip_address("10.0.1.11"),
        interface_id=cloud.built.nodes["b"].interface_id,
    )
    node = node_of("a", peers=(named,))
    assert node.provider.observe([EDGE])[0].owner is Owner.PEER
    assert node.operations == [
        "forwardingRules.list",
        "regionOperations.list",
        "targetInstances.aggregatedList",
    ]


def test_strangers_are_everybody_elses_and_without_peers_there_are_none(
    node_of: NodeMaker,
) -> None:
    strange = ForwardingRule(name="strange")
    assert seen(node_of, strange).owner is Owner.STRANGER
    assert seen(node_of, strange, peers=()).owner is Owner.PEER
    wrong = (Peer(name="b", address=ip_address("10.0.1.77")),)
    assert seen(node_of, peers=wrong).owner is Owner.STRANGER


def test_a_machine_with_a_peers_address_in_another_network_is_no_peer(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    peers = (Peer(name="a", address=ip_address("10.8.0.10")),)
    point(cloud, "edge", cloud.built.nodes["a"].target_instance)
    assert seen(node_of, which="b", peers=peers).owner is Owner.STRANGER


def test_a_rule_whose_target_is_gone_is_nobodys(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    path = cloud.built.nodes["b"].target_instance
    cloud.api.apply(lambda store: store.drop(path))
    holding = seen(node_of)
    assert (holding.owner, holding.holder) == (Owner.NOBODY, "")


def test_reads_do_not_grow_with_the_claims(node_of: NodeMaker) -> None:
    node = node_of("a")
    node.provider.observe([EDGE, ForwardingRule(name="edge6"), ForwardingRule(name="strange")])
    assert node.operations == [
        "forwardingRules.list",
        "instances.aggregatedList",
        "instances.aggregatedList",  # of the machine that is none of the nodes'
        "regionOperations.list",
        "targetInstances.aggregatedList",
    ]
    assert not any(call.mutating for call in node.calls)


def test_what_is_in_the_way_is_an_obstacle(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    far = ForwardingRule(name="far", region="us-east1")
    holding, _ = seen(node_of, far, EDGE)
    assert "it is in us-east1, but this node is in europe-west1" in holding.obstacle
    holding = seen(node_of, which="n")
    assert "gcloud compute target-instances create n --instance n" in holding.obstacle
    holding, _ = seen(node_of, Unheard(), EDGE)
    assert holding.obstacle == "Google Cloud has no unheard"
    path = cloud.built.forwarding_rules["edge"]

    def serve_by_backend(store: Any) -> None:
        rule = {k: v for k, v in store.get(path).items() if k != "target"}
        store.put(path, rule)

    cloud.api.apply(serve_by_backend)
    holding = seen(node_of)
    assert holding.owner is Owner.STRANGER
    assert "a backend service, not to a target instance" in holding.obstacle


def test_a_second_interface_needs_a_target_of_its_own_network(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    second = f"{cloud.built.nodes['a'].instance}/networkInterfaces/nic1"
    assert "no target instance for" in seen(node_of, interface_id=second).obstacle
    made = cloud.built.nodes["a"].target_instance + "-other"
    instance = link(cloud.built.nodes["a"].instance)
    network = link(cloud.built.networks["other"])
    cloud.api.apply(lambda store: store.put(made, {"instance": instance, "network": network}))
    holding = seen(node_of, interface_id=second)
    assert (holding.obstacle, holding.facts["target"]) == ("", made)
    # The rule leads to this machine, but to its first interface: it has to move.
    point(cloud, "edge", cloud.built.nodes["a"].target_instance)
    assert seen(node_of, interface_id=second).owner is Owner.PEER
    assert seen(node_of).owner is Owner.MINE


def test_a_rule_that_is_not_there_is_named(node_of: NodeMaker) -> None:
    lost = ForwardingRule(name="lost")
    with pytest.raises(NotFoundError, match=f"no forwarding rule lost in {REGION}"):
        seen(node_of, lost)
    holding, other = seen(node_of, lost, EDGE)
    assert (holding.owner, other.owner) == (Owner.UNKNOWN, Owner.PEER)


@pytest.mark.parametrize(
    "part", ["forwardingRules.list", "targetInstances.aggregatedList", "instances.aggregatedList"]
)
def test_what_was_not_said_is_unknown(cloud: EmbeddedGcp, node_of: NodeMaker, part: str) -> None:
    cloud.faults = Faults(throttle={part: 1})
    holding = seen(node_of)
    assert (holding.owner, holding.obstacle) == (Owner.UNKNOWN, "")
    cloud.faults = Faults(deny=(part,))
    assert f"compute.{part} is missing" in seen(node_of).obstacle


def test_when_nothing_can_be_read_it_is_an_error(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.faults = Faults(throttle={"*": 10})
    with pytest.raises(ThrottledError):
        seen(node_of)
    cloud.faults = Faults(deny=("*",))
    with pytest.raises(DeniedError):
        seen(node_of)


def test_throttled_twice_in_a_minute_waits_for_the_next(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(throttle={"*": 100})
    node = node_of("a")
    waits = []
    for _ in range(4):
        with pytest.raises(ThrottledError) as caught:
            node.provider.observe([EDGE])
        waits.append(caught.value.retry_after)
    told = [wait for wait in waits if wait is not None]
    assert told
    assert all(0 < wait <= 60 for wait in told)


def test_what_the_api_says_of_when_to_come_again_goes_before_that(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(throttle={"*": 100}, quota_minute_s=2)
    node = node_of("a")
    for _ in range(3):
        with pytest.raises(ThrottledError) as caught:
            node.provider.observe([EDGE])
        assert caught.value.retry_after == 2


def test_pages_are_read_to_the_end(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.lab.cloud.gcp.paging._MOST", 1)
    monkeypatch.setattr("cloudfail_gcp.instances._MOST_NAMES", 0)
    node = node_of("a")
    (holding,) = node.provider.observe([EDGE])
    assert holding.owner is Owner.PEER
    assert node.operations.count("forwardingRules.list") == 3
    assert node.operations.count("targetInstances.aggregatedList") == 4
    assert len(node.calls) == len(cloud.calls)


def test_check_says_what_could_be_asked_and_what_not(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    provider = node_of("a").provider
    lanes = provider.steps(provider.observe([EDGE]), provider.identify())
    (finding,) = provider.check(lanes)
    assert finding.severity is Severity.INFO
    assert "no way to ask for compute.forwardingRules.setTarget" in finding.message
    cloud.faults = Faults(deny=("targetInstances.use",))
    (finding,) = provider.check(lanes)
    assert (finding.severity, "is missing" in finding.message) == (Severity.ERROR, True)
    cloud.faults = Faults(throttle={"*": 1})
    (finding,) = provider.check(lanes)
    assert finding.severity is Severity.WARNING
    assert not any(call.mutating for call in cloud.calls)
