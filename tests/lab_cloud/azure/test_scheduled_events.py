"""Scheduled events: announced by a rehearsal, read and acknowledged by a node."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.client import CloudControl

from lab_cloud.azure.imds import PAIR, Imds

Node = Callable[[str], Imds]


@pytest.fixture(scope="module")
def running_azure() -> Iterator[EmbeddedAzure]:
    with EmbeddedAzure() as cloud:
        yield cloud


@pytest.fixture
def azure(running_azure: EmbeddedAzure) -> EmbeddedAzure:
    running_azure.build(PAIR)
    return running_azure


@pytest.fixture
def on(azure: EmbeddedAzure) -> Node:
    return lambda name: Imds(azure.metadata_endpoint(name))


def test_an_event_is_told_to_its_machine_alone(azure: EmbeddedAzure, on: Node) -> None:
    status, before = on("a").events()
    assert (status, before["Events"]) == (200, [])
    made = azure.announce("a", "Reboot", 900)
    document = on("a").events()[1]
    (event,) = document["Events"]
    then = email.utils.parsedate_to_datetime(event.pop("NotBefore")).timestamp()
    assert 600 < then - time.time() <= 900
    assert event == {
        "EventId": made.id,
        "EventType": "Reboot",
        "ResourceType": "VirtualMachine",
        "Resources": ["a"],
        "EventStatus": "Scheduled",
        "Description": "Host server is undergoing maintenance.",
        "EventSource": "Platform",
        "DurationInSeconds": -1,
    }
    assert document["DocumentIncarnation"] > before["DocumentIncarnation"]
    assert on("a").events()[1]["DocumentIncarnation"] == document["DocumentIncarnation"]
    assert on("b").events()[1]["Events"] == []


def test_what_is_acknowledged_starts_and_the_lab_knows_when(azure: EmbeddedAzure, on: Node) -> None:
    made = azure.announce("a", "Freeze")
    assert azure.announced[0].seen == 0
    number = on("a").events()[1]["DocumentIncarnation"]
    (seen,) = azure.announced
    assert (seen.seen > made.announced, seen.acknowledged) == (True, 0)
    assert on("a").start(made.id.lower()) == 200
    document = on("a").events()[1]
    (event,) = document["Events"]
    assert (event["EventStatus"], event["NotBefore"]) == ("Started", "")
    assert document["DocumentIncarnation"] > number
    assert azure.announced[0].acknowledged >= seen.seen
    azure.withdraw("a")
    assert on("a").events()[1]["Events"] == []


def test_an_event_that_nobody_acknowledges_starts_at_its_time(
    azure: EmbeddedAzure, on: Node
) -> None:
    azure.announce("a", "Preempt", 0)
    assert on("a").events()[1]["Events"][0]["EventStatus"] == "Started"
    assert azure.announced[0].acknowledged == 0


@pytest.mark.parametrize(
    "body",
    [{}, [], {"StartRequests": [{}]}, {"StartRequests": []}, {"StartRequests": [{"EventId": "x"}]}],
)
def test_only_an_event_of_ones_own_can_be_acknowledged(
    azure: EmbeddedAzure, on: Node, body: object
) -> None:
    made = azure.announce("b", "Redeploy")
    where: Any = {"api_version": "2020-07-01"}
    assert on("b").ask("scheduledevents", body, **where)[0] == 400
    assert on("a").start(made.id) == 400
    assert azure.announced[0].acknowledged == 0


def test_the_service_has_versions_of_its_own(azure: EmbeddedAzure, on: Node) -> None:
    azure.announce("a", "Terminate")
    status, said = on("a").events("2021-12-13")
    assert (status, said["newest-versions"][0]) == (400, "2020-07-01")
    assert on("a").events("2017-08-01")[1]["Events"] == []
    (old,) = on("a").events("2019-01-01")[1]["Events"]
    assert {"Description", "EventSource", "DurationInSeconds"}.isdisjoint(old)
    assert on("a").ask("scheduledevents", headers={}, api_version="2020-07-01")[0] == 400
    assert on("a").ask("scheduledevents", method="PUT", api_version="2020-07-01")[0] == 405


def test_another_process_announces_by_the_control_api(azure: EmbeddedAzure, on: Node) -> None:
    assert azure.endpoint.startswith("https:")
    control = CloudControl(azure.control, object)
    made = control.announce("a", "Freeze", 900)
    assert on("a").start(made.id) == 200
    assert control.announced()[0].acknowledged > 0
    with pytest.raises(UsageError, match="there are Freeze, Reboot"):
        control.announce("a", "terminate")
