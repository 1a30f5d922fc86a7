"""--diff and --install into an image: what is new, what is the same, what is kept."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cli.generating import PATHS, SECRET, Pair, pair
from keepalived.generate.place import needs_keepalived

pytestmark = [pytest.mark.keepalived, needs_keepalived]
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
