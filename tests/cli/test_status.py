"""`status`: who holds what, and the Nagios check."""

from __future__ import annotations

import pytest

from cli.machine import EIP, VIP, Machine


def test_the_table_names_owner_node_and_holder(machine: Machine) -> None:
    machine.config()
    answer = machine.run("status")
    assert answer.code == 0
    first, head, eip, vip = answer.out.splitlines()
    assert first == "instance edge, node a, role not recorded"
    assert head.split() == ["CLAIM", "OWNER", "NODE", "HOLDER", "OBSTACLE"]
    assert eip.split() == ["public-ip", "203.0.113.7", "peer", "b", "nic-b"]
    assert vip.split() == ["private-ip", "10.0.1.100", "nobody"]


def test_the_document_has_the_role_and_every_holding(machine: Machine) -> None:
    machine.config()
    machine.run("demote")
    found = machine.run("status", "--output", "json").json
    assert found["schema_version"] == 1
    assert found["command"] == "status"
    assert found["role"] == "BACKUP"
    assert [(one["claim"], one["owner"]) for one in found["holdings"]] == [
        (EIP, "peer"),
        (VIP, "nobody"),
    ]
    assert found["exit_code"] == 0


def test_status_writes_nothing(machine: Machine) -> None:
    machine.config()
    before = machine.world_file.read_bytes()
    machine.run("status")
    assert machine.world_file.read_bytes() == before
    assert not (machine.path / "state").exists()
    assert not (machine.path / "journal.jsonl").exists()


CASES = [
    ("MASTER", ("nic-a", "nic-a"), 0, "this node holds all 2 claims"),
    ("", ("nic-a", "nic-a"), 0, "this node holds all 2 claims"),
    ("", ("nic-b", "nic-b"), 0, "a peer holds all 2 claims"),
    ("BACKUP", ("nic-b", "nic-b"), 0, "a peer holds all 2 claims"),
    ("BACKUP", ("nic-a", "nic-a"), 1, "but its role is BACKUP"),
    ("", ("nic-a", "nic-b"), 1, f"split: only {EIP} here"),
    ("MASTER", ("nic-a", "nic-b"), 2, f"MASTER, but a peer holds {VIP}"),
    ("MASTER", ("nic-b", "nic-b"), 2, f"a peer holds {EIP} and 1 more"),
    ("", ("nic-b", ""), 2, f"nobody holds {VIP}"),
    ("", ("nic-z", "nic-b"), 2, f"stranger holds {EIP}"),
    ("", ("nic-b", "?"), 3, f"the cloud did not say who holds {VIP}"),
]


@pytest.mark.parametrize(("role", "held", "code", "said"), CASES)
def test_the_check_judges_holders_by_the_role(
    machine: Machine, role: str, held: tuple[str, str], code: int, said: str
) -> None:
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    if role == "MASTER":
        assert machine.run("promote").code == 0
    elif role:
        assert machine.run("demote").code == 0
    machine.world(dict(zip((EIP, VIP), held, strict=True)))
    answer = machine.run("status", "--check")
    assert answer.code == code
    word = ("OK", "WARNING", "CRITICAL", "UNKNOWN")[code]
    assert answer.out.startswith(f"CLOUDFAIL {word} - edge: ")
    assert said in answer.out
    assert answer.out.count("\n") == 1
    assert "| mine=" in answer.out


def test_what_would_stop_this_node_is_a_warning(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-b", VIP: "nic-b"}, obstacles={EIP: "no room on nic-a"})
    answer = machine.run("status", "--check")
    assert answer.code == 1
    assert f"this node could not take {EIP}: no room on nic-a" in answer.out
    assert "no room on nic-a" in machine.run("status").out


def test_a_check_that_cannot_look_is_unknown(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "DeniedError", "message": "not allowed"})
    answer = machine.run("status", "--check")
    assert (answer.code, answer.out) == (3, "CLOUDFAIL UNKNOWN - not allowed\n")
    assert machine.run("status").code == 77


def test_the_checks_document_has_its_exit_code(machine: Machine) -> None:
    machine.config()
    answer = machine.run("status", "--check", "--output", "json")
    assert answer.code == answer.json["exit_code"] == 2
    assert answer.json["verdict"] == "critical"
    assert "nobody holds" in answer.json["message"]


def test_a_check_that_cannot_look_is_a_document_too(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "DeniedError", "message": "not|allowed"})
    answer = machine.run("status", "--check", "--output", "json")
    assert answer.code == answer.json["exit_code"] == 3
    assert answer.json["verdict"] == "unknown"
    assert answer.json["error"]["type"] == "denied"
    # A bar would begin the performance data.
    assert answer.json["message"] == "CLOUDFAIL UNKNOWN - not/allowed"


def test_an_obstacle_stays_in_its_cell(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-b", VIP: "nic-b"}, obstacles={EIP: "no\nroom|here\x1b[0m"})
    assert len(machine.run("status").out.splitlines()) == 4
    line = machine.run("status", "--check").out
    assert "no\\nroom/here\\x1b[0m | mine=" in line
