"""Operations of all scopes, and request ids."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import Built
from google.cloud import compute_v1

from lab_cloud.gcp.clients import Compute, Machine, ask, error_of, reason
from lab_cloud.gcp.worlds import REGION, VIP
from lab_cloud.together import ENDLESS, end_operations

Machines = Callable[..., Machine]
RUNNING, DONE = 121282975, 2104194


@pytest.fixture
def set_target(compute: Compute, built: Built) -> Callable[[], Any]:
    return lambda: compute.rules.set_target_unary(
        project=built.project,
        region=REGION,
        forwarding_rule="edge",
        target_reference_resource={"target": built.nodes["b"].target_instance},
    )


def test_an_operation_takes_its_time_and_has_its_effect_without_a_reader(
    cloud: EmbeddedGcp, compute: Compute, built: Built, set_target: Any
) -> None:
    cloud.faults = Faults(operation_ms=150)
    began = time.monotonic()
    operation = set_target()
    assert operation.status == RUNNING
    (change,) = cloud.changes_since(0, wait=60)
    assert change.t - began >= 0.15
    client = compute(compute_v1.RegionOperationsClient)
    where = {"project": built.project, "region": REGION}
    assert client.get(operation=operation.name, **where).status == DONE
    assert [item.name for item in client.list(**where)] == [operation.name]


def test_wait_answers_when_the_operation_is_done(
    cloud: EmbeddedGcp, compute: Compute, built: Built, set_target: Any
) -> None:
    cloud.faults = Faults(operation_ms=ENDLESS)
    operation = set_target()
    assert cloud.changes == []
    later = threading.Timer(0.2, lambda: end_operations(cloud))
    later.start()
    done = compute.wait(operation, built.project)
    later.join()
    assert (done.status, done.progress) == (DONE, 100)
    assert [c.operation for c in cloud.calls] == [
        "forwardingRules.setTarget",
        "regionOperations.wait",
    ]


def test_wait_may_answer_before_the_operation_is_done(
    cloud: EmbeddedGcp, compute: Compute, built: Built, set_target: Any
) -> None:
    cloud.faults = Faults(operation_stuck={"forwardingRules.setTarget": 1}, wait_ms=0)
    operation = set_target()
    assert compute.wait(operation, built.project).status == RUNNING
    assert cloud.changes == []


def test_a_lost_operation_had_its_effect(
    cloud: EmbeddedGcp, compute: Compute, built: Built, set_target: Any
) -> None:
    cloud.faults = Faults(operation_lost={"*": 1})
    operation = set_target()
    assert reason(compute.wait, operation, built.project) == (404, "notFound")
    assert len(cloud.changes) == 1


def test_an_operation_that_ends_in_an_error_had_none(
    cloud: EmbeddedGcp, compute: Compute, built: Built, set_target: Any
) -> None:
    cloud.faults = Faults(operation_errors={"forwardingRules.setTarget": ("QUOTA_EXCEEDED", 1)})
    done = compute.wait(set_target(), built.project)
    assert (done.status, error_of(done)) == (DONE, "QUOTA_EXCEEDED")
    assert cloud.changes == []
    assert cloud.calls[-1].code == "QUOTA_EXCEEDED"
    assert not compute.wait(set_target(), built.project).error.errors


def test_two_updates_of_one_interface_meet_inside_of_the_second_operation(
    cloud: EmbeddedGcp, compute: Compute, built: Built, machine: Machines
) -> None:
    cloud.faults = Faults(operation_ms=ENDLESS)
    given = machine("c").interface.fingerprint
    ends: list[Any] = []

    def update(last: int) -> None:
        ends.append(machine("c").alias(f"10.0.1.{last}/32", fingerprint=given))

    threads = [threading.Thread(target=update, args=(last,)) for last in (61, 62)]
    for thread in threads:
        thread.start()
    while len(cloud.api.operations._timers) < 2:  # both are under way
        time.sleep(0.01)
    end_operations(cloud)
    for thread in threads:
        thread.join(60)
    errors = sorted(error_of(end) if end.error.errors else "" for end in ends)
    assert errors == ["", "CONDITION_NOT_MET"]


def test_the_same_request_id_is_the_same_operation(cloud: EmbeddedGcp, machine: Machines) -> None:
    given = str(uuid.uuid4())
    resource = {"nat_i_p": VIP}
    first = machine("a").call(
        "add_access_config", access_config_resource=resource, request_id=given
    )
    again = machine("a").call(
        "add_access_config", access_config_resource=resource, request_id=given
    )
    assert first.name == again.name
    assert len(cloud.changes) == 1
    assert [c.request_id for c in cloud.calls if c.mutating] == [given, given]
    other = {"access_config_resource": {}, "request_id": given}
    assert reason(machine("a").call, "add_access_config", **other) == (400, "invalid")


@pytest.mark.parametrize("wrong", ["x", str(uuid.UUID(int=0))])
def test_a_request_id_is_a_uuid_and_not_zero(machine: Machines, wrong: str) -> None:
    call = machine("a").call
    params = {"access_config_resource": {}, "request_id": wrong}
    assert reason(call, "add_access_config", **params) == (400, "invalid")


def test_operations_of_all_scopes_are_found_where_they_belong(
    cloud: EmbeddedGcp, compute: Compute, built: Built, machine: Machines, set_target: Any
) -> None:
    machine("a").add()
    set_target()
    compute.routes.delete_unary(project=built.project, route="to-a")
    for scope, kind in (
        ("zones/europe-west1-b", "AddAccessConfig"),
        (f"regions/{REGION}", "SetTarget"),
        ("global", "delete"),
    ):
        path = f"projects/{built.project}/{scope}/operations"
        _, found = ask(cloud, "GET", path)
        (operation,) = found["items"]
        assert (operation["operationType"], operation["status"]) == (kind, "DONE")
        status, one = ask(cloud, "GET", f"{path}/{operation['name']}")
        assert (status, one) == (200, operation)
        assert ask(cloud, "POST", f"{path}/{operation['name']}/wait") == (200, operation)
    gone = f"projects/{built.project}/global/operations/operation-0"
    assert ask(cloud, "POST", f"{gone}/wait")[0] == 404
