"""A master looks again where a peer may have a call under way."""

from __future__ import annotations

import pytest
from cloudfail.cli import looks
from cloudfail.cli.looks import Looks
from cloudfail.config import load
from cloudfail.role import Event, Role, RoleStore
from cloudfail.role.event import TICKS, boot_id, start_time

from cli.machine import EIP, FILE, VIP, Machine
from cli.test_two_at_once import lines

MASTER = ("notify", "INSTANCE", "edge", "MASTER", "150")


def land_while_it_settles(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a peer's call land after whatever was verified so far."""
    theirs = {EIP: "nic-b", VIP: "nic-a"}
    monkeypatch.setattr(Looks, "_settle", lambda _: machine.world(theirs))


def test_a_master_that_came_back_looks_again_for_the_last_call_of_its_peer(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The peer stopped right after it had begun to take over: no lower advert tells of it."""
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    land_while_it_settles(machine, monkeypatch)
    assert machine.run("notify", "INSTANCE", "edge", "BACKUP", "150").code == 0
    assert machine.run(*MASTER).code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_a_master_that_has_been_backup_for_long_looks_once(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    land_while_it_settles(machine, monkeypatch)
    long_ago = start_time() - 100 * TICKS
    event = Event("edge", Role.BACKUP, boot_id(), long_ago, 1)
    assert RoleStore(machine.path / "state").record(event) == 1
    assert machine.run(*MASTER).code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert len(lines(machine, "started")) == 1


@pytest.mark.parametrize("words", [MASTER, ("promote",), ("promote", "--force")])
def test_a_master_looks_until_no_call_of_the_peers_is_under_way(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"}, moving=[EIP])
    land_while_it_settles(machine, monkeypatch)
    assert machine.run(*words).code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_it_settles_for_an_advert_interval(machine: Machine) -> None:
    """A peer that hears nothing of us for so long goes on as a master for so long."""
    config = load(machine.config(FILE.replace("virtual", "advert_int = 2.5\nvirtual")), {})
    assert looks.settle_seconds(config.instances["edge"]) == 2.5
    config = load(machine.config(FILE.replace("virtual", "advert_int = 0.1\nvirtual")), {})
    assert looks.settle_seconds(config.instances["edge"]) == 1.0


GIVEN_UP_EARLY = {"error": "UnreachableError", "message": "not up yet", "more": {"limit": 1}}


def test_a_master_goes_on_for_its_whole_time_where_a_run_gives_up_early(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a reboot the metadata service may answer a second later than keepalived begins."""
    machine.config()
    machine.world({}, fail=GIVEN_UP_EARLY)
    land_while_it_settles(machine, monkeypatch)
    assert machine.run(*MASTER).code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_its_time_ends_all_the_same(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.config()
    machine.world({}, fail=GIVEN_UP_EARLY)
    naps: list[Looks] = []
    monkeypatch.setattr(Looks, "_settle", lambda looks: naps.insert(0, looks))
    answer = machine.run(*MASTER, "--deadline", "1")
    assert (answer.code, len(naps) > 1) == (69, True)
    assert "not up yet" in answer.err
    naps.clear()
    assert machine.run("promote").code == 69
    assert naps == [], "who asks by hand is told at once"
