"""Injected faults: of the API, of reads, of quotas."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.quota import Quota, group_of
from cloudfail.lab.cloud.gcp.world import Built

from lab_cloud.gcp.clients import Compute, Machine, ask, reason
from lab_cloud.gcp.worlds import VIP

Machines = Callable[..., Machine]


@pytest.fixture
def get(cloud: EmbeddedGcp, built: Built) -> Callable[[], tuple[int, Any]]:
    return lambda: ask(cloud, "GET", built.nodes["a"].instance)


def cut(call: Callable[[], Any]) -> None:
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        call()


def test_a_throttled_call_is_told_so_once(cloud: EmbeddedGcp, get: Any) -> None:
    cloud.faults = Faults(throttle={"instances.get": 1})
    status, answer = get()
    assert (status, answer["error"]["errors"][0]["reason"]) == (403, "rateLimitExceeded")
    assert get()[0] == 200
    assert [call.code for call in cloud.calls] == ["rateLimitExceeded", ""]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_errors_come_as_asked(cloud: EmbeddedGcp, get: Any, status: int) -> None:
    cloud.faults = Faults(errors={"*": (status, "backendError", 1)})
    assert get()[0] == status
    assert get()[0] == 200


def test_a_reset_comes_before_or_after_the_effect(
    cloud: EmbeddedGcp, built: Built, get: Any
) -> None:
    cloud.faults = Faults(reset={"instances.get": 1})
    cut(get)
    assert get()[0] == 200
    cloud.faults = Faults(reset_after={"routes.delete": 1})
    path = f"projects/{built.project}/global/routes/to-a"
    cut(lambda: ask(cloud, "DELETE", path))
    assert ask(cloud, "GET", path)[0] == 404
    assert [call.status for call in cloud.calls] == [0, 200, 0, 404]


def test_nobody_answers_when_the_api_is_down(cloud: EmbeddedGcp, get: Any) -> None:
    cloud.faults = Faults(down=True)
    cut(get)
    cloud.faults = Faults()
    assert get()[0] == 200


def test_each_request_has_its_latency(cloud: EmbeddedGcp, get: Any) -> None:
    cloud.faults = Faults(latency_ms=100)
    began = time.monotonic()
    get()
    assert time.monotonic() - began >= 0.1
    assert cloud.calls[0].seconds >= 0.1


def test_a_denied_call_names_its_permission(cloud: EmbeddedGcp, built: Built, get: Any) -> None:
    cloud.faults = Faults(deny=("instances.get",))
    status, answer = get()
    assert status == 403
    assert answer["error"]["message"] == (
        f"Required 'compute.instances.get' permission for '{built.nodes['a'].instance}'"
    )


def test_reads_are_stale_by_number(cloud: EmbeddedGcp, machine: Machines) -> None:
    cloud.faults = Faults(stale_reads=2)
    machine("a").add(VIP)
    seen = [len(machine("a").interface.access_configs) for _ in range(3)]
    assert seen == [0, 0, 1]


def test_reads_are_stale_by_time(cloud: EmbeddedGcp, machine: Machines) -> None:
    cloud.faults = Faults(stale_ms=60_000)
    machine("a").add(VIP)
    assert not machine("a").interface.access_configs
    # Writes are never blind: the second config is refused though no read shows the first.
    assert reason(machine("a").add, VIP) == (400, "invalid")
    cloud.faults = Faults()
    assert machine("a").interface.access_configs


def test_a_quota_is_refilled_when_the_next_minute_begins() -> None:
    now = [59.0]
    quota = Quota(lambda: now[0])

    def take(method: str, project: str = "p") -> str:
        return quota.take(project, method, {"queries": 2, "reads": 1}, 60)

    assert [take("routes.insert") for _ in range(3)] == ["", "", "queries"]
    assert [take("routes.get"), take("instances.get")] == ["", "reads"]
    assert (take("routes.list"), take("routes.get", "q")) == ("", "")
    now[0] = 60.0
    assert take("routes.delete") == ""


@pytest.mark.parametrize(
    ("method", "group"),
    [
        ("instances.get", "reads"),
        ("projects.getXpnHost", "reads"),
        ("routes.list", "lists"),
        ("instances.aggregatedList", "lists"),
        ("zoneOperations.wait", "operation-reads"),
        ("globalOperations.get", "operation-reads"),
        ("routes.insert", "queries"),
        ("instances.testIamPermissions", "queries"),
    ],
)
def test_calls_are_counted_in_groups(method: str, group: str) -> None:
    assert group_of(method) == group


def test_a_used_up_quota_is_403_until_the_next_minute(cloud: EmbeddedGcp, get: Any) -> None:
    cloud.faults = Faults(quota={"*": 1}, quota_minute_s=0.5)
    until = time.monotonic() + 60
    answers = [get()[0]]
    while answers[-2:] != [403, 200] and time.monotonic() < until:
        answers.append(get()[0])
    assert answers[-2:] == [403, 200]


def test_googles_client_reads_these_refusals(
    cloud: EmbeddedGcp, compute: Compute, built: Built
) -> None:
    cloud.faults = Faults(throttle={"routes.list": 1})
    assert reason(compute.routes.list, project=built.project) == (403, "rateLimitExceeded")
