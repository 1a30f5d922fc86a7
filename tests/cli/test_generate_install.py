"""--diff and --install into an image: whole or not at all, with a backup, tested before."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

import pytest

from cli.generating import PATHS, SECRET, Pair, pair
from keepalived.generate.place import needs_keepalived

pytestmark = [pytest.mark.netns, needs_keepalived]
CONF = "etc/keepalived/keepalived.conf"
OF_EDGE = "etc/keepalived/conf.d/edge.conf"


@pytest.fixture
def two(tmp_path: Path) -> Pair:
    return pair(tmp_path)


@pytest.fixture
def installed(two: Pair) -> Pair:
    two.secret()
    assert two.install().returncode == 0
    return two


def test_a_first_install_writes_every_file_with_its_mode(two: Pair) -> None:
    two.secret()
    done = two.install()
    assert (done.returncode, done.stderr) == (0, "")
    assert {path: stat.S_IMODE((two.root / path).stat().st_mode) for path in two.files()} == PATHS
    assert done.stdout == "".join(f"{two.root}/{path}: new\n" for path in _in_order(done.stdout))
    assert two.backups() == {}
    assert (two.root / "etc/keepalived/conf.d").is_dir(), "what is included is there"
    assert SECRET not in done.stdout


def _in_order(said: str) -> list[str]:
    found = sorted(PATHS, key=said.find)
    assert said.find(found[0]) >= 0
    return found


def test_the_mode_holds_against_any_umask(two: Pair) -> None:
    two.secret()
    assert two.install(before="umask 0177").returncode == 0
    assert stat.S_IMODE((two.root / CONF).stat().st_mode) == 0o644
    assert two.run("--node", "a", "--diff", "--root", str(two.root)).returncode == 0


def test_a_second_install_writes_nothing(installed: Pair) -> None:
    before = {path: (installed.root / path).stat() for path in installed.files()}
    done = installed.install()
    assert (done.returncode, done.stdout) == (0, "a: nothing to change\n")
    after = {path: (installed.root / path).stat() for path in installed.files()}
    assert [(s.st_ino, s.st_mtime_ns) for s in before.values()] == [
        (s.st_ino, s.st_mtime_ns) for s in after.values()
    ]
    assert installed.backups() == {}
    assert installed.diff().returncode == 0


def test_what_was_there_is_kept_for_its_owner_alone(installed: Pair) -> None:
    before = installed.files()
    installed.edge["node"][0]["priority"] = 170
    installed.secret("another1")
    done = installed.install()
    assert done.returncode == 0
    assert installed.backups() == {
        path: before[path] for path in (CONF, "etc/keepalived/secret/edge.conf")
    }
    base = installed.root / "var/backups/cloudfail"
    [backup] = base.iterdir()
    assert str(backup) in done.stdout
    assert {stat.S_IMODE(path.stat().st_mode) for path in (base, backup)} == {0o700}
    kept = backup / "etc/keepalived/secret/edge.conf"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_foreign_file_is_kept_byte_for_byte(two: Pair) -> None:
    target = two.root / CONF
    target.parent.mkdir(parents=True)
    foreign = b"! by hand\r\nglobal_defs {\r\n router_id caf\xe9\r\n}\r\n"
    target.write_bytes(foreign)
    assert two.install().returncode == 0
    [backup] = (two.root / "var/backups/cloudfail").rglob("keepalived.conf")
    assert backup.read_bytes() == foreign


def test_an_open_secret_is_closed(installed: Pair) -> None:
    secret = installed.root / "etc/keepalived/secret/edge.conf"
    secret.chmod(0o644)
    done = installed.diff()
    assert done.returncode == 2
    assert f"{secret}: mode 0644 -> 0600" in done.stdout
    assert installed.install().returncode == 0
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_a_diff_says_what_changes_and_keeps_secrets(installed: Pair) -> None:
    installed.edge["node"][0]["priority"] = 170
    done = installed.diff()
    assert done.returncode == 2
    assert [line for line in done.stdout.splitlines() if line[:1] in "+-"] == [
        f"--- {installed.root}/{CONF}",
        f"+++ {installed.root}/{CONF}",
        "-  priority 150",
        "+  priority 170",
    ]
    assert "priority 150" in installed.files()[CONF]


def test_a_changed_secret_shows_as_a_change_only(installed: Pair) -> None:
    installed.secret("another1")
    done = installed.diff()
    assert done.returncode == 2
    assert "-auth_pass ********\n+auth_pass ********" in done.stdout
    assert SECRET not in done.stdout
    assert "another1" not in done.stdout


def test_a_diff_hides_the_secrets_of_a_file_written_by_hand(two: Pair) -> None:
    target = two.root / CONF
    target.parent.mkdir(parents=True)
    target.write_text(
        "vrrp_instance old {\n"
        "  authentication { auth_type PASS auth_pass hunter-1 }\n"
        "  # auth_pass hunter-2\n"
        "\tauth_pass\t'hunter-3'\n"
        "  auth_hmac {\n    key 7 hex:hunter-4\n  }\n}\n"
    )
    done = two.diff()
    assert done.returncode == 2
    assert "hunter" not in done.stdout
    assert done.stdout.count("********") == 4


def test_a_removed_instance_goes_and_other_files_stay(two: Pair) -> None:
    two.tables["keepalived"]["file_per_instance"] = True
    two.tables["instance"]["gone"] = {**two.edge, "virtual_router_id": 52, "claim": []}
    two.secret()
    two.tables["instance"]["gone"]["authentication"] = two.edge["authentication"]
    assert two.install().returncode == 0
    before = two.files()
    assert "etc/keepalived/conf.d/gone.conf" in before
    own = two.root / "etc/keepalived/conf.d/own.conf"
    own.write_text("# of the operator\n")
    del two.tables["instance"]["gone"]
    shown = two.diff()
    assert "-vrrp_instance gone {" in shown.stdout
    assert SECRET not in shown.stdout
    done = two.install()
    assert done.returncode == 0
    gone = {f"etc/keepalived/{name}/gone.conf" for name in ("conf.d", "secret")}
    for path in gone:
        assert f"{two.root}/{path}: removed" in done.stdout
        assert two.backups()[path] == before[path]
    assert not gone & set(two.files())
    assert own.read_text() == "# of the operator\n"


def test_instances_move_into_files_of_their_own_and_back(two: Pair) -> None:
    assert two.install().returncode == 0
    together = two.files()
    two.tables["keepalived"]["file_per_instance"] = True
    assert two.install().returncode == 0
    assert "vrrp_instance" not in two.files()[CONF]
    assert "vrrp_instance edge {" in two.files()[OF_EDGE]
    two.tables["keepalived"]["file_per_instance"] = False
    assert two.install().returncode == 0
    assert two.files() == together


def test_what_nobody_needs_any_more_is_allowed_no_more(two: Pair) -> None:
    two.edge["services"] = {"master": ["nginx"]}
    two.tables["host"] = {"real_server": ["10.0.1.100"], "ip_nonlocal_bind": False}
    assert two.install().returncode == 0
    rules = "etc/polkit-1/rules.d/60-cloudfail.rules"
    assert rules in two.files()
    del two.edge["services"]
    two.tables["host"] = {"ip_nonlocal_bind": False}
    assert two.install().returncode == 0
    assert not [
        path for path in two.files() if "polkit" in path or "sysctl" in path or "-lo" in path
    ]
    assert rules in two.backups()


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
    pair_.tables["keepalived"]["vrrp_notify_fifo"] = "/run/cloudfail/vrrp.fifo"
    pair_.tables["host"] = {"ip_forward": True}


def leftovers(pair_: Pair) -> list[str]:
    """Return temporary files: their names begin with a dot."""
    return [name for _, _, names in os.walk(pair_.root) for name in names if name[0] == "."]
