"""`notify` and `demote`: keepalived's words become roles."""

from __future__ import annotations

import pytest
from cloudfail.role import RoleStore

from cli.machine import EIP, VIP, Machine


def role(machine: Machine) -> str:
    recorded = RoleStore(machine.path / "state").current("edge")
    return recorded.role.value if recorded else ""


def test_master_promotes(machine: Machine) -> None:
    machine.config()
    answer = machine.run("notify", "INSTANCE", "edge", "MASTER", "150")
    assert answer.code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert role(machine) == "MASTER"


@pytest.mark.parametrize(
    ("state", "recorded"),
    [("BACKUP", "BACKUP"), ("FAULT", "FAULT"), ("STOP", "STOP"), ("DELETED", "STOP")],
)
def test_everything_else_is_recorded_and_releases_nothing(
    machine: Machine, state: str, recorded: str
) -> None:
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    answer = machine.run("notify", "INSTANCE", "edge", state, "150")
    assert answer.code == 0
    assert role(machine) == recorded
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert "Nothing is released" in answer.out
    assert machine.run("history", "--output", "json").json["entries"][-1]["role"] == recorded


def test_demote_records_backup_and_says_why_it_releases_nothing(machine: Machine) -> None:
    machine.config()
    answer = machine.run("demote")
    assert answer.code == 0
    assert role(machine) == "BACKUP"
    assert "the new master takes it over" in answer.out
    found = machine.run("demote", "--output", "json").json
    assert (found["role"], found["changed"], found["generation"]) == ("BACKUP", False, 1)


def test_a_group_is_ignored_with_a_reason(machine: Machine) -> None:
    machine.config()
    answer = machine.run("notify", "GROUP", "SG", "MASTER", "0")
    assert answer.code == 0
    assert "group SG ignored: keepalived notifies each of its instances" in answer.out
    assert role(machine) == ""


def test_a_name_that_is_not_configured_is_an_error(machine: Machine) -> None:
    machine.config()
    for state in ("MASTER", "BACKUP"):
        answer = machine.run("notify", "INSTANCE", "egde", state, "150")
        assert answer.code == 78
        assert 'no instance "egde"; did you mean "edge"?' in answer.err


def test_instance_overrides_keepaliveds_name(machine: Machine) -> None:
    machine.config()
    assert machine.run("notify", "--instance", "edge", "INSTANCE", "VI_1", "MASTER", "1").code == 0
    assert role(machine) == "MASTER"


def test_a_drop_in_without_a_file_takes_keepaliveds_name(machine: Machine) -> None:
    flags = ["notify", "--provider", "fake", "--public-ip", "203.0.113.7"]
    answer = machine.run(*flags, "INSTANCE", "VI_1", "MASTER", "150")
    assert answer.code == 0
    assert machine.held[EIP] == "me"
    assert "VI_1: 1 claim taken and verified" in answer.out
    assert machine.run(*flags, "INSTANCE", "VI_1", "BACKUP", "150").code == 0
    recorded = RoleStore(machine.path / "state").current("VI_1")
    assert recorded is not None
    assert (recorded.role.value, recorded.generation) == ("BACKUP", 2)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "keepalived appends four arguments"),
        (["INSTANCE", "edge", "MASTER"], "here are 3: INSTANCE edge MASTER"),
        (["GRUP", "edge", "MASTER", "1"], '"GRUP" is neither INSTANCE nor GROUP'),
        (["INSTANCE", "edge", "master", "1"], '"master" is no state'),
        (["INSTANCE", "edge", "MASTER", "high"], '"high" is no priority'),
    ],
)
def test_words_that_are_not_keepaliveds_are_a_usage_error(
    machine: Machine, words: list[str], said: str
) -> None:
    machine.config()
    answer = machine.run("notify", *words)
    assert answer.code == 64
    assert said in answer.err


def test_a_role_that_cannot_be_recorded_is_an_error(machine: Machine) -> None:
    """Nothing would stop the promotion that this was to stop."""
    machine.config()
    machine.set("CLOUDFAIL_STATE_DIR", "/proc/nowhere")
    answer = machine.run("demote")
    assert (answer.code, answer.out) == (78, "")
    assert "role BACKUP could not be recorded" in answer.err
    assert "/proc/nowhere: No such file or directory; make the directory usable" in answer.err
    assert answer.err.count("\n") == 1


def test_a_journal_that_cannot_be_written_is_said(machine: Machine) -> None:
    machine.config()
    machine.set("CLOUDFAIL_JOURNAL", "/proc/nowhere/journal.jsonl")
    answer = machine.run("demote")
    assert answer.code == 0
    assert "role BACKUP recorded" in answer.out
    assert "/proc/nowhere" in answer.err


def test_a_misspelt_provider_records_nothing(machine: Machine) -> None:
    answer = machine.run("demote", "--provider", "fakt", "--public-ip", "203.0.113.7")
    assert answer.code == 78
    assert "no provider named 'fakt'" in answer.err
    assert not (machine.path / "state").exists()


def test_an_ignored_group_is_a_document_too(machine: Machine) -> None:
    found = machine.run("notify", "GROUP", "g", "MASTER", "0", "--output", "json").json
    assert (found["schema_version"], found["changed"], found["exit_code"]) == (1, False, 0)
    assert found["message"].startswith("group g ignored")
