"""Claims by flags, and which of flag, variable and file wins."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.cli import target

from cli.machine import EIP, FILE, VIP, Machine

DROP_IN = ["promote", "--provider", "fake", "--public-ip", "203.0.113.7"]


@pytest.fixture(autouse=True)
def _no_file_on_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(target, "DEFAULT_PATH", tmp_path / "etc/cloudfail.toml")


def test_a_drop_in_needs_no_file(machine: Machine) -> None:
    answer = machine.run(*DROP_IN)
    assert answer.code == 0
    assert machine.held[EIP] == "me"


def test_a_drop_in_is_named_by_what_it_claims(machine: Machine) -> None:
    flags = [*DROP_IN, "--route", "t1=10.99.0.0/16", "--output", "json"]
    assert machine.run(*flags).json["instance"] == "fake-203.0.113.7-t1_10.99.0.0_16"


def test_demote_finds_the_drop_in_by_the_same_flags(machine: Machine) -> None:
    machine.run(*DROP_IN)
    found = machine.run("demote", *DROP_IN[1:], "--output", "json").json
    assert found["instance"] == "fake-203.0.113.7"
    assert found["generation"] == 2


def test_everything_that_moves_can_be_a_flag(machine: Machine) -> None:
    answer = machine.run(
        *DROP_IN, "--to-private-ip", "10.0.1.100", "--private-ip", "10.0.1.100",
        "--route", "t1=10.99.0.0/16", "--route", "t2=2001:db8::/48", "--interface-id", "nic-q",
    )  # fmt: skip
    assert answer.code == 0
    assert machine.held == {
        EIP: "nic-q",
        VIP: "nic-q",
        "route t1 10.99.0.0/16": "nic-q",
        "route t2 2001:db8::/48": "nic-q",
    }


def test_flags_replace_the_claims_of_a_named_instance(machine: Machine) -> None:
    machine.config()
    answer = machine.run("promote", "--instance", "edge", "--public-ip", "203.0.113.9")
    assert answer.code == 0
    assert machine.held == {EIP: "nic-b", VIP: "", "public-ip 203.0.113.9": "nic-a"}


def test_with_a_file_flags_alone_are_still_a_drop_in(machine: Machine) -> None:
    machine.config(FILE + '[guard]\nprotected = ["198.51.100.0/24"]\n')
    assert machine.run(*DROP_IN).code == 0
    assert machine.held[EIP] == "me"
    answer = machine.run("promote", "--provider", "fake", "--public-ip", "198.51.100.1")
    assert answer.code == 78
    assert "command line: --public-ip: public-ip 198.51.100.1 touches" in answer.err


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--public-ip", "203.0.113.7"], 64, "claims by flags need a cloud: --provider NAME"),
        (["--provider", "fake", "--public-ip", "203.0.113.300"], 64, "is not an IP address"),
        (["--provider", "fake", "--public-ip", "a", "--dry-run"], 64, '--public-ip: "a" is not'),
        (["--provider", "fake", "--route", "10.0.0.0/8"], 64, "is not TABLE=NETWORK"),
        (["--provider", "gcp", "--forwarding-rule", "a/"], 64, "not [[PROJECT/]REGION/]NAME"),
        (["--provider", "gcp", "--forwarding-rule", "a/b/c/d"], 64, "not [[PROJECT/]REGION/]NAME"),
        (["--provider", "gcp", "--forwarding-rule", "Edge"], 78, "lowercase letters"),
        (["--provider", "fake", "--route", "t=10.0.0.1/8"], 64, 'did you mean "10.0.0.0/8"?'),
        (["--provider", "fake", "--private-ip", "10.0.0.1/8"], 64, 'did you mean "10.0.0.0/8"?'),
        (["--provider", "aws", "--private-ip", "10.0.0.0/28"], 78, "EC2 moves single private"),
        (["--provider", "fake", "--to-private-ip", "10.0.0.1"], 78, "no such file"),
        (
            ["--provider", "fake", "--private-ip", "10.0.0.1", "--to-private-ip", "10.0.0.2"],
            64,
            "add --public-ip",
        ),
        (
            ["--provider", "fake", "--public-ip", "203.0.113.7", "--to-private-ip", "2001:db8::1"],
            64,
            "--to-private-ip 2001:db8::1 is IPv6, but 203.0.113.7 is IPv4",
        ),
        (
            ["--provider", "fake", "--public-ip", "203.0.113.7", "--public-ip", "203.0.113.7"],
            64,
            "is named twice",
        ),
        (
            ["--provider", "fake", "--private-ip", "10.0.0.1", "--private-ip", "10.0.0.2"],
            78,
            "2 private addresses are too many",
        ),
        ([*DROP_IN[1:], "--set", "region"], 64, '--set: "region" is not NAME=VALUE'),
        ([*DROP_IN[1:], "--set", "regoin=x"], 64, 'no setting "regoin"; did you mean "region"?'),
        ([*DROP_IN[1:], "--endpoint", "http://x"], 64, 'provider fake has no setting "endpoint"'),
        ([*DROP_IN[1:], "--set", "retries=x"], 64, "setting retries: must be a whole number"),
        ([*DROP_IN[1:], "--deadline", "soon"], 64, '"soon" is not a number of seconds'),
        ([*DROP_IN[1:], "--deadline", "0"], 64, '"0" is not a number of seconds'),
        (["--provider", "nimbus", "--public-ip", "203.0.113.7"], 78, "no provider named 'nimbus'"),
        ([], 78, "say what to own by flags: --provider aws --public-ip ADDRESS"),
        (["--instance", "edge"], 78, "no such file"),
    ],
)
def test_a_wrong_flag_names_itself_and_the_remedy(
    machine: Machine, flags: list[str], code: int, said: str
) -> None:
    answer = machine.run("promote", *flags)
    assert answer.code == code
    assert said in answer.err
    assert machine.held == {EIP: "nic-b", VIP: ""}


def test_a_setting_by_flag_beats_the_variable_and_the_variable_the_file(machine: Machine) -> None:
    def region(*flags: str) -> str:
        answer = machine.run("plan", "--output", "json", *flags)
        return str(answer.json["node"]["facts"]["region"])

    machine.config()
    assert region() == ""
    machine.config(FILE + '[provider.fake]\nregion = "file"\n')
    assert region() == "file"
    machine.set("CLOUDFAIL_FAKE_REGION", "variable")
    assert region() == "variable"
    assert region("--region", "flag") == "flag"
    assert region("--set", "region=flag") == "flag"


def test_a_variable_reaches_a_drop_in(machine: Machine) -> None:
    machine.set("CLOUDFAIL_FAKE_REGION", "missing-sdk")
    assert machine.run(*DROP_IN).code == 78
    machine.set("CLOUDFAIL_FAKE_RETRIES", "x")
    answer = machine.run(*DROP_IN)
    assert answer.code == 78
    assert "environment: CLOUDFAIL_FAKE_RETRIES: must be a whole number" in answer.err
    machine.set("CLOUDFAIL_WIDTH", "x")
    assert "environment: CLOUDFAIL_WIDTH" in machine.run(*DROP_IN).err


def test_the_deadline_of_a_flag_beats_the_variable(machine: Machine) -> None:
    machine.world(fail={"error": "ThrottledError", "message": "slow down"})
    machine.set("CLOUDFAIL_DEADLINE", "0.2")
    assert machine.run(*DROP_IN).code == 75
    machine.config()
    assert machine.run("promote").code == 75


def test_instance_and_provider_may_be_variables(machine: Machine) -> None:
    machine.config(FILE + '[instance.other]\nprovider = "fake"\n')
    answer = machine.run("promote")
    assert answer.code == 78
    assert "several instances: edge, other; say which with --instance NAME" in answer.err
    machine.set("CLOUDFAIL_PROVIDER", "aws")
    assert "no instance of provider aws" in machine.run("promote").err
    assert machine.run("promote", "--provider", "fake", "--instance", "edge").code == 0
    machine.set("CLOUDFAIL_PROVIDER", "fake")
    machine.set("CLOUDFAIL_INSTANCE", "edge")
    assert machine.run("promote").code == 0


def test_the_usual_file_is_read_without_a_flag(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target, "DEFAULT_PATH", machine.config())
    monkeypatch.delenv("CLOUDFAIL_CONFIG")
    assert machine.run("promote", "--provider", "fake").code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}


def test_config_names_another_file(machine: Machine) -> None:
    other = machine.path / "other.toml"
    other.write_text(FILE.replace("edge", "other"))
    machine.config("broken")
    assert machine.run("promote", "--config", str(other)).code == 0
    assert machine.run("promote").code == 78
