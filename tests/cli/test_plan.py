"""`plan` and its four formats, their quoting and the exit codes."""

from __future__ import annotations

import shlex

import pytest
from cloudfail import process

from cli.machine import EIP, FILE, VIP, Machine


def test_pending_changes_exit_2_and_nothing_to_do_0(machine: Machine) -> None:
    machine.config()
    answer = machine.run("plan")
    assert answer.code == 2
    assert f"{EIP}: peer (b, nic-b)" in answer.out
    assert f"{VIP}: nobody" in answer.out
    assert f"Take: give {EIP} to nic-a" in answer.out
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    answer = machine.run("plan")
    assert answer.code == 0
    assert "steps: none, nothing to do" in answer.out


@pytest.mark.parametrize(
    ("held", "obstacles", "code"),
    [
        ({EIP: "nic-z", VIP: "nic-a"}, {}, 77),
        ({EIP: "?", VIP: "nic-a"}, {}, 75),
        ({EIP: "?", VIP: "nic-z"}, {}, 77),
        ({EIP: "nic-b", VIP: "nic-a"}, {EIP: "no room"}, 77),
        ({EIP: "?", VIP: "nic-a"}, {EIP: "no room"}, 77),
        ({EIP: "nic-z", VIP: "nic-b"}, {}, 2),
    ],
)
def test_what_cannot_be_done_has_its_own_exit_code(
    machine: Machine, held: dict[str, str], obstacles: dict[str, str], code: int
) -> None:
    machine.config()
    machine.world(held, obstacles=obstacles)
    answer = machine.run("plan", "--output", "json")
    assert answer.code == answer.json["exit_code"] == code
    assert answer.json["blocked"] is True
    assert answer.json["findings"][0]["severity"] == "error"
    text = machine.run("plan").out
    assert "findings:" in text
    assert ("what is left cannot be done now" in text) is (code != 2)


