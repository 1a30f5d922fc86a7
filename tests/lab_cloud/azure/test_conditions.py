"""ETags, and writes that meet another one in flight."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import Answered, Nic, ask
from lab_cloud.azure.worlds import VIP

Nics = Callable[[str], Nic]


def route_to(hop: str, prefix: str = "10.99.0.0/16") -> Any:
    next_hop = {"nextHopType": "VirtualAppliance", "nextHopIpAddress": hop}
    return {"properties": {"addressPrefix": prefix, **next_hop}}


def poll(cloud: EmbeddedAzure, begun: Answered) -> Any:
    """Return what the operation is now."""
    path = begun.headers["azure-asyncoperation"].removeprefix(cloud.endpoint)
    return ask(cloud, "GET", path).body


def test_a_stale_etag_is_412_and_a_fresh_one_is_taken(nic: Nics) -> None:
    read = nic("a").get()
    assert nic("a").put(read, read["etag"]).status == 200
    answer = nic("a").put(read, read["etag"])
    assert (answer.status, answer.code) == (412, "PreconditionFailedEtagMismatch")
    assert answer.body["error"]["code"] == "PreconditionFailed"
    assert nic("a").put(read, "*").status == 200
    assert nic("a").put(read).status == 200
    assert nic("a").put(read, **{"If-None-Match": "*"}).status == 412


def test_routes_have_the_etag_of_their_table(cloud: EmbeddedAzure, built: Built) -> None:
    table = built.route_tables["rt1"]
    read = ask(cloud, "GET", f"{table}/routes/to-a")
    assert read.headers["etag"] == ask(cloud, "GET", table).body["etag"]
    condition = {"If-Match": read.headers["etag"]}
    body = route_to(built.nodes["b"].address)
    other = route_to(built.nodes["b"].address, "10.98.0.0/16")
    assert ask(cloud, "PUT", f"{table}/routes/new", other, headers=condition).status == 412
    assert ask(cloud, "PUT", f"{table}/routes/new", other).status == 201
    assert ask(cloud, "PUT", f"{table}/routes/to-a", body, headers=condition).status == 412
    assert ask(cloud, "DELETE", f"{table}/routes/to-a", headers=condition).status == 412
    assert ask(cloud, "DELETE", f"{table}/routes/to-a", headers={"If-Match": "*"}).status == 202


def test_a_later_put_without_if_match_cancels_the_one_in_flight(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.faults = Faults(operation_stuck={"networkInterfaces.put": 1})
    earlier = nic("a").attach(built.public_ips[VIP])
    assert earlier.body["properties"]["provisioningState"] == "Updating"
    assert poll(cloud, earlier) == {"status": "InProgress"}
    later = nic("a").detach()
    assert poll(cloud, later) == {"status": "Succeeded"}
    ended = poll(cloud, earlier)
    assert (ended["status"], ended["error"]["code"]) == ("Canceled", "Canceled")
    assert ended["error"]["details"][0]["code"] == "CanceledAndSupersededDueToAnotherOperation"
    assert cloud.changes == []


def test_a_conditional_one_waits_for_the_one_in_flight(cloud: EmbeddedAzure, nic: Nics) -> None:
    cloud.faults = Faults(operation_stuck={"networkInterfaces.put": 1})
    nic("a").drop("floating")
    read = nic("a").get()
    answer = nic("a").put(read, read["etag"])
    assert (answer.status, answer.code) == (429, "RetryableErrorDueToAnotherOperation")
    assert answer.body["error"]["code"] == "RetryableError"
    assert answer.headers["retry-after"] == "1"


def test_an_address_on_the_move_is_not_taken_yet(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    vip = built.public_ips[VIP]
    nic("a").attach(vip)
    cloud.faults = Faults(operation_stuck={"networkInterfaces.put": 1})
    nic("a").detach()
    shown = ask(cloud, "GET", vip).body["properties"]
    assert shown["provisioningState"] == "Updating"
    answer = nic("b").attach(vip)
    assert (answer.status, answer.code) == (429, "ReferencedResourceNotProvisioned")
    assert [change.node for change in cloud.changes] == ["a"]


def test_the_routes_of_a_table_are_written_one_after_the_other(
    cloud: EmbeddedAzure, built: Built
) -> None:
    cloud.faults = Faults(operation_stuck={"routes.put": 1})
    table, body = built.route_tables["rt1"], route_to(built.nodes["b"].address)
    assert ask(cloud, "PUT", f"{table}/routes/to-a", body).status == 200
    other = route_to(built.nodes["b"].address, "10.98.0.0/16")
    locked = (429, "RetryableErrorDueToAnotherOperation")
    answer = ask(cloud, "PUT", f"{table}/routes/new", other)
    assert (answer.status, answer.code) == locked
    answer = ask(cloud, "DELETE", f"{table}/routes/out")
    assert (answer.status, answer.code) == locked
    elsewhere = built.route_tables["rt2"]
    assert ask(cloud, "PUT", f"{elsewhere}/routes/new", other).status == 201


def test_the_etag_of_a_write_in_flight_is_another_once_it_ended(
    cloud: EmbeddedAzure, nic: Nics
) -> None:
    cloud.faults = Faults(operation_ms=50)
    begun = nic("a").drop("floating")
    until = time.monotonic() + 60
    while poll(cloud, begun)["status"] == "InProgress" and time.monotonic() < until:
        time.sleep(0.01)
    read = nic("a").get()
    assert read["properties"]["provisioningState"] == "Succeeded"
    assert nic("a").put(read, begun.body["etag"]).status == 412
