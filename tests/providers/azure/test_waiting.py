"""Operations that are waited for, joined, lost, superseded."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from cloudfail.clock import SystemClock
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    SupersededError,
    ThrottledError,
    TransientError,
)
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, Owner
from cloudfail.promote import promote
from cloudfail.provider import ApiCall
from cloudfail.testing.runs import ready_run

from cloudfail_azure import waiting
from providers.azure.doing import (
    ENDLESS,
    FLOATING,
    NIC_GET,
    NIC_PUT,
    POLL,
    ROUTE_PUT,
    TO_EDGE,
    Hasty,
    ended_by,
    nic,
    steps_of,
    told,
)
from providers.azure.nodes import Node, NodeMaker


@pytest.fixture
def hasty() -> Hasty:
    return Hasty()


@pytest.fixture
def waited(hasty: Hasty, node_of: NodeMaker) -> Callable[..., Node]:
    """Build a node whose provider waits by the hasty clock."""

    def make(which: str = "a", **setup: Any) -> Node:
        node = node_of(which, **setup)
        node.provider._operations = waiting.Operations(
            node.provider._api, hasty, node.setup.while_waiting
        )
        return node

    return make


def test_another_ones_write_in_flight_is_waited_for_and_never_overridden(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node, other = node_of(), node_of("b")
    document = nic(cloud, "b")
    cloud.faults = Faults(operation_ms=ENDLESS)
    changed = {**document, "tags": {"by": "another"}}
    other.provider._api.call(NIC_PUT, document["id"], body=changed, if_match=document["etag"])
    off, on = steps_of(node, FLOATING)
    # It was seen to be changed just then: it is read until that is over.
    assert off.conditions == {}
    cloud.faults = Faults()
    with ended_by(cloud, NIC_GET):
        node.provider.execute(off)
    assert told(node) == [NIC_GET, NIC_PUT, POLL]
    node.provider.execute(on)
    assert nic(cloud, "b")["tags"] == {"by": "another"}
    assert node.provider.observe([FLOATING])[0].owner is Owner.MINE


def test_a_lock_of_another_operation_is_not_throttling(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node, other = node_of(), node_of("b")
    off, _ = steps_of(node, FLOATING)
    document = nic(cloud, "b")
    cloud.faults = Faults(operation_ms=ENDLESS)
    other.provider._api.call(NIC_PUT, document["id"], body=document, if_match=document["etag"])
    current = nic(cloud, "b")
    stale = msgspec.structs.replace(off, conditions={"document": current})
    # Refused at once; it comes back only when the other one is done.
    with ended_by(cloud, NIC_GET), pytest.raises(TransientError) as locked:
        node.provider.execute(stale)
    assert locked.value.code == "RetryableErrorDueToAnotherOperation"
    assert locked.value.retry_after is None
    assert nic(cloud, "b")["properties"]["provisioningState"] == "Succeeded"
    cloud.faults = Faults(throttle={NIC_PUT: 1}, throttle_s=7)
    with pytest.raises(ThrottledError) as busy:
        node.provider.execute(off)
    assert busy.value.retry_after == 7


def test_what_a_dead_process_began_is_joined(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    dead, node = node_of(), node_of()
    off, on = steps_of(dead, FLOATING)
    dead.provider.execute(off)
    cloud.faults = Faults(operation_ms=ENDLESS, errors={POLL: (503, "ServerBusy", 1)})
    with pytest.raises(TransientError):
        dead.provider.execute(on)
    # Nobody knows yet whether it will be ours.
    assert node.provider.observe([FLOATING])[0].owner is Owner.UNKNOWN
    with ended_by(cloud, NIC_GET):
        node.provider.execute(on)
    assert node.asked == [NIC_PUT]  # refused: it is there already
    assert node.provider.observe([FLOATING])[0].owner is Owner.MINE
    assert len(nic(cloud, "a")["properties"]["ipConfigurations"]) == 3


@pytest.mark.parametrize("claim", [FLOATING, TO_EDGE])
@pytest.mark.parametrize(
    ("faults", "error"),
    [
        ({"operation_errors": ("CanceledAndSupersededDueToAnotherOperation", 1)}, ConflictError),
        ({"operation_errors": ("InternalServerError", 1)}, TransientError),
        # Azure accepted it: what nobody here has heard of was no refusal.
        ({"operation_errors": ("NoIdea", 1)}, TransientError),
        ({"operation_stuck": 1}, TransientError),
        ({"reset": 1}, TransientError),
        ({"reset_after": 1}, TransientError),
        ({"throttle": 1}, ThrottledError),
    ],
    ids=str,
)
def test_what_goes_wrong_with_an_operation_has_its_meaning(
    cloud: EmbeddedAzure,
    waited: Callable[..., Node],
    claim: Claim,
    faults: dict[str, Any],
    error: type[CloudfailError],
) -> None:
    node = waited()
    step, *_ = steps_of(node, claim)
    injected: dict[str, Any] = {name: {step.call: value} for name, value in faults.items()}
    cloud.faults = Faults(**injected)
    with pytest.raises(error) as raised:
        node.provider.execute(step)
    assert type(raised.value) is error


@pytest.mark.parametrize("by_location", [False, True])
def test_an_operation_that_azure_forgot_is_judged_by_what_came_of_it(
    cloud: EmbeddedAzure, waited: Callable[..., Node], *, by_location: bool
) -> None:
    lost = {NIC_PUT: 9, ROUTE_PUT: 9}
    cloud.faults = Faults(operation_lost=lost, operation_ms=30, operation_by_location=by_location)
    node = waited()
    for step in steps_of(node, FLOATING, TO_EDGE):
        node.provider.execute(step)
    seen = node.provider.observe([FLOATING, TO_EDGE])
    assert [holding.owner for holding in seen] == [Owner.MINE] * 2


@pytest.mark.parametrize("poll", [POLL, "operationResults.get"])
def test_who_may_not_ask_how_an_operation_goes_sees_it_at_the_resource(
    cloud: EmbeddedAzure, waited: Callable[..., Node], poll: str
) -> None:
    node = waited()
    node.provider.identify()
    by_location = poll != POLL
    refused = {poll: (403, "AuthorizationFailed", 99)}
    cloud.faults = Faults(errors=refused, operation_ms=30, operation_by_location=by_location)
    outcome = promote(node.provider, [FLOATING, TO_EDGE], ready_run(seconds=600))
    assert outcome.exit_code == 0
    assert poll in [call.operation for call in node.calls]


def test_no_wish_of_the_cloud_keeps_a_wait_from_its_end(
    cloud: EmbeddedAzure, hasty: Hasty, waited: Callable[..., Node]
) -> None:
    node = waited()
    step, *_ = steps_of(node, FLOATING)
    cloud.faults = Faults(operation_stuck={NIC_PUT: 1}, retry_after_s=600)
    with pytest.raises(TransientError, match=r"is under way after 6\d s"):
        node.provider.execute(step)
    assert sum(hasty.sleeps) <= waiting.MOST_SECONDS + 0.01


@pytest.mark.parametrize("asked", [0, 600])
def test_a_lost_role_is_noticed_within_a_second_of_waiting(
    cloud: EmbeddedAzure, hasty: Hasty, waited: Callable[..., Node], asked: int
) -> None:
    asked_at: list[float] = []

    def still_master(what: str) -> None:
        assert NIC_PUT in what
        asked_at.append(hasty.now())
        if len(asked_at) > 20:
            raise SupersededError("a better peer is master")

    node = waited(while_waiting=still_master)
    step, *_ = steps_of(node, FLOATING)
    cloud.faults = Faults(operation_stuck={NIC_PUT: 1}, retry_after_s=asked)
    with pytest.raises(SupersededError):
        node.provider.execute(step)
    # Scaled down a hundredfold: what a busy machine takes between two is in it a hundred times less.
    assert max(hasty.sleeps) <= waiting.NOTICED_SECONDS
    assert len(asked_at) == 21


def test_operations_by_location_are_waited_for_and_their_errors_come_out(
    cloud: EmbeddedAzure, waited: Callable[..., Node]
) -> None:
    cloud.faults = Faults(operation_ms=50, operation_by_location=True)
    node = waited()
    off, on = steps_of(node, FLOATING)
    node.provider.execute(off)
    assert told(node) == [NIC_PUT, "operationResults.get"]
    cloud.faults = Faults(
        operation_ms=50,
        operation_by_location=True,
        operation_errors={NIC_PUT: ("PublicIPAddressInUse", 1)},
    )
    with pytest.raises(ConflictError, match="PublicIPAddressInUse"):
        node.provider.execute(on)


def test_azure_is_asked_at_its_own_pace_else_at_ours(
    cloud: EmbeddedAzure, hasty: Hasty, waited: Callable[..., Node]
) -> None:
    answered: list[tuple[float, float]] = []
    node = waited(on_call=lambda call: answered.append((hasty.now(), sum(hasty.sleeps))))
    cloud.faults = Faults(operation_ms=100, retry_after_s=3)
    off, on = steps_of(node, FLOATING)
    answered.clear()
    node.provider.execute(off)
    # By the clock: what a busy machine takes between two slices of a pause is a part of it.
    assert min(later - now for (now, _), (later, _) in pairwise(answered)) >= 2.99
    hasty.sleeps.clear()
    answered.clear()
    cloud.faults = Faults(operation_ms=200)
    node.provider.execute(on)
    assert hasty.sleeps[0] == 0.2
    assert max(later - now for (_, now), (_, later) in pairwise(answered)) <= 2.01


@pytest.mark.parametrize(
    ("waited_for", "asked", "pause"),
    [(0, None, 0.2), (1, None, 0.2), (5, None, 1.0), (60, None, 2.0), (5, 7.0, 7.0), (5, 0.0, 0.2)],
)
def test_the_pause_grows_with_what_it_takes_already(
    waited_for: float, asked: float | None, pause: float
) -> None:
    assert waiting.pause_after(waited_for, asked) == pytest.approx(pause)


def test_an_address_that_is_still_being_cleaned_up_is_tried_for_until_it_is_free(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    def told(call: ApiCall) -> None:
        if call.code == "PrivateIPAddressIsBeingCleanedUp":
            cloud.faults = Faults()

    cloud.faults = Faults(cleanup_ms=ENDLESS)
    node = node_of(on_call=told)
    run = ready_run(clock=SystemClock(), seconds=60)
    assert promote(node.provider, [FLOATING], run).exit_code == 0
    refused = [c for c in cloud.calls if c.code == "PrivateIPAddressIsBeingCleanedUp"]
    assert refused
    # Only the attach is repeated.
    assert [c.operation for c in cloud.calls if c.status == 200 and c.mutating] == [NIC_PUT] * 2