def test_check_asks_the_cloud_and_an_error_exits_77(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-b"}, findings=[["ok", "allowed"], ["warning", "few slots"]])
    answer = machine.run("plan", "--check")
    assert answer.code == 2
    assert "warning: fake: few slots; mend it" in answer.out
    machine.world({EIP: "nic-b"}, findings=[["error", "fake:Take is not allowed"]])
    answer = machine.run("promote", "--dry-run", "--check", "--output", "json")
    assert answer.code == 77
    assert answer.json["findings"][-1]["message"] == "fake:Take is not allowed"


def test_findings_of_check_do_not_change_the_digest(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-b"}, findings=[["warning", "few slots"]])
    with_check = machine.run("plan", "--check", "--output", "json").json["digest"]
    assert machine.run("plan", "--output", "json").json["digest"] == with_check


def test_the_document_has_each_step_and_its_command(machine: Machine) -> None:
    machine.config()
    found = machine.run("plan", "--output", "json").json
    assert found["schema_version"] == 1
    assert found["changed"] is False
    assert found["pending"] == 2
    assert found["node"]["ref"] == "nic-a"
    assert found["holdings"][0] == {
        "claim": EIP,
        "kind": "public-ip",
        "target": "203.0.113.7",
        "owner": "peer",
        "holder": "nic-b",
        "holder_name": "b",
        "obstacle": "",
        "reason": "",
    }
    step = found["lanes"][0]["steps"][0]
    assert step["call"] == "Take"
    assert step["claims"] == [EIP]
    assert step["command"] == ["fakectl", "take", EIP, "--to", "nic-a"]


def test_shell_commands_are_quoted_and_stop_at_an_error(machine: Machine) -> None:
    machine.config()
    machine.config((machine.path / "cloudfail.toml").read_text().replace("nic-a", "a'; touch x; '"))
    script = machine.run("plan", "--output", "shell").out
    assert script.startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in script
    tool = machine.path / "bin"
    tool.mkdir()
    (tool / "fakectl").write_text('#!/bin/sh\nprintf "<%s>" "$@" >> log\n')
    (tool / "fakectl").chmod(0o755)
    process.run(
        ["sh", "-c", script],
        check=True,
        cwd=machine.path,
        env={"PATH": f"{tool}:/usr/bin:/bin"},
        timeout=60,
    )
    words = ("<take>", f"<{EIP}>", "<--to>", "<a'; touch x; '>")
    assert (machine.path / "log").read_text().startswith("".join(words))
    assert not (machine.path / "x").exists()


def test_the_commands_reach_the_same_cloud(machine: Machine) -> None:
    machine.config()
    machine.set("CLOUDFAIL_FAKE_REGION", "two words")
    assert "\nexport FAKE_REGION='two words'\n" in machine.run("plan", "--output", "shell").out
    assert "\nexport FAKE_REGION='two words'\n" in machine.run("plan", "--output", "markdown").out
    found = machine.run("plan", "--output", "json").json
    assert found["environment"] == {"FAKE_REGION": "two words"}


def test_a_text_of_the_cloud_cannot_become_a_command(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-b", VIP: "nic-b"}, obstacles={EIP: "no\nrm -rf /\n"})
    script = machine.run("plan", "--output", "shell").out
    assert "rm -rf" in script
    commands = [line for line in script.splitlines() if line and not line.startswith("#")]
    assert [line.split()[0] for line in commands] == ["set", "fakectl"]


def test_nothing_to_do_is_an_empty_script(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    assert machine.run("plan", "--output", "shell").out.endswith("set -eu\n\n# nothing to do\n")


def test_the_runbook_page_has_every_part(machine: Machine) -> None:
    file = machine.config()
    machine.world({EIP: "nic-b", VIP: ""}, findings=[["warning", "few slots"], ["ok", "allowed"]])
    page = machine.run("plan", "--check", "--output", "markdown").out
    for part in ("Who holds what now", "What stands in the way", "What was checked", "Steps", "How to check",
                 "How to go back"):  # fmt: skip
        assert f"## {part}\n" in page
    assert f"| {EIP} | peer | b `nic-b` |" in page
    assert f"fakectl take {shlex.quote(EIP)} --to nic-a" in page
    assert "Expected result: the command exits 0, and `nic-a` holds it" in page
    assert "Write down first, it cannot be read afterwards: holder = nic-b." in page
    assert f"cloudfail status --config {file} --instance edge" in page
    assert f"* {EIP}: it was with b (`nic-b`)" in page
    assert f"* {VIP}: nobody held it" in page


def test_the_command_of_the_runbook_page_works_as_it_stands(machine: Machine) -> None:
    machine.config()
    page = machine.run("plan", "--output", "markdown").out
    line, back = [line for line in page.splitlines() if line.startswith("cloudfail promote")]
    assert machine.finish(shlex.split(line)[1:]).code == 0
    assert "--expect" not in back
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_the_page_of_a_drop_in_names_its_flags(machine: Machine) -> None:
    flags = ["--provider", "fake", "--public-ip", "203.0.113.7", "--to-private-ip", "10.0.1.100",
             "--private-ip", "10.0.1.100", "--route", "t1=10.99.0.0/16"]  # fmt: skip
    machine.world({EIP: "nic-b"})
    page = machine.run("plan", "--output", "markdown", *flags).out
    line, back = [line for line in page.splitlines() if line.startswith("cloudfail promote")]
    assert shlex.split(line)[2:-2] == flags
    assert "* public-ip 203.0.113.7: it was with `nic-b`" in page
    # The private address is true of this node only.
    assert shlex.split(back)[2:] == [*flags[:4], *flags[6:]]
    assert machine.finish(shlex.split(line)[1:]).code == 0


def test_the_page_names_every_flag_that_made_the_plan(machine: Machine) -> None:
    """The digest is over instance, node, claims and what --force allows."""
    machine.config()
    machine.world({EIP: "nic-z", VIP: "nic-b"})
    flags = ["--instance", "edge", "--node", "a", "--public-ip", "203.0.113.7", "--force",
             "--region", "r1", "--set", "retries=2"]  # fmt: skip
    page = machine.run("plan", "--output", "markdown", *flags).out
    line, back = [line for line in page.splitlines() if line.startswith("cloudfail promote")]
    assert "--force" not in back
    assert "--node" not in back
    assert machine.finish(shlex.split(line)[1:]).code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-b"}


def test_a_blocked_plan_is_not_nothing_to_do(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-z", VIP: "nic-a"})
    page = machine.run("plan", "--output", "markdown").out
    assert page.startswith("# edge on a\n")
    assert "Nothing can be done now." in page
    assert "Nothing to do" not in page
    script = machine.run("plan", "--output", "shell").out
    assert script.endswith("\n# nothing can be done now\n")


def test_the_page_of_nothing_to_do_says_so(machine: Machine) -> None:
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"})
    page = machine.run("plan", "--output", "markdown").out
    assert "Nothing to do." in page
    assert "there is nothing to go back from" in page


def test_a_plan_waits_out_a_transient_error_until_its_deadline(machine: Machine) -> None:
    machine.config()
    machine.world(fail={"error": "UnreachableError", "message": "the API does not answer"})
    answer = machine.run("plan", "--deadline", "0.2")
    assert answer.code == 69
    assert answer.err == "cloudfail: the API does not answer\n"


def test_an_address_that_is_here_in_another_place_is_named_so(machine: Machine) -> None:
    """An Elastic IP may sit on another private address of the very interface."""
    machine.config()
    machine.world({EIP: "nic-a", VIP: "nic-a"}, elsewhere=[EIP])
    page = machine.run("plan", "--output", "markdown").out
    assert f"| {EIP} | peer | a, on another address `nic-a` |" in page
    assert f"{EIP}: peer (a, on another address, nic-a)" in machine.run("plan").out
    assert "a, on another address" in machine.run("status").out


def test_the_other_node_of_a_pair_is_named_without_its_interface(machine: Machine) -> None:
    machine.config(FILE.replace('interface_id = "nic-b"\n', ""))
    machine.world({EIP: "b", VIP: "stranger"})
    found = machine.run("plan", "--output", "json").json["holdings"]
    assert [one["holder_name"] for one in found] == ["b", ""]
    found = machine.run("plan", "--force", "--output", "json").json["holdings"]
    assert [(one["owner"], one["holder_name"]) for one in found] == [("peer", ""), ("peer", "")]
