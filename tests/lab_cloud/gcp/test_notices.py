"""Maintenance and preemption notices, and waiting for them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp

from lab_cloud.gcp.clients import Compute, Machine
from lab_cloud.gcp.test_metadata import ROOT, fetch
from lab_cloud.gcp.worlds import VIP

EVENT, PREEMPTED = "instance/maintenance-event", "instance/preempted"
Fetch = Callable[[str], tuple[int, str, Any]]


@pytest.fixture
def get(cloud: EmbeddedGcp) -> Fetch:
    return lambda path: fetch(cloud.metadata_endpoint("a"), f"{ROOT}/{path}")


def later(work: Callable[[], object], seconds: float = 0.1) -> None:
    timer = threading.Timer(seconds, work)
    timer.daemon = True
    timer.start()


def test_what_is_announced_is_told_until_it_is_over(cloud: EmbeddedGcp, get: Fetch) -> None:
    assert (get(EVENT)[1], get(PREEMPTED)[1]) == ("NONE", "FALSE")
    cloud.announce("a", "TERMINATE_ON_HOST_MAINTENANCE")
    cloud.announce("b", "preempted")
    assert (get(EVENT)[1], get(PREEMPTED)[1]) == ("TERMINATE_ON_HOST_MAINTENANCE", "FALSE")
    cloud.announce("a", "preempted")
    assert json.loads(get("instance/?recursive=true")[1])["preempted"] == "TRUE"
    cloud.withdraw("a")
    assert (get(EVENT)[1], get(PREEMPTED)[1]) == ("NONE", "FALSE")


def test_whoever_waits_is_told_at_once(cloud: EmbeddedGcp, get: Fetch) -> None:
    later(lambda: cloud.announce("a", "MIGRATE_ON_HOST_MAINTENANCE"))
    status, text, headers = get(f"{EVENT}?wait_for_change=true")
    assert (status, text) == (200, "MIGRATE_ON_HOST_MAINTENANCE")
    (notice,) = cloud.announced
    assert notice.seen > 0
    later(lambda: cloud.withdraw("a"))
    assert get(f"{EVENT}?wait_for_change=true&last_etag={headers['ETag']}")[1] == "NONE"


def test_what_changed_before_they_asked_is_told_by_its_etag(get: Fetch) -> None:
    tag = get(EVENT)[2]["ETag"]
    began = time.monotonic()
    assert get(f"{EVENT}?wait_for_change=true&last_etag=0")[1] == "NONE"
    assert time.monotonic() - began < 15
    status, text, headers = get(f"{EVENT}?wait_for_change=true&last_etag={tag}&timeout_sec=0.1")
    assert (status, text, headers["ETag"]) == (200, "NONE", tag)
    assert get(f"{EVENT}?wait_for_change=true&timeout_sec=soon")[0] == 400
    assert get(f"{EVENT}?wait_for_change=true&timeout_sec=-1")[0] == 400


def test_other_values_can_be_waited_for_too(
    cloud: EmbeddedGcp, get: Fetch, compute: Compute
) -> None:
    later(lambda: Machine(compute, cloud.built.project, "a").add(VIP))
    where = "instance/network-interfaces/?recursive=true&wait_for_change=true"
    assert json.loads(get(where)[1])[0]["accessConfigs"][0]["externalIp"] == VIP


def test_nobody_waits_for_a_cloud_that_is_gone() -> None:
    from lab_cloud.gcp.worlds import PAIR

    with EmbeddedGcp() as cloud:
        cloud.build(PAIR)
        url = cloud.metadata_endpoint("a")
        later(cloud.close)
        with pytest.raises(OSError, match=r"."):
            fetch(url, f"{ROOT}/{EVENT}?wait_for_change=true")
