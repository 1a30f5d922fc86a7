"""`cloudfail doctor`: one screen, a document, an exit code; whatever is broken already."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cli.machine import EIP, FILE, VIP, Answer, Machine

QUIET = ("doctor", "--no-adverts")
OTHER = """
[instance.core]
provider = "fake"
interface = "eth0"
virtual_router_id = 52

[[instance.core.node]]
name = "a"
address = "127.1.1.1"
priority = 150

[[instance.core.node]]
name = "b"
address = "127.1.1.2"
priority = 100
"""


@pytest.fixture
def doctored(machine: Machine, tmp_path: Path) -> Machine:
    """The pair, with keepalived's files in a directory of this test."""
    machine.config(with_directory(FILE, tmp_path))
    return machine


def with_directory(text: str, path: Path) -> str:
    return f'{text}\n[keepalived]\ndirectory = "{path}/keepalived"\n'


def line_of(answer: Answer, words: str) -> str:
    (line,) = [line for line in answer.out.splitlines() if words in line]
    return line


def test_every_line_says_ok_warning_or_failed_and_the_last_one_counts(doctored: Machine) -> None:
    answer = doctored.run(*QUIET)
    *lines, last = answer.out.splitlines()
    marks = [line[:7].strip() for line in lines if not line.startswith("         -> ")]
    assert set(marks) <= {"ok", "warning", "FAILED"}
    assert last == (
        f"doctor: {marks.count('ok')} ok, {marks.count('warning')} warning, "
        f"{marks.count('FAILED')} failed"
    )
    assert (answer.code, marks.count("FAILED") > 0) == (1, True)  # no keepalived.conf here
    assert "\x1b" not in answer.out


def test_the_document_has_each_check_by_instance_and_subject(doctored: Machine) -> None:
    answer = doctored.run(*QUIET, "--output", "json")
    found = answer.json
    assert list(found) == ["schema_version", "command", "changed", "checks", "counts", "exit_code"]
    assert (found["command"], found["exit_code"], answer.code) == ("doctor", 1, 1)
    assert all(
        list(check) == ["instance", "subject", "status", "message", "remedy"]
        for check in found["checks"]
    )
    assert sum(found["counts"].values()) == len(found["checks"])
    by_subject = {(check["instance"], check["subject"]): check for check in found["checks"]}
    assert by_subject["edge", EIP]["message"] == "is with b (nic-b)"
    assert by_subject["", "configuration"]["status"] == "ok"


def test_without_a_configuration_that_is_said_and_nothing_else(machine: Machine) -> None:
    machine.set("CLOUDFAIL_CONFIG", str(machine.path / "none.toml"))
    answer = machine.run(*QUIET)
    assert answer.code == 1
    assert "no such file" in line_of(answer, "FAILED")
    assert "not looked at" in line_of(answer, "everything else")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[instance.edge", "not TOML"),
        (FILE.replace("priority = 100", "priorty = 100"), "priorty"),
        (FILE.replace("priority = 100", "priority = 150"), "priority"),
        ("", "cloudfail.toml: the file is empty"),
    ],
)
def test_a_broken_configuration_is_said_key_by_key(machine: Machine, text: str, said: str) -> None:
    machine.config(text)
    answer = machine.run(*QUIET)
    assert answer.code == 1
    assert any(said in line for line in answer.out.splitlines() if line.startswith("FAILED"))


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--instance", "egde"), 'instance: there is none named "egde"'),
        (("--provider", "aws"), "instance: there is none of provider aws for node a"),
        (("--node", "z"), 'node: no node is named "z"'),
    ],
)
def test_an_instance_provider_or_node_that_is_not_there_fails(
    doctored: Machine, flags: tuple[str, ...], said: str
) -> None:
    answer = doctored.run(*QUIET, *flags)
    assert answer.code == 1
    assert line_of(answer, said).startswith("FAILED")
    assert line_of(answer, "other managers")  # the machine is looked at all the same


