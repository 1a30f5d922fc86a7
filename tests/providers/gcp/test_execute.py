"""Doing a step: operations that are waited for, joined, lost, refused."""

from __future__ import annotations

import pytest
from cloudfail.errors import (
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    SupersededError,
    TransientError,
)
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import ForwardingRule, Owner, Step

from cloudfail_gcp import waiting
from providers.gcp.ending import ENDLESS, end_when_waited_for
from providers.gcp.nodes import Node, NodeMaker

EDGE = ForwardingRule(name="edge")
SET, WAIT = "forwardingRules.setTarget", "regionOperations.wait"


def step_of(node: Node) -> Step:
    provider = node.provider
    ((step,),) = [
        lane.steps for lane in provider.steps(provider.observe([EDGE]), provider.identify())
    ]
    return step


def calls(cloud: EmbeddedGcp) -> list[str]:
    return [call.operation for call in cloud.calls if "list" not in call.operation.lower()]


def request_ids(cloud: EmbeddedGcp) -> list[str]:
    return [call.request_id for call in cloud.calls if call.operation == SET]


def test_a_move_is_one_write_and_one_long_poll(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.faults = Faults(operation_ms=150)
    node = node_of("a")
    step = step_of(node)
    assert step.summary.startswith("point forwarding-rule edge (203.0.113.9) at ")
    node.provider.execute(step)
    assert calls(cloud) == [SET, WAIT]
    assert node.asked == ["setTarget"]
    assert node.provider.observe([EDGE])[0].owner is Owner.MINE
    assert [change.node for change in cloud.changes] == ["a"]
    assert all(request_ids(cloud))


def test_a_refused_role_check_sends_nothing(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    def refuse(_: str) -> None:
        raise SupersededError("no longer master")

    node = node_of("a", before_write=refuse)
    step = step_of(node)
    with pytest.raises(SupersededError, match="no longer master"):
        node.provider.execute(step)
    assert calls(cloud) == []


def test_after_a_reset_the_same_request_is_joined(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.faults = Faults(reset_after={SET: 1}, operation_ms=100)
    node = node_of("a")
    step = step_of(node)
    with pytest.raises(TransientError) as caught:
        node.provider.execute(step)
    assert caught.value.fresh_connection
    node.provider.execute(step)
    assert len(set(request_ids(cloud))) == 1
    assert len(cloud.changes) == 1


def test_a_known_operation_is_waited_for_and_not_begun_again(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(operation_ms=100, throttle={WAIT: 1})
    node = node_of("a")
    step = step_of(node)
    with pytest.raises(TransientError):
        node.provider.execute(step)
    node.provider.execute(step)
    assert calls(cloud) == [SET, WAIT, WAIT]
    # What has ended is forgotten: the same step is a new request.
    node.provider.execute(step)
    assert len(set(request_ids(cloud))) == 2


def test_a_wait_that_ends_early_is_taken_up_again(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    end_when_waited_for(cloud, monkeypatch, times=2)
    cloud.faults = Faults(operation_ms=ENDLESS, wait_ms=60)
    node = node_of("a")
    node.provider.execute(step_of(node))
    assert calls(cloud).count(WAIT) == 2
    assert calls(cloud).count(SET) == 1


def test_an_operation_that_never_ends_is_given_up_for_now(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST_SECONDS", 0.05)
    cloud.faults = Faults(operation_stuck={SET: 1}, wait_ms=30)
    node = node_of("a")
    step = step_of(node)
    with pytest.raises(TransientError, match=r"is not done after 0\.05 s"):
        node.provider.execute(step)
    with pytest.raises(TransientError):
        node.provider.execute(step)
    assert calls(cloud).count(SET) == 1


def test_a_lost_role_ends_a_wait_between_two_polls_and_a_later_run_joins_the_operation(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(what: str) -> None:
        assert "is under way" in what
        raise SupersededError("a better peer is master")

    cloud.faults = Faults(operation_stuck={SET: 1}, wait_ms=30)
    node = node_of("a", while_waiting=lost)
    step = step_of(node)
    with pytest.raises(SupersededError, match="a better peer"):
        node.provider.execute(step)
    assert calls(cloud) == [SET, WAIT]
    monkeypatch.setattr(waiting, "MOST_SECONDS", 0.05)
    later = node_of("a")
    with pytest.raises(TransientError, match="is not done"):
        later.provider.execute(step_of(later))
    assert calls(cloud).count(SET) == 1


def test_a_lost_operation_is_looked_at_again(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.faults = Faults(operation_lost={SET: 1})
    node = node_of("a")
    with pytest.raises(ConflictError, match="no longer knows the operation"):
        node.provider.execute(step_of(node))
    assert node.provider.observe([EDGE])[0].owner is Owner.MINE


def test_a_repeat_whose_operation_is_lost_is_looked_at_again(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(reset_after={SET: 1}, operation_lost={SET: 1})
    node = node_of("a")
    step = step_of(node)
    with pytest.raises(TransientError):
        node.provider.execute(step)
    with pytest.raises(ConflictError, match="look again"):
        node.provider.execute(step)
    assert node.provider.observe([EDGE])[0].owner is Owner.MINE


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("CONDITION_NOT_MET", ConflictError),
        ("RESOURCE_NOT_READY", TransientError),
        ("RESOURCE_NOT_FOUND", NotFoundError),
        ("SOMETHING_NEW", ProviderError),
    ],
)
def test_an_error_inside_of_a_finished_operation_is_an_error(
    cloud: EmbeddedGcp, node_of: NodeMaker, code: str, kind: type[ProviderError]
) -> None:
    cloud.faults = Faults(operation_errors={SET: (code, 1)})
    node = node_of("a")
    step = step_of(node)
    with pytest.raises(kind) as caught:
        node.provider.execute(step)
    assert (type(caught.value), caught.value.code) == (kind, code)
    node.provider.execute(step)
    assert len(set(request_ids(cloud))) == 2
    assert len(cloud.changes) == 1


def test_a_denied_move_names_the_permission(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    step = step_of(node)
    cloud.faults = Faults(deny=(SET,))
    with pytest.raises(DeniedError) as caught:
        node.provider.execute(step)
    assert caught.value.permission == "compute.forwardingRules.setTarget"
    assert [(c.operation, c.status, c.code) for c in node.calls if c.mutating] == [
        (SET, 403, "forbidden")
    ]


def test_a_step_of_another_provider_is_refused(node_of: NodeMaker) -> None:
    step = Step(call="AssociateAddress", claims=(EDGE,), params={}, summary="x")
    with pytest.raises(ProviderError, match="made by another provider"):
        node_of("a").provider.execute(step)
