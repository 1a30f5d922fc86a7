"""Scheduled Events, from a service that speaks as Microsoft documents it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cloudfail.errors import UnreachableError
from cloudfail.machine.metadata import LONGEST_ANSWER
from cloudfail.notice import Notice

from cloudfail_azure.notices import AzureNotices
from providers.scripted import Answer, Asked, Scripted, serving

# virtual-machines/linux/scheduled-events, "Query for events" and "Event properties".
FREEZE: dict[str, Any] = {
    "EventId": "C7061BAC-AFDC-4513-B24B-AA5F13A16123",
    "EventStatus": "Scheduled",
    "EventType": "Freeze",
    "ResourceType": "VirtualMachine",
    "Resources": ["edge-a"],
    "NotBefore": "Mon, 11 Apr 2022 22:26:58 GMT",
    "Description": "Virtual machine is being paused because of a memory-preserving Live Migration operation.",
    "EventSource": "Platform",
    "DurationInSeconds": 5,
}


class Events(Scripted):
    """The service. `hangs` keeps the first answer back, as enabling it may for two minutes."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.started: list[str] = []
        self.status = 200
        self.body = ""
        self.hangs = threading.Event()
        self.hangs.set()

    def answer(self, asked: Asked) -> Answer:
        if asked.headers.get("metadata") != "true" or "x-forwarded-for" in asked.headers:
            return Answer(400)
        path, _, query = asked.path.partition("?")
        if path == "/metadata/instance/compute/name":
            return Answer(200, "edge-a")
        if (path, query) != ("/metadata/scheduledevents", "api-version=2020-07-01"):
            return Answer(404)
        self.hangs.wait(60)
        if asked.method == "POST":
            requests = json.loads(asked.body)["StartRequests"]
            self.started += [request["EventId"] for request in requests]
            return Answer(self.status)
        document = {"DocumentIncarnation": 1, "Events": self.events}
        return Answer(self.status, self.body or json.dumps(document))


@pytest.fixture
def service() -> Events:
    return Events()


@pytest.fixture
def notices(service: Events) -> Iterator[AzureNotices]:
    with serving(service) as url:
        yield AzureNotices(url)


def test_an_event_of_this_machine_is_found_and_begun(
    service: Events, notices: AzureNotices
) -> None:
    assert notices.look() == []
    service.events = [FREEZE]
    (found,) = notices.look()
    assert found == Notice(
        id=FREEZE["EventId"],
        kind="Freeze",
        begins=FREEZE["NotBefore"],
        text=f"{FREEZE['Description']} (about 5 s)",
        waits=True,
    )
    notices.acknowledge(found)
    assert service.started == [FREEZE["EventId"]]
    service.events = [{**FREEZE, "EventStatus": "Started", "NotBefore": ""}]
    (found,) = notices.look()
    assert (found.has_begun, found.begins) == (True, "")
    names = [asked for asked in service.asked if "compute/name" in asked.path]
    assert len(names) == 1  # the name does not change


@pytest.mark.parametrize("kind", ["Freeze", "Reboot", "Redeploy", "Preempt"])
def test_every_kind_that_interrupts_counts(
    service: Events, notices: AzureNotices, kind: str
) -> None:
    event = {**FREEZE, "EventType": kind, "Resources": ["EDGE-A"], "DurationInSeconds": -1}
    service.events = [event]
    (found,) = notices.look()
    assert (found.kind, found.text) == (kind, FREEZE["Description"])


@pytest.mark.parametrize(
    "change", [{"Resources": ["edge-b"]}, {"EventType": "Terminate"}, {"Resources": []}]
)
def test_what_concerns_another_machine_or_is_something_else_does_not(
    service: Events, notices: AzureNotices, change: dict[str, Any]
) -> None:
    service.events = [{**FREEZE, **change}]
    assert notices.look() == []


def test_what_is_null_in_one_event_hides_no_other(service: Events, notices: AzureNotices) -> None:
    nothing = dict.fromkeys(FREEZE)
    other = {**nothing, "EventId": "1", "EventType": "Terminate"}
    bare = {**nothing, "EventId": "2", "EventType": "Reboot", "Resources": ["edge-a"]}
    service.events = [other, bare]
    assert notices.look() == [Notice(id="2", kind="Reboot", waits=True)]


def test_an_event_of_several_machines_is_not_begun_by_one(
    service: Events, notices: AzureNotices
) -> None:
    service.events = [{**FREEZE, "Resources": ["edge-b", "edge-a"]}]
    (found,) = notices.look()
    assert not found.waits


def test_the_first_answer_may_take_its_time_and_later_ones_may_not(
    service: Events, notices: AzureNotices
) -> None:
    assert notices._timeout > 120
    service.hangs.clear()
    threading.Timer(0.1, service.hangs.set).start()
    assert notices.look() == []
    assert notices._timeout <= 10
    service.hangs.clear()
    notices._timeout = 0.05
    with pytest.raises(UnreachableError, match="no answer in time"):
        notices.look()
    service.hangs.set()
    notices._timeout = 30
    assert notices.look() == []


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (500, "", "it answered HTTP 500 for /metadata/scheduledevents"),
        (429, "", "HTTP 429"),
        (200, "<html>", "cannot be read"),
        (200, " " * (LONGEST_ANSWER + 1), "its answer is longer than"),
        (410, "", "HTTP 410"),
        (200, '{"Events": [{"EventType": "Freeze"}]}', "cannot be read"),
    ],
)
def test_what_is_no_answer_is_said_to_be_none(
    service: Events, notices: AzureNotices, status: int, body: str, why: str
) -> None:
    service.status, service.body = status, body
    with pytest.raises(UnreachableError, match=why):
        notices.look()


def test_an_event_that_cannot_be_begun_is_an_error(service: Events, notices: AzureNotices) -> None:
    service.status = 400
    with pytest.raises(UnreachableError, match="HTTP 400"):
        notices.acknowledge(Notice(id="1", kind="Freeze"))


def test_a_proxy_is_never_asked(
    service: Events, notices: AzureNotices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    service.events = [FREEZE]
    assert len(notices.look()) == 1
