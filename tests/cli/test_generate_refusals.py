"""--install that cannot be: what keepalived refuses, links, full disks, two at once."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from cli.generating import Pair, pair
from keepalived.generate.place import needs_keepalived

pytestmark = [pytest.mark.keepalived, pytest.mark.long, needs_keepalived]
CONF = "etc/keepalived/keepalived.conf"


@pytest.fixture
def two(tmp_path: Path) -> Pair:
    return pair(tmp_path)


@pytest.fixture
def installed(two: Pair) -> Pair:
    two.secret()
    assert two.install().returncode == 0
    return two


def test_what_keepalived_refuses_changes_nothing(installed: Pair) -> None:
    before = installed.files()
    installed.edge["interface"] = "eth7"
    done = installed.install()
    assert done.returncode == 78
    assert "keepalived -t refuses the new files (exit code 5)" in done.stderr
    assert "interface eth7 for vrrp_instance edge doesn't exist" in done.stderr
    assert "nothing was changed" in done.stderr
    assert done.stderr.count("\n") == 1
    assert installed.files() == before
    assert installed.install("--no-test").returncode == 0


def test_a_broken_file_of_the_operator_is_found_before_anything_changes(installed: Pair) -> None:
    (installed.root / "etc/keepalived/conf.d/own.conf").write_text("vrrp_instnce x {\n}\n")
    before = installed.files()
    installed.edge["node"][0]["priority"] = 170
    done = installed.install()
    assert done.returncode == 78
    assert "conf.d/own.conf: Line 1" in done.stderr
    assert "vrrp_instnce" in done.stderr
    assert installed.files() == before


def test_what_stands_inside_an_instance_is_tested_with_it(two: Pair) -> None:
    two.edge["include"] = "instance.d/edge.conf"
    own = two.root / "etc/keepalived/instance.d/edge.conf"
    own.parent.mkdir(parents=True)
    own.write_text("garp_master_delay 1\n")
    assert two.install().returncode == 0
    own.write_text("garp_master_dealy 1\n")
    two.edge["node"][0]["priority"] = 170
    done = two.install()
    assert done.returncode == 78
    assert "garp_master_dealy" in done.stderr
    assert "priority 150" in two.files()[CONF]


def test_scripts_of_another_user_can_be_tested(two: Pair) -> None:
    """keepalived -t of 2.2.7 kills itself at them; what is broken is found all the same."""
    two.tables["keepalived"]["script_user"] = "nobody nogroup"
    two.tables["vrrp_script"] = {"web": {"tcp": "127.0.0.1:80"}}
    two.edge["track_script"] = ["web"]
    done = two.install()
    assert (done.returncode, done.stderr) == (0, "")
    assert "script_user nobody nogroup" in two.files()[CONF]
    two.tables["keepalived"]["script_user"] = "nosuch"
    done = two.install()
    assert done.returncode == 78
    assert "Error setting global script uid/gid" in done.stderr


def test_scripts_without_security_can_be_asked_for(two: Pair) -> None:
    two.tables["keepalived"]["enable_script_security"] = False
    two.tables["vrrp_script"] = {"web": {"tcp": "127.0.0.1:80"}}
    two.edge["track_script"] = ["web"]
    assert two.install().returncode == 0


def test_a_link_is_not_replaced(two: Pair, tmp_path: Path) -> None:
    elsewhere = tmp_path / "repository.conf"
    elsewhere.write_text("# mine\n")
    target = two.root / CONF
    target.parent.mkdir(parents=True)
    target.symlink_to(elsewhere)
    done = two.install()
    assert done.returncode == 78
    assert f"is a symbolic link to {elsewhere}" in done.stderr
    assert target.is_symlink()
    assert elsewhere.read_text() == "# mine\n"


def test_an_image_leads_to_no_file_outside(two: Pair, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (two.root / "etc").mkdir()
    (two.root / "etc/keepalived").symlink_to(outside)
    done = two.install()
    assert done.returncode == 78
    assert f"leads out of {two.root}" in done.stderr
    assert not list(outside.iterdir())


def test_a_file_that_cannot_be_replaced_puts_all_back(installed: Pair) -> None:
    """A mount point cannot be replaced: found out after other files were."""
    before = installed.files()
    change_all(installed)
    busy = shlex.quote(str(installed.root / "etc/tmpfiles.d/cloudfail.conf"))
    done = installed.install(before=f"mount --bind {busy} {busy}")
    assert done.returncode == 78
    assert "tmpfiles.d/cloudfail.conf: Device or resource busy; all is as it was" in done.stderr
    assert installed.files() == before
    assert leftovers(installed) == []


def test_a_directory_that_cannot_be_written_changes_nothing(installed: Pair) -> None:
    before = installed.files()
    change_all(installed)
    fixed = shlex.quote(str(installed.root / "etc/tmpfiles.d"))
    remount = f"mount --bind {fixed} {fixed} && mount -o remount,bind,ro {fixed}"
    done = installed.install(before=remount)
    assert done.returncode == 78
    assert "Read-only file system; nothing was changed" in done.stderr
    assert installed.files() == before
    assert leftovers(installed) == []


def test_a_full_disk_changes_nothing(installed: Pair, tmp_path: Path) -> None:
    before = installed.files()
    change_all(installed)
    etc, kept = shlex.quote(str(installed.root / "etc")), shlex.quote(str(tmp_path / "etc"))
    filled = f"""
        cp -a {etc} {kept}
        mount -t tmpfs -o size=64k tmpfs {etc} && cp -a {kept}/. {etc}
        head -c 1M /dev/zero > {etc}/filler 2>/dev/null
    """
    done = installed.install(
        before=filled, after=f"rm {etc}/filler; diff -r {etc} {kept} && echo equal"
    )
    assert done.returncode == 78
    assert "No space left on device; nothing was changed" in done.stderr
    assert done.stdout == "equal\n"
    assert installed.files() == before


def test_installs_at_once_leave_whole_files(two: Pair) -> None:
    two.tables["keepalived"]["file_per_instance"] = True
    two.secret()
    command = two.command("--node", "a", "--install", "--root", str(two.root))
    three = "\n".join(f"{command} >/dev/null &" for _ in range(3))
    done = two.install(before=three, after="wait")
    assert (done.returncode, done.stderr) == (0, "")
    assert two.diff().returncode == 0
    assert leftovers(two) == []


def test_removals_at_once_are_no_errors(two: Pair) -> None:
    two.tables["keepalived"]["file_per_instance"] = True
    assert two.install().returncode == 0
    two.tables["keepalived"]["file_per_instance"] = False
    command = two.command("--node", "a", "--install", "--root", str(two.root))
    three = "\n".join(f"{command} >/dev/null &" for _ in range(3))
    done = two.install(before=three, after="wait")
    assert (done.returncode, done.stderr) == (0, "")
    assert two.diff().returncode == 0


def change_all(pair_: Pair) -> None:
    """Let keepalived.conf, the secret, tmpfiles and sysctl differ from what is installed."""
    pair_.edge["node"][0]["priority"] = 170
    pair_.secret("another1")
    pair_.tables["keepalived"]["vrrp_notify_fifo"] = "/run/cloudfail/other.fifo"
    pair_.tables["host"] = {"ip_forward": True}


def leftovers(pair_: Pair) -> list[str]:
    """Return temporary files: their names begin with a dot."""
    return [name for _, _, names in os.walk(pair_.root) for name in names if name[0] == "."]
