"""Doing a step: what is sent, what is left alone, what is refused."""

from __future__ import annotations

from operator import methodcaller
from typing import Any

import msgspec
import pytest
from cloudfail.errors import (
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    SupersededError,
)
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Owner, Step
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from providers.azure.doing import (
    ENDLESS,
    FLOATING,
    NIC_GET,
    NIC_PUT,
    POLL,
    ROUTE_PUT,
    TO_EDGE,
    VIP,
    ended_by,
    nic,
    steps_of,
    told,
)
from providers.azure.nodes import PRIVATE, SEATED, NodeMaker, edit


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


def test_a_document_without_an_etag_is_read_again_before_it_is_put(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of()
    for step in steps_of(node, FLOATING):
        ref, seen = str(step.params["id"]), dict(step.conditions["document"])
        del seen["etag"]
        edit(cloud, ref, lambda document: document.update(tags={"by": "another"}))
        node.provider.execute(msgspec.structs.replace(step, conditions={"document": seen}))
        with cloud.api.lock:
            assert cloud.api.store.edit(ref)["tags"] == {"by": "another"}
    assert node.provider.observe([FLOATING])[0].owner is Owner.MINE


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


def test_steps_of_another_provider_are_named(node_of: NodeMaker) -> None:
    with pytest.raises(ProviderError, match="no step 'ReplaceRoute'"):
        node_of().provider.execute(Step(call="ReplaceRoute", claims=(), params={}, summary=""))


def test_nothing_is_taken_off_its_holder_while_the_own_interface_is_being_changed(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node, own = node_of(), nic(cloud, "a")
    cloud.faults = Faults(operation_ms=ENDLESS)
    node.provider._api.call(NIC_PUT, own["id"], body=own, if_match=own["etag"])
    off, on = steps_of(node, FLOATING)
    cloud.faults = Faults()
    with ended_by(cloud, NIC_GET):
        node.provider.execute(off)
    # It asked for the own one until that was settled, and only then for what it had to write.
    gets = [call for call in cloud.calls if call.operation == NIC_GET]
    assert gets
    assert told(node) == [NIC_GET, NIC_PUT, POLL]
    node.provider.execute(on)
    assert node.provider.observe([FLOATING])[0].owner is Owner.MINE


def test_while_both_interfaces_are_being_changed_nothing_is_taken_off_without_another_look(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    waits: list[str] = []
    node = node_of(while_waiting=waits.append)
    cloud.faults = Faults(operation_ms=ENDLESS)
    for one in (nic(cloud, "a"), nic(cloud, "b")):
        node.provider._api.call(NIC_PUT, one["id"], body=one, if_match=one["etag"])
    off, _ = steps_of(node, FLOATING)
    assert (off.releases, off.conditions) == (True, {})  # no plan to be done blindly
    cloud.faults = Faults()
    with ended_by(cloud, NIC_GET):
        node.provider.execute(off)
    assert f"{nic(cloud, 'a')['id']} is Updating" in waits[0]
    assert node.provider.observe([FLOATING])[0].owner is Owner.NOBODY


def test_what_an_interface_says_of_a_public_address_is_kept_though_nobody_has_it(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node, theirs = node_of(), nic(cloud, "b")["id"]

    def first(document: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = document["properties"]["ipConfigurations"][0]["properties"]
        return found

    def mark(document: dict[str, Any]) -> None:
        first(document)["publicIPAddress"]["properties"] = {"deleteOption": "Delete"}

    edit(cloud, theirs, mark)
    node.provider.observe([VIP])
    edit(cloud, theirs, lambda document: first(document).pop("publicIPAddress"))
    [step] = steps_of(node, VIP)
    node.provider.execute(step)
    reference = first(nic(cloud, "a"))["publicIPAddress"]
    assert reference["properties"] == {"deleteOption": "Delete"}


LOST = {"given away", "deleted"}


@pytest.mark.parametrize("became", ["free", "given away", "deleted", "not said"])
def test_a_private_address_that_nobody_has_comes_back_with_its_public_one_if_that_is_free(
    cloud: EmbeddedAzure, node_of: NodeMaker, became: str
) -> None:
    node, theirs = node_of(), nic(cloud, "b")["id"]
    public, stranger = cloud.built.public_ips[SEATED], nic(cloud, "x")["id"]
    node.provider.observe([FLOATING])

    def take_off(document: dict[str, Any]) -> None:
        document["properties"]["ipConfigurations"].pop()

    def give(document: dict[str, Any]) -> None:
        document["properties"]["ipConfigurations"][0]["properties"]["publicIPAddress"] = {
            "id": public
        }

    def lose(store: Store) -> None:
        store._resources.pop(public.lower())

    edit(cloud, theirs, take_off)
    if became == "given away":
        edit(cloud, stranger, give)
    if became == "deleted":
        cloud.api.apply(lose, None)
    if became == "not said":
        cloud.faults = Faults(deny=("publicIPAddresses.get",))
    [holding] = node.provider.observe([FLOATING])
    cloud.faults = Faults()
    told = holding.facts.get("note", "")
    assert ("seated, the public address that it had" in told) == (became in LOST)
    assert promote(node.provider, [FLOATING], ready_run()).exit_code == 0
    [added] = nic(cloud, "a")["properties"]["ipConfigurations"][2:]
    assert ("publicIPAddress" in added["properties"]) == (became not in LOST)
    assert added["properties"]["loadBalancerBackendAddressPools"]
