"""`cloudfail lab` as a command: its words, its mistakes, its output."""

from __future__ import annotations

import json
from collections.abc import Sequence

import msgspec
import pytest
from cloudfail.cli.lab_show import verdict_text
from cloudfail.cli.main import main
from cloudfail.clock import SystemClock
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.rehearse import Result, rehearse
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.scenarios import SCENARIOS
from cloudfail.lab.simulated import SimulatedSite
from cloudfail.lab.stage import Stage
from cloudfail.lab.topology import Topology

WANTED = {
    *("kill-master", "stop-master", "cut-link", "partition-heal", "flap", "freeze-master"),
    *("api-throttled", "api-down", "crash-mid-promote", "reboot-backup", "standby-egress"),
    *("bare-line", "kill-keepalived", "hang-keepalived", "one-way"),
    *("kill-agent", "drift", "pause", "handover", "maintenance", "maintenance-preempt"),
}


def test_every_promised_scenario_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(SCENARIOS) == WANTED
    assert main(["lab", "list"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(WANTED)
    assert main(["lab", "list", "--output", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)["scenarios"]
    assert {one["name"] for one in listed} == WANTED


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "kill-master", "--agent", "--simulate"], "--agent needs real nodes"),
        (["run", "bare-line", "--agent"], "bare-line is about a script alone"),
        (["run", "kill-agent"], "kill-agent is about the agent: add --agent"),
        (["run", "nonsense"], "no scenario is named 'nonsense'; there are kill-master"),
        (["run", "kill-master", "--provider", "oci"], "no embedded oci"),
        (["run", "kill-master", "--advert-int", "0.01"], "must be 0.1 or more"),
        (["run", "kill-master", "--latency", "-1"], "is not a number of milliseconds"),
        (["run", "kill-master", "--latency", "x"], "is not a number of milliseconds"),
        (["run", "standby-egress", "--claim", "route"], "is about a public-ip"),
        (["run", "kill-master", "--claim", "forwarding-rule"], "no claim is a forwarding-rule"),
        (
            ["run", "kill-master", "--provider", "azure", "--claim", "forwarding-rule"],
            "--claim takes route, public-ip, private-ip",
        ),
        (
            ["run", "standby-egress", "--provider", "gcp", "--claim", "route"],
            "is about a public-ip",
        ),
        (["cloud", "oci"], "no embedded oci"),
        (["cloud"], "which cloud?"),
        (["status", "--name", "a/b"], "letters, digits"),
        ([], "which command?"),
    ],
)
def test_a_mistake_exits_64_and_says_what_is_wrong(
    words: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lab", *words]) == 64
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""


def test_the_embedded_cloud_lists_its_own_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "cloud", "aws", "--help"]) == 0
    assert "--metadata" in capsys.readouterr().out


def rehearsed(scenario: Scenario) -> Result:
    clock = SystemClock()
    topology = msgspec.structs.replace(scenario.topology, advert_interval=0.1)
    with SimulatedSite.in_temporary_directory(topology, clock) as site:
        return rehearse(scenario, site, clock, 0.0, lambda: None)


def never_moves(stage: Stage) -> None:
    stage.start()
    stage.faults(Faults(deny=("AssociateAddress",)))
    stage.fault("a dies, and b may not take its address", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.require_holder("b", 1.0)


def ends_without_a_master(stage: Stage) -> None:
    stage.start()
    stage.fault("both stop")
    stage.site.stop_vrrp("b")
    stage.site.stop_vrrp("a")


def asks_for_too_much(stage: Stage) -> None:
    stage.start()
    stage.fault("an operator wants a shell", "a")
    stage.run("a", "sh")


@pytest.mark.timed
def test_what_was_required_and_did_not_come_fails_the_rehearsal() -> None:
    result = rehearsed(Scenario("never", "Nothing moves.", never_moves))
    assert result.reasons == ("203.0.113.7 never came to b within 1 s",)
    document = result.document()
    assert document["verdict"] == "fail"
    assert document["dark_ms"] > 1000
    assert any("FAILED" in event["event"] for event in document["timeline"])
    text = verdict_text(result)
    assert text.strip().startswith("FAIL  never")
    assert "never came to b" in text


@pytest.mark.timed
def test_every_scenario_is_held_to_one_living_master_at_its_end() -> None:
    result = rehearsed(Scenario("none", "No master.", ends_without_a_master))
    assert "masters at the end: none" in result.reasons


@pytest.mark.timed
def test_what_the_lab_cannot_do_is_a_reason_too() -> None:
    result = rehearsed(Scenario("shell", "A shell.", asks_for_too_much, Topology()))
    assert result.reasons == (
        "the lab could not go on: a simulated node has no sh: only cloudfail runs there",
    )
