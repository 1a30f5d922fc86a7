"""Doing a step: operations that are waited for, joined, lost, superseded, refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_address, ip_network
from operator import methodcaller
from typing import Any

import msgspec
import pytest
from cloudfail.clock import SystemClock
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    SupersededError,
    ThrottledError,
    TransientError,
)
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, Owner, PrivateIp, PublicIp, Route, Step
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_azure import waiting
from providers.azure.nodes import DESTINATION, PRIVATE, PUBLIC, SEATED, Node, NodeMaker, edit

NIC_PUT, NIC_GET, POLL, ROUTE_PUT = (
    "networkInterfaces.put",
    "networkInterfaces.get",
    "operations.get",
    "routes.put",
)
FLOATING, VIP = PrivateIp(address=ip_address(PRIVATE)), PublicIp(address=ip_address(PUBLIC))
TO_EDGE = Route(table="edge", destination=ip_network(DESTINATION))


def steps_of(node: Node, *claims: Claim) -> list[Step]:
    provider = node.provider
    lanes = provider.steps(provider.observe(claims), provider.identify())
    steps = sorted((s for lane in lanes for s in lane.steps), key=lambda step: step.stage)
    node.calls.clear()
    return steps


def told(node: Node) -> list[str]:
    """Return what a node sent, a run of the same call as one."""
    names = [call.operation for call in node.calls]
    return [name for at, name in enumerate(names) if at == 0 or names[at - 1] != name]


def nic(cloud: EmbeddedAzure, node: str) -> dict[str, Any]:
    with cloud.api.lock:
        return cloud.api.store.edit(cloud.built.nodes[node].interface_id)


ENDLESS = 3_600_000.0


@contextmanager
def ended_by(cloud: EmbeddedAzure, *calls: str) -> Iterator[None]:
    """Let what is under way end once one of these is called from now on."""
    known, over = len(cloud.calls), threading.Event()

    def end() -> None:
        while not over.wait(0.01):
            if any(call.operation in calls for call in cloud.calls_since(known)):
                for timer in list(cloud.api.operations._timers):
                    timer.cancel()
                    timer.function()
                return

    watching = threading.Thread(target=end)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join()


class Hasty(SystemClock):
    """Sleeps a hundredth of what is asked for, and says that it was all of it."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.sleeps: list[float] = []

    def now(self) -> float:
        return super().now() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        super().sleep(seconds / 100)
        self.ahead += seconds * 0.99


@pytest.fixture
def hasty() -> Hasty:
    return Hasty()


@pytest.fixture
def waited(hasty: Hasty, node_of: NodeMaker) -> Callable[..., Node]:
    """Build a node whose provider waits by the hasty clock."""

    def make(which: str = "a", **setup: Any) -> Node:
        node = node_of(which, **setup)
        node.provider._operations = waiting.Operations(node.provider._api, hasty)
        return node

    return make


