"""--install on the machine itself, and --reload: by systemd's commands, or by a signal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.generating import SECRET, Pair, pair
from keepalived.generate.place import needs_keepalived

pytestmark = [pytest.mark.keepalived, needs_keepalived]
PROGRAMS = (*("systemctl", "systemd-sysusers", "systemd-tmpfiles", "sysctl", "networkctl", "ifup"),)
BOOTED = "mkdir -p /run/systemd/system"
LATER = (
    "sysctl -q -p /etc/sysctl.d/60-cloudfail.conf",
    "systemctl daemon-reload",
    "systemctl restart cloudfail-agent",
    "systemctl reload keepalived",
)
ANEW = "systemctl reload-or-restart cloudfail-agent"


@pytest.fixture
def two(tmp_path: Path) -> Pair:
    return pair(tmp_path)


def own_etc(path: Path) -> str:
    """Give the run its own /etc, and directories for what it keeps."""
    return f"""
        mkdir -p {path}/etc {path}/backups
        [ -e {path}/etc/passwd ] || cp -a /etc/. {path}/etc
        mount --bind {path}/etc /etc
        mount --bind {path}/backups /var/backups
    """


def fakes(path: Path, failing: str = "") -> str:
    """Put programs first on PATH that write down how they were called."""
    directory = path / "bin"
    directory.mkdir(exist_ok=True)
    for name in PROGRAMS:
        code = 1 if name == failing else 0
        program = directory / name
        program.write_text(
            f'#!/bin/sh\necho "{name} $*" >>{path}/called\necho "{name} is unwell" >&2\nexit {code}\n'
        )
        program.chmod(0o755)
    return f"{own_etc(path)}\nexport PATH={directory}:$PATH"


def called(path: Path) -> list[str]:
    file = path / "called"
    return file.read_text().splitlines() if file.exists() else []


def test_with_systemd_each_change_is_taken_up_in_order(two: Pair) -> None:
    done = two.run("--node", "a", "--install", "--reload", before=f"{fakes(two.path)}\n{BOOTED}")
    assert (done.returncode, done.stderr) == (0, "")
    assert called(two.path) == ["systemd-sysusers ", "systemd-tmpfiles --create", *LATER]
    assert "taken it up" in done.stdout


def test_only_what_changed_is_taken_up(two: Pair) -> None:
    args = ("--node", "a", "--install", "--reload")
    before = f"{fakes(two.path)}\n{BOOTED}"
    assert two.run(*args, before=before).returncode == 0
    (two.path / "called").unlink()
    assert two.run(*args, before=before).returncode == 0
    assert called(two.path) == [ANEW], "what is claimed stands in no generated file"
    (two.path / "called").unlink()
    two.edge["node"][0]["priority"] = 170
    assert two.run(*args, before=before).returncode == 0
    assert called(two.path) == [ANEW, "systemctl reload keepalived"]


def test_an_agent_that_is_not_wanted_any_more_is_stopped(two: Pair) -> None:
    args = ("--node", "a", "--install", "--reload")
    before = f"{fakes(two.path)}\n{BOOTED}"
    assert two.run(*args, before=before).returncode == 0
    (two.path / "called").unlink()
    two.tables["agent"] = {"enabled": False}
    done = two.run(*args, before=before)
    assert "/etc/systemd/system/cloudfail-agent.service: removed\n" in done.stdout
    assert called(two.path) == [
        "systemd-tmpfiles --create",
        "systemctl daemon-reload",
        "systemctl stop cloudfail-agent",
        "systemctl reload keepalived",
    ]
    (two.path / "called").unlink()
    assert two.run(*args, before=before).stdout == "a: nothing to change, and nothing to take up\n"
    assert called(two.path) == []


def test_without_reload_nothing_is_called_and_the_commands_are_named(two: Pair) -> None:
    done = two.run("--node", "a", "--install", before=f"{fakes(two.path)}\n{BOOTED}")
    assert done.returncode == 0
    assert called(two.path) == []
    wanted = ["systemd-sysusers", "systemd-tmpfiles --create", *LATER]
    assert f"not taken up yet: {'; '.join(wanted)}\n" in done.stdout


def test_a_command_that_fails_is_said_with_what_is_left(two: Pair) -> None:
    before = f"{fakes(two.path, 'sysctl')}\n{BOOTED}"
    done = two.run("--node", "a", "--install", "--reload", before=before)
    assert done.returncode == 78
    assert "`sysctl -q -p /etc/sysctl.d/60-cloudfail.conf` failed (exit code 1)" in done.stderr
    assert "sysctl is unwell" in done.stderr
    assert f"what is left: {'; '.join(LATER)}" in done.stderr
    assert called(two.path)[-1].startswith("sysctl"), "nothing is called after it"
    assert (two.path / "etc/keepalived/keepalived.conf").is_file()


def test_without_systemd_a_running_keepalived_takes_the_new_priority(two: Pair) -> None:
    two.tables["keepalived"]["enable_script_security"] = False  # cloudfail is not root's here
    before = f"""
        {own_etc(two.path)}
        mount --bind {two.path} /mnt
        mount -t tmpfs tmpfs /media && mkdir /media/upper /media/work
        mount -t overlay -o lowerdir=/tmp,upperdir=/media/upper,workdir=/media/work overlay /tmp
        mount --bind /mnt {two.path}
        ip address add 10.0.1.10/24 dev eth0
        cp /mnt/old.conf /etc/keepalived/keepalived.conf
        keepalived -n -l -D -p /run/keepalived.pid >/mnt/log 2>&1 &
        for _ in $(seq 400); do grep -q 'Entering BACKUP' /mnt/log && break; sleep 0.1; done
    """
    after = """
        for _ in $(seq 400); do
            kill -USR1 "$(cat /run/keepalived.pid)"
            sleep 0.1
            grep -qs '  Priority = 170' /tmp/keepalived.data && break
        done
        grep '  Priority = ' /tmp/keepalived.data
        kill "$(cat /run/keepalived.pid)"
        wait
    """
    (two.path / "old.conf").write_text(two.run("--node", "a").stdout)
    two.edge["node"][0]["priority"] = 170
    done = two.run("--node", "a", "--install", "--reload", before=before, after=after)
    assert done.returncode == 0, done.stderr
    assert "  Priority = 170" in done.stdout
    assert "Reloading" in (two.path / "log").read_text()


def test_a_keepalived_that_does_not_run_is_said(two: Pair) -> None:
    done = two.run("--node", "a", "--install", "--reload", before=fakes(two.path))
    assert done.returncode == 78
    assert "keepalived does not run here" in done.stderr
    assert "the files are in place" in done.stderr


@pytest.mark.parametrize("number", ["$!", "-1", "0", "1", "words"])
def test_a_pid_file_of_another_process_ends_nobody(two: Pair, number: str) -> None:
    """The file outlives a keepalived that was killed, and its number is given anew."""
    before = f"{fakes(two.path)}\nsleep 60 &\necho {number} >/run/keepalived.pid"
    after = "kill -0 $! && echo alive; kill $!"
    done = two.run("--node", "a", "--install", "--reload", before=before, after=after)
    assert done.returncode == 78
    assert "keepalived does not run here" in done.stderr
    assert "alive\n" in done.stdout


def test_no_process_is_given_a_secret(two: Pair) -> None:
    """Neither among its words nor in its environment: everybody can read the words."""
    two.secret()
    program = two.path / "bin/keepalived"
    before = f"{fakes(two.path)}\n{BOOTED}"
    program.write_text(
        f'#!/bin/sh\n{{ echo "keepalived $*"; env; }} >>{two.path}/called\n'
        'exec /usr/sbin/keepalived "$@"\n'
    )
    program.chmod(0o755)
    done = two.run("--node", "a", "--install", "--reload", before=before)
    assert done.returncode == 0, done.stderr
    said = "\n".join(called(two.path))
    assert "keepalived -t -f " in said
    assert SECRET not in said + done.stdout + done.stderr
    assert SECRET in (two.path / "etc/keepalived/secret/edge.conf").read_text()
