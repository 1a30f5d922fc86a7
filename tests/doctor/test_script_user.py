"""What runs as the script user: the command, hooks, the way to the API; and where that user writes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.doctor import Case, Machine, Status
from cloudfail.doctor.account import run_like_keepalived
from cloudfail.doctor.reach import (
    _examined,
    check_command,
    check_directories,
    check_hooks,
    check_script_user,
)
from msgspec.structs import replace

from doctor.cases import failures, machine_of, of_status, pair


@pytest.fixture(autouse=True)
def _look_anew() -> None:
    _examined.cache_clear()


def script(path: Path, text: str, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(mode)
    return path


def with_command(path: Path, command: Path, more: str = "") -> Machine:
    text = pair(more=f'[keepalived]\ncommand = "{command}"\n{more}')
    return replace(machine_of(path, text), root=Path("/"))


@pytest.fixture
def of_root() -> Iterator[Path]:
    """A directory whose whole path is root's: pytest's own are, on a machine where root tests."""
    if os.geteuid() != 0:
        pytest.skip("files of root's need root")
    path = Path(f"/run/cloudfail-doctor-{os.getpid()}")
    path.mkdir(mode=0o755)
    yield path
    for file in sorted(path.rglob("*"), reverse=True):
        file.unlink() if not file.is_dir() else file.rmdir()
    path.rmdir()


def test_a_command_that_others_can_change_fails(tmp_path: Path, of_root: Path) -> None:
    command = script(of_root / "cloudfail", "exit 0")
    machine = with_command(tmp_path, command)
    assert failures(check_command(machine)) == []
    command.chmod(0o757)
    _examined.cache_clear()
    assert failures(check_command(machine))


def test_a_command_that_is_not_there_or_may_not_run_fails(tmp_path: Path, of_root: Path) -> None:
    missing = with_command(tmp_path, of_root / "missing")
    assert "cannot be found" in failures(check_command(missing))[0]
    plain = with_command(tmp_path, script(of_root / "plain", "", 0o644))
    assert "not executable" in failures(check_command(plain))[0]


def test_a_hook_is_examined_as_the_script_user(tmp_path: Path, of_root: Path) -> None:
    hook = script(of_root / "hook", "exit 0", 0o700)
    table = f'[[instance.edge.hook]]\non = "MASTER"\ncommand = ["{hook}", "x"]\n'
    root = replace(machine_of(tmp_path, pair(more=table)), root=Path("/"))
    (check,) = check_hooks(root)
    assert check.status is Status.OK
    user = f'{table}\n[keepalived]\nscript_user = "nobody"'
    other = replace(machine_of(tmp_path, pair(more=user)), root=Path("/"))
    (said,) = failures(check_hooks(other))
    assert f"{hook} is not executable for nobody" in said


def test_a_hook_with_a_space_in_its_name_is_named_whole(tmp_path: Path, of_root: Path) -> None:
    table = f'[[instance.edge.hook]]\non = "MASTER"\ncommand = ["{of_root}/x y"]\n'
    machine = replace(machine_of(tmp_path, pair(more=table)), root=Path("/"))
    (said,) = failures(check_hooks(machine))
    assert said.startswith(f"{of_root}/x y: {of_root}/x y cannot be found")


def test_directories_that_the_script_user_may_not_write_into_fail(
    tmp_path: Path, of_root: Path
) -> None:
    (of_root / "journal").mkdir()
    journal = f'[journal]\npath = "{of_root}/journal/j.jsonl"'
    user = '[keepalived]\nscript_user = "nobody"'
    machine = machine_of(tmp_path, pair(more=f"{user}\n{journal}"))
    assert failures(check_directories(machine))[0] == (
        f"journal: nobody may not write into {of_root}/journal"
    )
    (of_root / "journal").chmod(0o777)
    assert any(
        line.startswith("journal") for line in of_status(check_directories(machine), Status.OK)
    )
    root = machine_of(tmp_path, pair(more=journal))
    assert failures(check_directories(root)) == []


def test_a_journal_that_is_somebody_elses_fails_though_its_directory_is_right(
    tmp_path: Path, of_root: Path
) -> None:
    of_root.chmod(0o777)
    file = of_root / "j.jsonl"
    file.touch(0o640)
    journal = f'[keepalived]\nscript_user = "nobody"\n[journal]\npath = "{file}"'
    machine = machine_of(tmp_path, pair(more=journal))
    (check,) = (one for one in check_directories(machine) if one.subject == "journal")
    assert check.message == f"nobody may not write into {file}"
    assert check.remedy == f"chown nobody {file}"


def test_roles_are_not_kept_where_others_could_plant_them(
    tmp_path: Path, of_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.doctor.running._STATE", str(of_root))
    (check,) = (one for one in check_directories(machine_of(tmp_path)) if one.subject == "roles")
    assert check.status is Status.OK
    of_root.chmod(0o777)
    (check,) = (one for one in check_directories(machine_of(tmp_path)) if one.subject == "roles")
    assert check.message == f"{of_root} can be written by other users: chmod 0755 it"


def test_a_user_who_does_not_exist_is_told_of_by_each_check_alone(tmp_path: Path) -> None:
    from cloudfail.doctor import Options, examine

    text = pair(more='[keepalived]\nscript_user = "nosuchuser"')
    machine = replace(machine_of(tmp_path, text), root=Path("/"))
    checks = list(examine(machine, (), Options(cloud=False, wire=False)))
    assert any("nosuchuser" in line for line in failures(checks))
    assert not any("broke down" in check.message for check in checks)
    assert any(check.subject == "other managers" for check in checks)


def claiming(path: Path, command: Path) -> Case:
    machine = with_command(path, command)
    instance = machine.config.instances["edge"]
    return Case(machine=machine, instance=instance, me=instance.nodes[0], deadline=0.1)


def test_a_status_that_fails_is_told_with_its_last_words_and_the_file_it_reads(
    tmp_path: Path, of_root: Path
) -> None:
    command = script(of_root / "cloudfail", "echo first >&2; echo 'no credentials' >&2; exit 77")
    config, status = check_script_user(claiming(tmp_path, command))
    assert "keepalived's scripts read /etc/cloudfail/cloudfail.toml" in config.message
    assert status.message.endswith("failed: no credentials")


def test_a_status_that_hangs_is_ended(
    tmp_path: Path, of_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail.doctor.reach._GRACE", 0.2)
    command = script(of_root / "hangs", "exec sleep 60")
    assert "no answer within" in failures(check_script_user(claiming(tmp_path, command)))[1]


def test_an_unsafe_command_is_never_run_by_doctor(tmp_path: Path, of_root: Path) -> None:
    command = script(of_root / "unsafe", f"touch {of_root}/ran", 0o777)
    assert list(check_script_user(claiming(tmp_path, command))) == []
    assert not (of_root / "ran").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user needs root")
def test_a_script_runs_with_keepalived_umask_group_directory_and_environment(
    tmp_path: Path, of_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = of_root / "out"
    out.mkdir()
    out.chmod(0o777)
    command = script(
        of_root / "cloudfail",
        f"cd {out}; touch made; id -u > who; id -G >> who; pwd -P >> who; env >> who\n"
        "test -t 0 && exit 3; exit 0",
    )
    monkeypatch.setenv("HTTPS_PROXY", "http://only.mine:3128")
    text = pair(more='[keepalived]\nscript_user = "nobody nogroup"')
    done, _ = run_like_keepalived(machine_of(tmp_path, text), [str(command)], 30)
    assert done.returncode == 0
    said = (out / "who").read_text().splitlines()
    assert said[:2] == ["65534", "65534"]
    assert not any(line.startswith("HTTPS_PROXY") for line in said)
    assert (out / "made").stat().st_mode & 0o777 == 0o600