def test_a_move_is_two_puts_and_their_operations(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    cloud.faults = Faults(operation_ms=100)
    node = node_of()
    off, on = steps_of(node, FLOATING)
    node.provider.execute(off)
    assert told(node) == [NIC_PUT, POLL]
    # As far as anybody sees, it has left before it comes.
    assert [(change.target, change.node) for change in cloud.changes] == [
        (SEATED, ""),
        (PRIVATE, ""),
    ]
    node.provider.execute(on)
    assert told(node) == [NIC_PUT, POLL] * 2
    assert {change.node for change in cloud.changes[2:]} == {"a"}
    assert node.asked == [NIC_PUT] * 2


def test_an_ip_configuration_arrives_with_all_that_was_on_it(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    (before,) = (c for c in nic(cloud, "b")["properties"]["ipConfigurations"] if c["name"] == "vip")
    node = node_of()
    for step in steps_of(node, FLOATING):
        node.provider.execute(step)
    (after,) = (c for c in nic(cloud, "a")["properties"]["ipConfigurations"] if c["name"] == "vip")
    for moved in (before, after):
        moved.pop("id")
        moved.pop("etag")
    assert after == before
    assert after["properties"]["alsoUnknown"] == [1, 2]
    assert after["properties"]["loadBalancerInboundNatRules"]


def test_a_route_is_one_put_of_the_route_alone(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    node = node_of()
    (step,) = steps_of(node, TO_EDGE)
    node.provider.execute(step)
    assert told(node) == [ROUTE_PUT, POLL]
    assert node.provider.observe([TO_EDGE])[0].owner is Owner.MINE


def test_a_change_by_somebody_else_is_never_undone(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    off, on = steps_of(node, FLOATING)
    for name in "ab":
        tags = {"tags": {"new": name}}
        edit(cloud, cloud.built.nodes[name].interface_id, methodcaller("update", tags))
    for step in (off, on):
        with pytest.raises(ConflictError, match="PreconditionFailed"):
            node.provider.execute(step)
    assert promote(node.provider, [FLOATING], ready_run()).exit_code == 0
    assert [nic(cloud, name)["tags"] for name in "ab"] == [{"new": "a"}, {"new": "b"}]


def test_a_route_that_leads_elsewhere_by_now_is_looked_at_again(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    (step,) = steps_of(node, TO_EDGE)
    table = cloud.built.route_tables["edge"]

    def turn(document: dict[str, Any]) -> None:
        document["properties"]["routes"][0]["properties"]["nextHopIpAddress"] = "10.0.1.99"

    edit(cloud, table, turn)
    unconditional = msgspec.structs.replace(step, conditions={"nextHop": "10.0.1.11"})
    for one in (step, unconditional):
        with pytest.raises(ConflictError, match=r"leads to 10\.0\.1\.99 by now"):
            node.provider.execute(one)
    edit(cloud, table, lambda document: document["properties"].update(routes=[]))
    with pytest.raises(ConflictError, match="is gone by now"):
        node.provider.execute(unconditional)
    assert node.asked == [ROUTE_PUT]


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
        ({"operation_errors": ("NoIdea", 1)}, ProviderError),
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
    cloud.faults = Faults(**{name: {step.call: value} for name, value in faults.items()})
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
    node = waited()
    cloud.faults = Faults(operation_ms=100, retry_after_s=3)
    off, on = steps_of(node, FLOATING)
    node.provider.execute(off)
    assert set(hasty.sleeps) == {3.0}
    hasty.sleeps.clear()
    cloud.faults = Faults(operation_ms=200)
    node.provider.execute(on)
    assert hasty.sleeps[0] == 0.2
    assert hasty.sleeps == sorted(hasty.sleeps)
    assert max(hasty.sleeps) <= 2.0


@pytest.mark.parametrize(
    ("waited_for", "asked", "pause"),
    [(0, None, 0.2), (1, None, 0.2), (5, None, 1.0), (60, None, 2.0), (5, 7.0, 7.0), (5, 0.0, 0.2)],
)
def test_the_pause_grows_with_what_it_takes_already(
    waited_for: float, asked: float | None, pause: float
) -> None:
    assert waiting.pause_after(waited_for, asked) == pytest.approx(pause)


def test_a_refused_role_check_sends_nothing(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    def refuse(_: str) -> None:
        raise SupersededError("no longer master")

    node = node_of(before_write=refuse)
    for step in steps_of(node, FLOATING, VIP, TO_EDGE):
        with pytest.raises(SupersededError, match="no longer master"):
            node.provider.execute(step)
    assert not any(call.mutating for call in cloud.calls)


def test_a_denied_join_comes_before_anything_is_changed(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    off, _ = steps_of(node, FLOATING)
    before = nic(cloud, "b")
    cloud.faults = Faults(deny=("publicIPAddresses.join",))
    with pytest.raises(DeniedError, match="publicIPAddresses/join/action") as denied:
        node.provider.execute(off)
    assert denied.value.permission == "Microsoft.Network/publicIPAddresses/join/action"
    assert nic(cloud, "b") == before


@pytest.mark.parametrize("seen", [True, False])
def test_a_holder_that_is_gone_has_nothing_to_release(
    cloud: EmbeddedAzure, node_of: NodeMaker, *, seen: bool
) -> None:
    node = node_of()
    off, on = steps_of(node, FLOATING)
    gone = {"id": f"{cloud.built.nodes['b'].interface_id}-gone"}
    off, on = (
        msgspec.structs.replace(
            step,
            params={**step.params, **gone},
            conditions=step.conditions if seen else {},
        )
        for step in (off, on)
    )
    node.provider.execute(off)
    with pytest.raises(NotFoundError):
        node.provider.execute(on)


def test_an_address_that_is_still_being_cleaned_up_is_tried_for_until_it_is_free(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    cloud.faults = Faults(cleanup_ms=500)
    node = node_of()
    run = ready_run(clock=SystemClock(), seconds=60)
    assert promote(node.provider, [FLOATING], run).exit_code == 0
    refused = [c for c in cloud.calls if c.code == "PrivateIPAddressIsBeingCleanedUp"]
    assert refused
    # Only the attach is repeated.
    assert [c.operation for c in cloud.calls if c.status == 200 and c.mutating] == [NIC_PUT] * 2


def test_steps_of_another_provider_are_named(node_of: NodeMaker) -> None:
    with pytest.raises(ProviderError, match="no step 'ReplaceRoute'"):
        node_of().provider.execute(Step(call="ReplaceRoute", claims=(), params={}, summary=""))
