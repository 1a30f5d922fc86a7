"""`promote`: what it does, says and exits with, over a cloud in a file."""

from __future__ import annotations

import json

from cli.machine import EIP, FILE, VIP, Machine


def test_every_claim_is_taken_and_verified(machine: Machine) -> None:
    machine.config()
    answer = machine.run("promote")
    assert answer.code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert f"{EIP}: mine (nic-a)" in answer.out
    assert "edge: 2 claims taken and verified" in answer.out
    assert answer.err == ""


def test_a_second_promote_writes_nothing(machine: Machine) -> None:
    machine.config()
    machine.finish(["promote"])
    before = machine.world_file.stat().st_mtime_ns
    answer = machine.finish(["promote", "--output", "json"])
    assert answer.code == 0
    assert answer.json["changed"] is False
    assert answer.json["joined"] is False
    assert answer.json["calls"] == {"total": 1, "mutating": 0}
    assert machine.world_file.stat().st_mtime_ns == before


def test_the_document_says_what_came_of_each_claim(machine: Machine) -> None:
    machine.config()
    found = machine.run("promote", "--output", "json").json
    assert found["schema_version"] == 1
    assert found["command"] == "promote"
    assert found["changed"] is True
    assert (found["instance"], found["provider"], found["node"]) == ("edge", "fake", "a")
    assert len(found["run_id"]) == 8
    assert found["generation"] == 1
    assert found["exit_code"] == 0
    assert found["error"] is None
    assert found["calls"] == {"total": 4, "mutating": 2}
    assert found["seconds"]["api"] > 0
    assert [(one["claim"], one["owner"], one["error"]) for one in found["results"]] == [
        (EIP, "mine", None),
        (VIP, "mine", None),
    ]


def test_a_stranger_is_refused_and_the_rest_is_taken(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-z", VIP: "nic-b"})
    answer = machine.run("promote", "--output", "json")
    assert answer.code == answer.json["exit_code"] == 77
    assert machine.held == {EIP: "nic-z", VIP: "nic-a"}
    assert answer.json["changed"] is True
    refused = answer.json["results"][0]["error"]
    assert refused["type"] == "refused"
    assert "nic-z" in refused["message"]
    assert "--force" in refused["message"]
    assert answer.err.startswith("cloudfail: edge: ")
    assert "nic-z" in answer.err


def test_force_takes_from_a_stranger(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-z", VIP: "nic-b"})
    assert machine.run("promote", "--force").code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_text_says_how_many_claims_were_not_taken(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-z", VIP: "nic-a"})
    answer = machine.run("promote")
    assert answer.code == 77
    assert f"{EIP}: stranger (nic-z)" in answer.out
    assert "edge: 1 of 2 claims held, nothing was changed" in answer.out


def test_only_the_reviewed_plan_is_applied(machine: Machine) -> None:
    machine.config()
    digest = machine.run("plan", "--output", "json").json["digest"]
    machine.world({EIP: "nic-b", VIP: "nic-b"})
    answer = machine.run("promote", "--expect", digest)
    assert answer.code == 77
    assert f"not {digest}" in answer.err
    assert machine.held == {EIP: "nic-b", VIP: "nic-b"}
    machine.world({EIP: "nic-b", VIP: ""})
    assert machine.run("promote", "--expect", digest).code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_an_error_is_a_document_too(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "DeniedError", "message": "fake:Look on * is not allowed"})
    answer = machine.run("promote", "--output", "json")
    assert answer.code == 77
    assert answer.json["changed"] is False
    assert answer.json["error"]["type"] == "denied"
    assert answer.json["error"]["message"] == "fake:Look on * is not allowed"
    assert answer.json["exit_code"] == 77
    assert answer.err == "cloudfail: fake:Look on * is not allowed\n"


def test_a_failed_run_is_in_the_journal(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "NotFoundError", "message": "no such address"})
    assert machine.run("promote").code == 78
    entries = machine.run("history", "--output", "json").json["entries"]
    assert entries[-1]["event"] == "ended"
    assert entries[-1]["error"] == "no such address"
    assert entries[-1]["exit_code"] == 78


def test_the_deadline_ends_it(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "ThrottledError", "message": "slow down"})
    answer = machine.run("promote", "--deadline", "0.3")
    assert answer.code == 75
    assert "slow down" in answer.err


def test_a_missing_sdk_names_the_pip_line(machine: Machine) -> None:
    machine.config()
    answer = machine.run("promote", "--region", "missing-sdk")
    assert answer.code == 78
    assert "pip install 'cloudfail-fake[sdk]'" in answer.err


def test_a_dry_run_is_a_plan_and_leaves_no_trace(machine: Machine) -> None:
    machine.config()
    answer = machine.run("promote", "--dry-run")
    assert answer.code == 2
    assert answer.out == machine.run("plan").out
    assert machine.held == {EIP: "nic-b", VIP: ""}
    assert not (machine.path / "state").exists()
    assert not (machine.path / "journal.jsonl").exists()


def test_a_plans_formats_need_a_dry_run(machine: Machine) -> None:
    machine.config()
    for flags in (["--check"], ["--output", "shell"]):
        answer = machine.run("promote", *flags)
        assert answer.code == 64
        assert f"{' '.join(flags)} belongs to a plan: add --dry-run" in answer.err


def test_a_run_without_a_state_directory_goes_on(machine: Machine) -> None:
    machine.config()
    blocked = machine.path / "file"
    blocked.write_text("")
    machine.set("CLOUDFAIL_STATE_DIR", str(blocked / "state"))
    answer = machine.run("promote")
    assert answer.code == 0
    assert "goes on without" in answer.err
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_a_run_without_a_journal_goes_on(machine: Machine) -> None:
    machine.config()
    machine.set("CLOUDFAIL_JOURNAL", "/proc/nowhere/journal.jsonl")
    answer = machine.run("promote")
    assert answer.code == 0
    assert "journal /proc/nowhere/journal.jsonl" in answer.err


def test_a_run_that_another_one_verified_since_need_not_look(machine: Machine) -> None:
    """Two runs of the same role: this process began before the first look."""
    machine.config()
    assert machine.run("promote").code == 0
    machine.world({EIP: "nic-b", VIP: ""})  # would be seen by a look
    answer = machine.run("promote", "--output", "json")
    assert answer.code == 0
    assert answer.json["joined"] is True
    assert answer.json["calls"]["total"] == 0
    assert "another run verified every claim since" in machine.run("promote").out


def test_this_machine_must_be_a_configured_node(machine: Machine) -> None:
    machine.config()
    machine.monkeypatch.delenv("CLOUDFAIL_NODE")
    answer = machine.run("promote")
    assert answer.code == 78
    assert "none of the configured nodes (a 127.1.1.1, b 127.1.1.2)" in answer.err
    assert "--node NAME" in answer.err
    assert machine.run("promote", "--node", "c").code == 78
    assert machine.run("promote", "--node", "b").code == 0
    assert machine.held == {EIP: "nic-b", VIP: "nic-b"}


def test_an_instance_without_claims_is_an_error(machine: Machine) -> None:
    machine.config(FILE.split("[[instance.edge.claim]]")[0])
    answer = machine.run("promote")
    assert answer.code == 78
    assert "instance.edge claims nothing; add [[instance.edge.claim]]" in answer.err


def test_the_result_is_one_line_of_json_for_jq(machine: Machine) -> None:
    """Nothing but the document is on standard output."""
    machine.config()
    answer = machine.finish(["promote", "--output", "json"])
    assert json.loads(answer.out)["exit_code"] == 0
    assert answer.err == ""
