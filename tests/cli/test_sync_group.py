"""Of a lower advert keepalived tells one instance of a sync group: the others are looked for as well."""

from __future__ import annotations

import time
from typing import Any

import pytest
from cloudfail.cli import looks, mates
from cloudfail.cli.looks import Looks
from cloudfail.clock import Deadline, SystemClock
from cloudfail.role import RoleStore

from cli.machine import EIP, VIP, Machine

LOWER = ("notify", "--event", "rx-lower-pri", "--instance")


GROUPED = """
[instance.v4]
provider = "fake"
node = [
  { name = "a", address = "127.1.1.1", priority = 150, interface_id = "nic-a" },
  { name = "b", address = "127.1.1.2", priority = 100, interface_id = "nic-b" },
]
claim = [{ kind = "public-ip", address = "203.0.113.7" }]

[instance.v6]
provider = "fake"
node = [
  { name = "a", address = "127.1.1.1", priority = 150, interface_id = "nic-a" },
  { name = "b", address = "127.1.1.2", priority = 100, interface_id = "nic-b" },
]
claim = [{ kind = "private-ip", address = "10.0.1.100" }]

[vrrp_sync_group.both]
instances = ["v4", "v6"]
"""


@pytest.fixture
def grouped(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Both instances are with the peer; a settled second passes at once."""
    machine.config(GROUPED)
    machine.world({EIP: "nic-b", VIP: "nic-b"})
    monkeypatch.setattr(looks, "settle_seconds", lambda _: 0.01)
    return machine


def test_of_a_lower_advert_every_master_of_the_group_is_told(grouped: Machine) -> None:
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    grouped.world({EIP: "nic-b", VIP: "nic-b"})
    answer = grouped.run("notify", "--event", "rx-lower-pri", "--instance", "v4")
    assert answer.code == 0
    assert grouped.held == {EIP: "nic-a", VIP: "nic-a"}


@pytest.mark.parametrize("role", ["BACKUP", "FAULT", ""])
def test_a_mate_that_is_no_master_is_left_alone(grouped: Machine, role: str) -> None:
    if role:
        assert grouped.run("notify", "INSTANCE", "v6", role, "150").code == 0
    assert grouped.run("notify", "--event", "rx-lower-pri", "--instance", "v4").code == 0
    assert grouped.held == {EIP: "nic-a", VIP: "nic-b"}


def test_a_mate_that_cannot_be_taken_is_said_and_stops_nothing(grouped: Machine) -> None:
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    grouped.world({EIP: "nic-b", VIP: "nic-z"})
    answer = grouped.run(
        "notify", "--event", "rx-lower-pri", "--instance", "v4", "--output", "json"
    )
    assert (answer.code, answer.json["instance"]) == (0, "v4")
    assert grouped.held == {EIP: "nic-a", VIP: "nic-z"}
    assert "v6: private-ip 10.0.1.100: held by nic-z" in answer.err


@pytest.mark.parametrize("instance", ["v4", "v6"])
def test_it_looks_until_no_call_of_the_peers_is_under_way(
    grouped: Machine, monkeypatch: pytest.MonkeyPatch, instance: str
) -> None:
    """On some clouds a call takes seconds, and lands after whatever was verified."""
    assert grouped.run("notify", "INSTANCE", "v4", "MASTER", "150").code == 0
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    naps = []

    def sleep(_: object, seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 3:
            grouped.world({EIP: "nic-b", VIP: "nic-a"})

    monkeypatch.setattr("cloudfail.clock.SystemClock.sleep", sleep)
    grouped.world({EIP: "nic-a", VIP: "nic-a"}, moving=[EIP])
    monkeypatch.setattr(Looks, "_settle", lambda looks: sleep(looks, 1.0))
    answer = grouped.run("notify", "--event", "rx-lower-pri", "--instance", instance)
    assert (answer.code, len(naps)) == (0, 3)
    assert grouped.held == {EIP: "nic-a", VIP: "nic-a"}


def test_the_last_look_comes_however_long_the_others_take(
    grouped: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The adverts that flock(1) kept from starting a process rely on it."""
    real = mates.look_for_mates

    def slowly(*words: Any) -> bool:
        time.sleep(1.1)
        grouped.world({EIP: "nic-b", VIP: "nic-a"})
        monkeypatch.setattr("cloudfail.cli.looks.look_for_mates", real)
        return real(*words)

    monkeypatch.setattr("cloudfail.cli.looks.look_for_mates", slowly)
    words = ("notify", "--event", "rx-lower-pri", "--instance", "v4", "--deadline", "1")
    assert grouped.run(*words).code == 0
    assert grouped.held[EIP] == "nic-a"


def test_the_group_is_looked_for_though_the_instance_that_was_told_fails(
    grouped: Machine,
) -> None:
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    grouped.world({EIP: "nic-b", VIP: "nic-b"})
    other = RoleStore(grouped.path / "state").running("v4", Deadline.after(SystemClock(), 9))
    with other:  # another run of it hangs
        answer = grouped.run(*LOWER, "v4", "--deadline", "0.1")
    assert answer.code == 75
    assert grouped.held == {EIP: "nic-b", VIP: "nic-a"}


@pytest.mark.parametrize(
    ("more", "code"),
    [("", 78), ('[[instance.v4.hook]]\non = "MASTER"\ncommand = ["/bin/true"]\n', 0)],
)
def test_the_group_is_looked_for_though_the_instance_that_was_told_claims_nothing(
    grouped: Machine, more: str, code: int
) -> None:
    claim = 'claim = [{ kind = "public-ip", address = "203.0.113.7" }]'
    grouped.config(GROUPED.replace(claim, "") + more)
    assert grouped.run("notify", "INSTANCE", "v6", "MASTER", "150").code == 0
    grouped.world({EIP: "nic-b", VIP: "nic-b"})
    assert grouped.run(*LOWER, "v4").code == code
    assert grouped.held == {EIP: "nic-b", VIP: "nic-a"}