def test_a_machine_that_is_none_of_the_nodes_fails_once(
    doctored: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDFAIL_NODE")
    answer = doctored.run(*QUIET)
    assert line_of(answer, "has the unicast address of no node").startswith("FAILED")
    assert "none are configured" not in answer.out


def test_the_node_of_the_flag_is_the_one_looked_at(doctored: Machine) -> None:
    answer = doctored.run(*QUIET, "--node", "b")
    assert "127.1.1.2 of node b is not an address of this machine" in answer.out
    assert "is with this node" in line_of(answer, f"edge: {EIP}: is")


@pytest.mark.parametrize(
    ("holder", "mark", "said"),
    [
        ("nic-b", "ok", "is with b (nic-b)"),
        ("nic-a", "ok", "is with this node"),
        ("", "warning", "exists, and nobody has it"),
        ("nic-z", "FAILED", "is with nic-z, which is none of the configured nodes"),
        ("?", "FAILED", "the cloud did not say who has it"),
    ],
)
def test_who_has_a_claim_is_said_with_what_that_means(
    doctored: Machine, holder: str, mark: str, said: str
) -> None:
    doctored.world({EIP: holder, VIP: "nic-b"})
    line = line_of(doctored.run(*QUIET), f"edge: {EIP}:")
    assert (line.startswith(mark), said in line) == (True, True)


def test_a_private_address_that_is_here_already_is_not_counted_as_proven(
    doctored: Machine,
) -> None:
    doctored.world({EIP: "nic-b", VIP: "nic-a"})
    line = line_of(doctored.run(*QUIET), f"taking {VIP}")
    assert "not proven here" in line


def test_what_the_provider_finds_is_shown_with_its_severity(doctored: Machine) -> None:
    doctored.world({}, findings=[["error", "the check is on"], ["warning", "unproven: Take"]])
    answer = doctored.run(*QUIET)
    assert line_of(answer, "the check is on").startswith("FAILED")
    assert line_of(answer, "unproven: Take").startswith("warning")
    assert "mend it" in answer.out


def test_an_obstacle_fails(doctored: Machine) -> None:
    doctored.world({EIP: "nic-b"}, obstacles={EIP: "no such Elastic IP"})
    assert line_of(doctored.run(*QUIET), "no such Elastic IP").startswith("FAILED")


@pytest.mark.parametrize("error", ["DeniedError", "NotFoundError", "ConfigError", "UsageError"])
def test_an_error_of_the_cloud_stops_no_other_check(doctored: Machine, error: str) -> None:
    doctored.world({}, fail={"error": error, "message": "the cloud says no"})
    answer = doctored.run(*QUIET)
    assert line_of(answer, "edge: cloud: the cloud says no").startswith("FAILED")
    assert line_of(answer, "edge: clock")
    assert "way to the API" not in answer.out


def test_a_throttled_cloud_ends_at_the_deadline(doctored: Machine) -> None:
    doctored.world({}, fail={"error": "TransientError", "message": "throttled"})
    answer = doctored.run(*QUIET, "--deadline", "0.3")
    assert line_of(answer, "edge: cloud: throttled").startswith("FAILED")


def test_a_plugin_that_breaks_down_stops_no_other_check(doctored: Machine) -> None:
    doctored.world({}, crash=True)
    answer = doctored.run(*QUIET)
    line = line_of(answer, "broke down (ZeroDivisionError: the plugin is broken)")
    assert line.startswith("FAILED")
    assert "Traceback" not in answer.out + answer.err


def test_an_sdk_that_is_missing_is_said_with_the_way_to_install_it(
    machine: Machine, tmp_path: Path
) -> None:
    text = f'{FILE}\n[provider.fake]\nregion = "missing-sdk"\n'
    machine.config(with_directory(text, tmp_path))
    assert "pip install 'cloudfail-fake[sdk]'" in line_of(
        machine.run(*QUIET), "FAILED   edge: cloud"
    )


def test_without_the_cloud_nothing_is_asked_of_it(doctored: Machine) -> None:
    doctored.world({}, crash=True)
    answer = doctored.run(*QUIET, "--no-cloud")
    assert "cloud:" not in answer.out
    assert "identity" not in answer.out
    assert "clock" not in answer.out


def test_without_adverts_nothing_is_said_of_them(doctored: Machine) -> None:
    assert "edge: adverts" not in doctored.run(*QUIET).out


def test_a_device_that_is_missing_is_said_and_nothing_is_waited_for(
    machine: Machine, tmp_path: Path
) -> None:
    machine.config(with_directory(FILE.replace("eth0", "nodevice9"), tmp_path))
    answer = machine.run("doctor", "--no-cloud")
    assert line_of(answer, "edge: device").startswith("FAILED")
    assert line_of(answer, "edge: adverts: not listened").startswith("warning")


def test_every_instance_of_the_node_is_looked_at_and_one_alone_when_asked(
    machine: Machine, tmp_path: Path
) -> None:
    machine.config(with_directory(FILE + OTHER, tmp_path))
    both = machine.run(*QUIET)
    assert line_of(both, "core: claims: none: nothing moves in the cloud").startswith("ok")
    assert line_of(both, "core: way to the API: not applicable").startswith("ok")
    assert line_of(both, f"edge: {EIP}")
    assert "edge:" not in machine.run(*QUIET, "--instance", "core").out


def test_a_reader_that_closes_its_end_is_no_error(doctored: Machine) -> None:
    with doctored.spawn(*QUIET) as running:
        assert running.stdout is not None
        assert running.stdout.readline()
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == ""
    assert running.returncode == 1


def test_ctrl_c_ends_it_without_a_traceback(machine: Machine, tmp_path: Path) -> None:
    slow = FILE.replace("virtual_router_id = 51", "virtual_router_id = 51\nadvert_int = 40")
    machine.config(with_directory(slow.replace("eth0", "lo"), tmp_path))
    if os.geteuid() != 0:
        pytest.skip("listening needs CAP_NET_RAW")
    with machine.spawn("doctor", "--no-cloud", "--debug") as running:
        assert running.stdout is not None
        while "edge: device" not in running.stdout.readline():
            pass
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (130, "")
    assert "adverts" not in out
