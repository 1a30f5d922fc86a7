"""Injected faults: of the API, of reads, of operations."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from typing import Any

import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import Answered, Nic, ask
from lab_cloud.azure.worlds import VIP
from lab_cloud.together import ENDLESS, end_operations

Nics = Callable[[str], Nic]


@pytest.fixture
def get(cloud: EmbeddedAzure, built: Built) -> Callable[[], Answered]:
    return lambda: ask(cloud, "GET", built.nodes["a"].interface_id)


def status_of(cloud: EmbeddedAzure, begun: Answered) -> Answered:
    path = begun.headers["azure-asyncoperation"].removeprefix(cloud.endpoint)
    return ask(cloud, "GET", path)


def cut(call: Callable[[], Any]) -> None:
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        call()


def test_both_meanings_of_429(cloud: EmbeddedAzure, get: Callable[[], Answered]) -> None:
    locked = "RetryableErrorDueToAnotherOperation"
    cloud.faults = Faults(
        throttle={"networkInterfaces.get": 1}, errors={"networkInterfaces.get": (429, locked, 1)}
    )
    throttled = get()
    assert (throttled.status, throttled.code) == (429, "SubscriptionRequestsThrottled")
    assert throttled.headers["retry-after"] == "1"
    again = get()
    assert (again.status, again.code, again.body["error"]["code"]) == (
        429,
        locked,
        "RetryableError",
    )
    assert get().status == 200
    assert [call.code for call in cloud.calls] == ["SubscriptionRequestsThrottled", locked, ""]


def test_who_comes_again_too_early_is_throttled_again(
    cloud: EmbeddedAzure, built: Built, get: Callable[[], Answered], nic: Nics
) -> None:
    cloud.faults = Faults(throttle={"networkInterfaces.get": 1}, throttle_s=60)
    assert [get().status, get().status] == [429, 429]
    assert ask(cloud, "GET", built.route_tables["rt1"]).headers["retry-after"] == "60"
    # Writes are counted apart, and so are other subscriptions.
    assert ask(cloud, "DELETE", f"{built.route_tables['rt1']}/routes/gone").status == 204
    assert ask(cloud, "GET", built.route_tables["rt2"]).status == 200


@pytest.mark.parametrize("status", [409, 500, 503])
def test_errors_come_as_asked(
    cloud: EmbeddedAzure, get: Callable[[], Answered], status: int
) -> None:
    cloud.faults = Faults(errors={"*": (status, "SomeCode", 1)})
    assert (get().status, get().status) == (status, 200)
    assert cloud.calls[0].code == "SomeCode"


def test_a_reset_comes_before_or_after_the_effect(
    cloud: EmbeddedAzure, built: Built, get: Callable[[], Answered], nic: Nics
) -> None:
    cloud.faults = Faults(reset={"networkInterfaces.get": 1})
    cut(get)
    cloud.faults = Faults(reset_after={"networkInterfaces.put": 1})
    cut(lambda: nic("a").attach(built.public_ips[VIP]))
    assert [change.node for change in cloud.changes] == ["a"]
    cloud.faults = Faults(down=True)
    cut(get)


def test_each_request_has_its_latency(cloud: EmbeddedAzure, get: Callable[[], Answered]) -> None:
    cloud.faults = Faults(latency_ms=100)
    began = time.monotonic()
    get()
    assert time.monotonic() - began >= 0.1


def test_reads_are_stale_by_number(cloud: EmbeddedAzure, built: Built, nic: Nics) -> None:
    cloud.faults = Faults(stale_reads=2)
    before = ask(cloud, "GET", built.public_ips[VIP]).body
    nic("a").attach(built.public_ips[VIP])
    reads = [ask(cloud, "GET", built.public_ips[VIP]).body for _ in range(3)]
    assert reads[:2] == [before, before]
    assert "ipConfiguration" in reads[2]["properties"]


def test_an_operation_takes_its_time(cloud: EmbeddedAzure, built: Built, nic: Nics) -> None:
    cloud.faults = Faults(operation_ms=ENDLESS, retry_after_s=3)
    begun = nic("a").attach(built.public_ips[VIP])
    assert (begun.status, begun.headers["retry-after"]) == (200, "3")
    assert status_of(cloud, begun).headers["retry-after"] == "3"
    assert cloud.changes == []
    end_operations(cloud)
    assert [change.node for change in cloud.changes] == ["a"]
    ended = status_of(cloud, begun)
    assert (ended.body, "retry-after" in ended.headers) == ({"status": "Succeeded"}, False)


def test_an_operation_ends_by_itself_after_its_time(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.faults = Faults(operation_ms=150)
    began = time.monotonic()
    nic("a").attach(built.public_ips[VIP])
    (change,) = cloud.changes_since(0, wait=60)
    assert change.t - began >= 0.15


def test_an_operation_fails_without_an_effect(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.faults = Faults(operation_errors={"networkInterfaces.put": ("InternalServerError", 1)})
    before = nic("a").get()
    begun = nic("a").attach(built.public_ips[VIP])
    assert begun.body["properties"]["provisioningState"] == "Updating"
    ended = status_of(cloud, begun).body
    assert (ended["status"], ended["error"]["code"]) == ("Failed", "InternalServerError")
    after = nic("a").get()
    assert after["properties"]["provisioningState"] == "Failed"
    assert after["etag"] != before["etag"]
    assert "publicIPAddress" not in nic("a").config(after, "ipconfig1")
    assert cloud.changes == []
    assert nic("a").attach(built.public_ips[VIP]).status == 200


def test_a_new_route_that_fails_is_not_there(cloud: EmbeddedAzure, built: Built) -> None:
    code = "CanceledAndSupersededDueToAnotherOperation"
    cloud.faults = Faults(operation_errors={"routes.put": (code, 1)})
    path = f"{built.route_tables['rt1']}/routes/new"
    properties = {"addressPrefix": "10.98.0.0/16", "nextHopType": "Internet"}
    begun = ask(cloud, "PUT", path, {"properties": properties})
    assert status_of(cloud, begun).body["status"] == "Canceled"
    assert ask(cloud, "GET", path).status == 404


def test_a_lost_operation_has_its_effect(cloud: EmbeddedAzure, built: Built, nic: Nics) -> None:
    cloud.faults = Faults(operation_lost={"networkInterfaces.put": 1})
    begun = nic("a").attach(built.public_ips[VIP])
    assert (status_of(cloud, begun).status, status_of(cloud, begun).code) == (
        404,
        "OperationNotFound",
    )
    assert [change.node for change in cloud.changes] == ["a"]


def test_the_result_of_an_operation_by_its_location(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.faults = Faults(operation_stuck={"*": 1}, operation_by_location=True, retry_after_s=1)
    begun = nic("a").attach(built.public_ips[VIP])
    assert "azure-asyncoperation" not in begun.headers
    path = begun.headers["location"].removeprefix(cloud.endpoint)
    asked = ask(cloud, "GET", path)
    assert (asked.status, asked.headers["location"]) == (202, begun.headers["location"])
    nic("a").detach()
    canceled = ask(cloud, "GET", path)
    assert canceled.code == "CanceledAndSupersededDueToAnotherOperation"


def test_locks_are_for_whatever_is_below_them(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    group = f"/subscriptions/{built.subscription}/resourceGroups/lab"
    route = f"{built.route_tables['rt1']}/routes/to-a"
    cloud.faults = Faults(locks={group: "CanNotDelete"})
    assert nic("a").put(nic("a").get()).status == 200
    answer = ask(cloud, "DELETE", route)
    assert (answer.status, answer.code) == (409, "ScopeLocked")
    cloud.faults = Faults(locks={built.nodes["a"].interface_id.upper(): "ReadOnly"})
    assert nic("a").put(nic("a").get()).code == "ScopeLocked"
    assert nic("b").put(nic("b").get()).status == 200
    listed = ask(
        cloud, "GET", f"{group}/providers/Microsoft.Authorization/locks?api-version=2016-09-01"
    )
    assert [item["properties"]["level"] for item in listed.body["value"]] == ["ReadOnly"]
    assert ask(cloud, "DELETE", route).status == 202
