"""Alias ranges: instances.updateNetworkInterface."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.rules.aliases import MOST_RANGES

from lab_cloud.gcp.clients import Machine, ask, error_of, reason, refusal
from lab_cloud.gcp.worlds import ALIAS

Machines = Callable[..., Machine]
ROUND = "AAAAAAAAAAA="


def holder(cloud: EmbeddedGcp, target: str) -> str:
    return {change.target: change.node for change in cloud.holders}.get(target, "")


def send(cloud: EmbeddedGcp, body: object, nic: str = "nic0") -> tuple[int, str]:
    path = f"{cloud.built.nodes['a'].instance}/updateNetworkInterface"
    status, answer = ask(cloud, "PATCH", path, body, networkInterface=nic)
    return status, str(answer.get("error", {}).get("message", ""))


def test_an_alias_moves_by_two_operations(cloud: EmbeddedGcp, machine: Machines) -> None:
    assert holder(cloud, "10.0.1.100") == "a"
    machine("a").alias("10.4.1.0/28", name="pods")
    assert holder(cloud, "10.0.1.100") == ""
    assert not machine("b").alias(ALIAS).error.errors
    assert holder(cloud, "10.0.1.100") == "b"
    assert machine("a").aliases == ["10.4.1.0/28"]
    moves = [(c.target, c.node) for c in cloud.changes]
    assert moves == [("10.0.1.100", ""), ("10.0.1.100", "b")]


def test_a_range_that_another_interface_has_fails_inside_of_the_operation(
    machine: Machines,
) -> None:
    done = machine("b").alias(ALIAS)
    assert done.status == 2104194  # DONE
    assert error_of(done) == "IP_IN_USE_BY_ANOTHER_RESOURCE"
    assert done.http_error_status_code == 400
    assert machine("b").aliases == []


@pytest.mark.parametrize("taken", ["10.0.1.11/32", "10.0.1.100/31"])
def test_primary_addresses_and_overlaps_count_as_taken(machine: Machines, taken: str) -> None:
    assert error_of(machine("c").alias(taken)) == "IP_IN_USE_BY_ANOTHER_RESOURCE"


def test_an_interface_has_so_many_ranges_at_most(cloud: EmbeddedGcp, machine: Machines) -> None:
    ranges = [{"ipCidrRange": f"10.0.1.{n}/32"} for n in range(MOST_RANGES + 1)]
    body = {"aliasIpRanges": ranges, "fingerprint": machine("a").interface.fingerprint}
    status, message = send(cloud, body)
    assert (status, "at most 150 alias IP ranges" in message) == (400, True)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [("10.0.2.1/32", ""), ("10.5.0.0/28", "pods"), ("10.4.0.0/28", ""), ("10.4.0.0/28", "none")],
)
def test_a_range_must_lie_in_the_subnets_range_of_that_name(
    machine: Machines, wanted: str, name: str
) -> None:
    assert reason(machine("b").alias, wanted, name=name) == (400, "invalid")


def test_a_range_in_use_in_another_network_is_free_here(machine: Machines) -> None:
    assert not machine("a", "nic1").alias("10.8.0.100").error.errors
    assert machine("a", "nic1").aliases == ["10.8.0.100/32"]


def test_googles_client_leaves_an_empty_list_out(machine: Machines) -> None:
    assert not machine("a").alias().error.errors
    assert ALIAS in machine("a").aliases


def test_an_explicitly_empty_list_removes_the_last_alias(
    cloud: EmbeddedGcp, machine: Machines
) -> None:
    body = {"fingerprint": machine("a").interface.fingerprint, "aliasIpRanges": []}
    assert send(cloud, body) == (200, "")
    assert machine("a").aliases == []


def test_a_stale_fingerprint_is_412_and_none_is_400(cloud: EmbeddedGcp, machine: Machines) -> None:
    assert reason(machine("a").alias, fingerprint=ROUND) == (412, "conditionNotMet")
    assert send(cloud, {"aliasIpRanges": []})[0] == 400


def test_fingerprints_are_compared_as_bytes(cloud: EmbeddedGcp, machine: Machines) -> None:
    given = machine("a").interface.fingerprint
    standard = given.replace("-", "+").replace("_", "/")
    assert send(cloud, {"fingerprint": standard, "aliasIpRanges": []}) == (200, "")


def test_any_change_of_the_interface_makes_its_fingerprint_stale(machine: Machines) -> None:
    before = machine("a").interface.fingerprint
    machine("a").add()
    assert machine("a").interface.fingerprint != before
    assert reason(machine("a").alias, fingerprint=before) == (412, "conditionNotMet")


def test_access_configs_in_the_body_are_refused(cloud: EmbeddedGcp, machine: Machines) -> None:
    body = {"fingerprint": machine("a").interface.fingerprint, "accessConfigs": []}
    status, words = send(cloud, body)
    assert status == 400
    assert words.endswith("'[]'. Only alias IP ranges can be updated.")


def test_what_is_no_range_and_what_is_no_interface_is_refused(
    cloud: EmbeddedGcp, machine: Machines
) -> None:
    given = machine("a").interface.fingerprint
    status, words = send(cloud, {"fingerprint": given, "aliasIpRanges": [{"ipCidrRange": "/24"}]})
    assert (status, "'/24'" in words) == (400, True)
    assert send(cloud, {"fingerprint": given}, nic="nic7")[0] == 400


def test_an_unknown_instance_is_404(machine: Machines) -> None:
    gone = machine("a")
    gone._where["instance"] = "gone"
    error = refusal(gone.alias, fingerprint=ROUND)
    assert error.code == 404
    assert "/zones/europe-west1-b/instances/gone' was not found" in str(error)
