"""Maintenance of the host and preemption, from a metadata server as Google has it."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

import pytest
from cloudfail.errors import UnreachableError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.notice import Notices

from cloudfail_gcp import SPEC
from cloudfail_gcp.notices import GcpNotices
from providers.scripted import Answer, Asked, Scripted, serving

MIGRATE = "MIGRATE_ON_HOST_MAINTENANCE"


@pytest.fixture
def notices(cloud: EmbeddedGcp, monkeypatch: pytest.MonkeyPatch) -> Notices:
    at = cloud.metadata_endpoint("a").removeprefix("http://")
    monkeypatch.setenv("GCE_METADATA_HOST", at)
    assert SPEC.notices is not None
    monkeypatch.setattr("cloudfail_gcp.notices._TIMEOUT", 90.0)
    return SPEC.notices(None)


def kinds(notices: Notices) -> list[str]:
    return [notice.kind for notice in notices.look()]


def test_what_is_announced_to_this_instance_is_found_until_it_is_over(
    cloud: EmbeddedGcp, notices: Notices
) -> None:
    cloud.announce("b", MIGRATE)
    assert kinds(notices) == []
    cloud.announce("a", MIGRATE)
    assert kinds(notices) == [MIGRATE]
    cloud.announce("a", "preempted")
    found = notices.look()
    assert [(one.id, one.kind) for one in found] == [
        (MIGRATE, MIGRATE),
        ("preempted", "preemption"),
    ]
    notices.acknowledge(found[0])
    cloud.withdraw("a")
    assert kinds(notices) == []


def test_news_end_the_wait(
    cloud: EmbeddedGcp, notices: Notices, monkeypatch: pytest.MonkeyPatch
) -> None:
    notices.look()
    monkeypatch.setattr("cloudfail_gcp.notices._WAIT", 60)
    began = time.monotonic()
    timer = threading.Timer(0.1, lambda: cloud.announce("a", MIGRATE))
    timer.start()
    assert kinds(notices) == [MIGRATE]
    assert time.monotonic() - began < 50
    timer.join()


GOOGLE = {"Metadata-Flavor": "Google"}


class Server(Scripted):
    """Answers so to all that is asked; `event` is the maintenance event, with an ETag of its own."""

    event = "NONE"
    status = 200
    headers: Mapping[str, str] = GOOGLE

    def answer(self, asked: Asked) -> Answer:
        body = self.event if "maintenance-event" in asked.path else "FALSE"
        return Answer(self.status, body, {**self.headers, "ETag": f"tag-{body}"})


def test_what_is_known_is_waited_for_and_news_are_told_at_once() -> None:
    service = Server()
    with serving(service) as url:
        notices = GcpNotices(url)
        assert kinds(notices) == []
        assert kinds(notices) == []
        service.event = MIGRATE
        assert kinds(notices) == [MIGRATE]
    queries = [asked.path.partition("?")[2] for asked in service.asked]
    wait = "wait_for_change=true&timeout_sec=1&last_etag={}".format
    assert queries == [
        *(wait("NONE"), ""),
        *(wait("tag-NONE"), wait("tag-FALSE")),
        *(wait("tag-NONE"), ""),
    ]
    assert all(asked.headers["metadata-flavor"] == "Google" for asked in service.asked)


def test_a_server_without_such_values_announces_nothing() -> None:
    service = Server()
    service.status = 404
    with serving(service) as url:
        assert kinds(GcpNotices(url)) == []


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [(503, GOOGLE, "it answered HTTP 503"), (200, {}, "not Google's"), (404, {}, "not Google's")],
)
def test_what_is_no_answer_of_googles_is_none(
    status: int, headers: Mapping[str, str], why: str
) -> None:
    service = Server()
    service.status, service.headers = status, headers
    with serving(service) as url, pytest.raises(UnreachableError, match=why):
        GcpNotices(url).look()
