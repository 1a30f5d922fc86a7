"""The files in place against what is generated: edited, missing, left over, readable by others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.doctor import Check, Machine, Status
from cloudfail.doctor.installed import check_files, check_keepalived, check_lint, check_test
from cloudfail.doctor.running import running_pid
from cloudfail.keepalived.generate import files_of, secret_of
from cloudfail.keepalived.version import Version, find_keepalived

from doctor.cases import failures, machine_of, of_status, pair

CONF = "/etc/keepalived/keepalived.conf"


def install(machine: Machine) -> None:
    assert machine.site is not None
    for file in files_of(machine.site, secret_of).files:
        path = machine.path(file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(file.mode)
        path.chmod(file.mode)
        path.write_text(file.text)


@pytest.fixture
def installed(tmp_path: Path) -> Machine:
    machine = machine_of(tmp_path)
    install(machine)
    return machine


def files(machine: Machine) -> list[Check]:
    return list(check_files(machine))


def test_a_file_that_somebody_else_owns_is_named_by_its_owner(
    installed: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    conf = installed.path(CONF)
    os.chown(conf, 65534, 65534)
    assert failures(files(installed)) == [f"{conf}: belongs to user id 65534, not to root"]


def test_what_was_generated_is_in_place(installed: Machine) -> None:
    (check,) = files(installed)
    assert (check.status, "for a" in check.message) == (Status.OK, True)


def test_a_keepalived_conf_that_was_edited_by_hand_fails(installed: Machine) -> None:
    conf = installed.path(CONF)
    conf.write_text(conf.read_text().replace("priority 150", "priority 90"))
    assert failures(files(installed)) == [f"{conf}: is not what cloudfail.toml says"]


def test_a_missing_keepalived_conf_fails_and_a_missing_sysctl_file_warns(
    installed: Machine,
) -> None:
    installed.path(CONF).unlink()
    sysctl = installed.path("/etc/sysctl.d/60-cloudfail.conf")
    sysctl.unlink()
    assert failures(files(installed)) == [f"{installed.path(CONF)}: is not there"]
    assert of_status(files(installed), Status.WARNING) == [f"{sysctl}: is not there"]


def test_files_for_systemd_count_only_where_systemd_runs(installed: Machine) -> None:
    installed.path("/etc/systemd/system/keepalived.service.d/cloudfail.conf").unlink()
    assert of_status(files(installed), Status.WARNING) == []
    installed.path("/run/systemd/system").mkdir(parents=True)
    assert len(of_status(files(installed), Status.WARNING)) == 1


def test_an_instance_that_was_left_in_conf_d_fails_as_keepalived_reads_it(
    tmp_path: Path,
) -> None:
    machine = machine_of(tmp_path, pair(more="[keepalived]\nfile_per_instance = true"))
    install(machine)
    here = machine.path("/etc/keepalived/conf.d/edge.conf")
    old = here.with_name("old.conf")
    old.write_text(here.read_text().replace("edge", "old"))
    (said,) = failures(files(machine))
    assert said.startswith(f"{old}: was generated once, and is of nothing that is configured now")
    here.write_text("# by hand\n")
    assert f"{here}: is not what cloudfail.toml says" in failures(files(machine))


def with_secret(path: Path, kind: str = "PASS", version: int = 2) -> Machine:
    secret = path / "edge.secret"
    secret.touch(0o600)
    secret.chmod(0o600)
    secret.write_text("s3cr3t")
    auth = f'authentication = {{ type = "{kind}", secret_file = "{secret}" }}'
    text = pair(auth, f"[keepalived]\nvrrp_version = {version}")
    return machine_of(path, text, version=Version(2, 4, 2))


def test_a_secret_that_others_can_read_fails_and_hides_no_other_file(tmp_path: Path) -> None:
    machine = with_secret(tmp_path)
    install(machine)
    assert failures(files(machine)) == []
    (tmp_path / "edge.secret").chmod(0o644)
    machine.path(CONF).write_text("")
    mode, conf = failures(files(machine))
    assert "has mode 0644: others than its owner can read the secret" in mode
    assert "is not what cloudfail.toml says" in conf


def test_the_key_of_hmac_is_held_to_its_mode_too(tmp_path: Path) -> None:
    machine = with_secret(tmp_path, "hmac", 3)
    install(machine)
    assert failures(files(machine)) == []
    (tmp_path / "edge.secret").chmod(0o640)
    assert "has mode 0640" in failures(files(machine))[0]


def test_an_installed_secret_that_others_can_read_is_named_by_its_mode(tmp_path: Path) -> None:
    machine = with_secret(tmp_path)
    install(machine)
    installed = machine.path("/etc/keepalived/secret/edge.conf")
    installed.chmod(0o644)
    assert failures(files(machine)) == [f"{installed}: has mode 0644, not 0600"]


def test_no_secret_is_ever_shown(tmp_path: Path) -> None:
    machine = with_secret(tmp_path)
    install(machine)
    installed = machine.path("/etc/keepalived/secret/edge.conf")
    installed.write_text(installed.read_text().replace("s3cr3t", "0ther"))
    assert not any(word in f"{check}" for check in files(machine) for word in ("s3cr3t", "0ther"))


def test_without_keepalived_nothing_is_compared_and_the_reason_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.doctor.installed.find_keepalived", str)
    machine = machine_of(tmp_path, version=None)
    (check,) = files(machine)
    assert (check.status, check.message) == (
        Status.WARNING,
        "not compared: the version of keepalived is not known",
    )
    assert failures(check_keepalived(machine)) == ["keepalived: is not installed"]


def test_a_keepalived_that_cannot_be_run_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.doctor.installed.find_keepalived", lambda: "/opt/keepalived")
    machine = machine_of(tmp_path, version=None)
    (said,) = failures(check_keepalived(machine))
    assert said == "keepalived: /opt/keepalived does not say its version"


def test_a_version_that_is_not_known_warns(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, version=Version(2, 9))
    assert any("newer" in line for line in of_status(check_keepalived(machine), Status.WARNING))


@pytest.fixture
def sleeper() -> Iterator[process.Popen[bytes]]:
    started = process.Popen(["/bin/sleep", "60"])
    yield started
    started.kill()
    started.wait()


def test_a_pid_file_that_names_somebody_else_is_no_running_keepalived(
    tmp_path: Path, sleeper: process.Popen[bytes]
) -> None:
    machine = machine_of(tmp_path)
    machine.path("/run").mkdir(parents=True)
    for text in (str(sleeper.pid), "4194305", "no number", ""):
        machine.path("/run/keepalived.pid").write_text(text)
        assert running_pid(machine) is None
        assert any("does not run" in one.message for one in check_keepalived(machine))


def test_a_program_that_was_replaced_since_it_started_warns(tmp_path: Path) -> None:
    machine = machine_of(tmp_path)
    copy = tmp_path / "keepalived"
    copy.write_bytes(Path("/bin/sleep").read_bytes())
    copy.chmod(0o755)
    started = process.Popen([str(copy), "60"])
    try:
        machine.path("/run").mkdir(parents=True)
        machine.path("/run/keepalived.pid").write_text(str(started.pid))
        while running_pid(machine) is None:
            SystemClock().sleep(0.01)  # between fork and exec it has another name
        assert [one.status for one in check_keepalived(machine)] == [Status.OK]
        copy.unlink()
        (warned,) = of_status(check_keepalived(machine), Status.WARNING)
        assert "from before the upgrade" in warned
    finally:
        started.kill()
        started.wait()


@pytest.mark.skipif(not find_keepalived(), reason="keepalived is not installed")
def test_keepalived_itself_is_asked_and_refuses_what_it_cannot_read(installed: Machine) -> None:
    conf = installed.path(CONF)
    conf.write_text("vrrp_instance edge {\n  frobnicate\n}\n")
    (said,) = failures(check_test(installed))
    assert said.startswith("keepalived -t: exit code ")
    assert "frobnicate" in said


def test_lint_looks_at_the_file_in_place(installed: Machine) -> None:
    conf = installed.path(CONF)
    conf.write_text(conf.read_text().replace("unicast_peer", "#unicast_peer"))
    assert failures(check_lint(installed))


def test_of_a_file_that_is_no_configuration_one_screen_is_shown(installed: Machine) -> None:
    conf = installed.path(CONF)
    conf.write_text("".join(f"frobnicate_{number}\n" for number in range(300)))
    checks = list(check_lint(installed))
    assert len(checks) == 11
    assert (checks[-1].status, checks[-1].message) == (Status.WARNING, "291 more findings")
    assert checks[-1].remedy == f"cloudfail lint {conf}"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_a_directory_or_a_fifo_in_place_of_the_file_breaks_down_nothing(
    installed: Machine, make: Callable[[Path], None]
) -> None:
    from cloudfail.doctor import Options, examine

    installed.path(CONF).unlink()
    make(installed.path(CONF))
    checks = list(examine(installed, (), Options(cloud=False, wire=False)))
    assert any(one.subject == "other managers" for one in checks)
    assert not any("broke down" in one.message for one in checks)
    assert f"{installed.path(CONF)}: is no regular file" in failures(checks)


def test_a_keepalived_that_hangs_is_no_bug_of_doctor(
    installed: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cloudfail.doctor import Options, examine

    hanging = tmp_path / "keepalived"
    hanging.write_text("#!/bin/sh\nexec sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr("cloudfail.doctor.installed.find_keepalived", lambda: str(hanging))
    monkeypatch.setattr("cloudfail.doctor.installed._SECONDS", 0.1)
    said = failures(examine(installed, (), Options(cloud=False, wire=False)))
    assert any(f"`{hanging} -t -f " in one and "end within 0.1 s" in one for one in said)
    assert not any("broke down" in one for one in said)
