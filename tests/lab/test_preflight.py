"""What is missing is said with its remedy, before anything is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError, ProviderMissingError, UnreachableError, UsageError
from cloudfail.lab import idmap, preflight, probe, remote, root
from cloudfail.lab.idmap import Ranges
from cloudfail.lab.terrain import terrain_of


def test_root_needs_no_range() -> None:
    assert preflight.ranges(which=lambda tool: f"/usr/sbin/{tool}", uid=0) is None


def test_a_missing_tool_is_named_by_its_package() -> None:
    with pytest.raises(
        ConfigError, match=r"apt-get install iproute2; or `lab run` with --simulate"
    ):
        preflight.ranges(which=lambda tool: None if tool == "ip" else tool, uid=0)


def test_an_ordinary_user_is_asked_for_a_range(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = Ranges(uid=1000, gid=1000, uids=(1, 2), gids=(1, 2))
    monkeypatch.setattr(idmap, "of_this_user", lambda: wanted)
    assert preflight.ranges(which=lambda tool: tool, uid=1000) is wanted


def test_only_clouds_with_an_embedded_twin_can_be_rehearsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    preflight.check_provider("aws")
    with pytest.raises(UsageError, match="no embedded oci; there is aws, gcp, azure"):
        preflight.check_provider("oci")
    preflight.check_provider("gcp")
    preflight.check_provider("azure")
    with pytest.raises(UsageError, match="nothing is rehearsed on oci; there are aws, gcp, azure"):
        terrain_of("oci")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ProviderMissingError, match=r"pip install 'cloudfail\[lab\]'"):
        preflight.check_provider("aws")


def test_the_variable_alone_does_not_make_it_the_sandbox(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOUDFAIL_LAB_INSIDE", "root")
    assert not preflight.is_inside()


def test_system_directories_are_added_to_a_users_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/sbin")
    preflight.widen_path()
    assert os.environ["PATH"] == "/usr/bin:/sbin:/usr/local/sbin:/usr/sbin"


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setattr("shutil.which", lambda tool: tool)
    monkeypatch.setattr(idmap, "_user_name", lambda _: "ada")
    for name in ("subuid", "subgid"):
        (tmp_path / name).write_text("bob:1:65536\nada:100000:10\nada:300000:65536\n")
    return tmp_path / "subuid", tmp_path / "subgid"


def test_a_users_range_becomes_the_arguments_of_newuidmap(tables: tuple[Path, Path]) -> None:
    ranges = idmap.of_this_user(*tables)
    assert ranges.uid_map == ["0", str(os.getuid()), "1", "1", "300000", "65536"]
    assert ranges.gid_map[3:] == ["1", "300000", "65536"]


def test_a_missing_range_is_answered_with_the_command_that_grants_it(
    tables: tuple[Path, Path],
) -> None:
    tables[1].unlink()
    with pytest.raises(ConfigError, match="usermod --add-subgids 100000-165535 ada"):
        idmap.of_this_user(*tables)


def test_a_missing_newuidmap_is_answered_with_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(ConfigError, match="package uidmap"):
        idmap.of_this_user()


def test_a_user_without_a_name_goes_by_number() -> None:
    assert idmap._user_name(3_999_999) == "3999999"


def test_a_script_that_others_may_write_is_refused_as_keepalived_would(tmp_path: Path) -> None:
    script = tmp_path / "cloudfail"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o777)
    with pytest.raises(ConfigError, match="keepalived would run no script"):
        probe.check_scripts(str(script))


def test_this_python_is_among_what_must_be_visible() -> None:
    needed = root.needed_paths()
    assert any(Path(root.__file__).is_relative_to(path) for path in needed)
    assert not any(a != b and a.is_relative_to(b) for a in needed for b in needed)


def test_the_mount_point_is_never_what_is_needed() -> None:
    assert root._mount_point([Path("/mnt/project")]) != "/mnt"
    with pytest.raises(ConfigError, match="mount point"):
        root._mount_point([Path(path) / "x" for path in root._FREE])


def test_a_users_labs_are_in_a_directory_of_their_own(tmp_path: Path) -> None:
    uid = os.getuid() or 1
    here = {"XDG_RUNTIME_DIR": str(tmp_path)}
    if os.getuid():
        assert remote.directory(here, uid) == tmp_path / "cloudfail-lab"
        return
    with pytest.raises(UsageError, match="not this user's alone"):  # root made it, not uid 1
        remote.directory(here, uid)


def test_the_name_of_a_lab_is_no_path(tmp_path: Path) -> None:
    assert remote.socket_path("lab", tmp_path) == tmp_path / "lab.sock"
    with pytest.raises(UsageError, match="letters, digits"):
        remote.socket_path("../x", tmp_path)


def test_a_name_is_taken_for_as_long_as_its_lab_lives(tmp_path: Path) -> None:
    with remote.the_only_one(tmp_path / "lab.sock"):
        with (
            pytest.raises(UsageError, match="'lab' runs already"),
            remote.the_only_one(tmp_path / "lab.sock"),
        ):
            pass
        with remote.the_only_one(tmp_path / "other.sock"):
            pass
    with remote.the_only_one(tmp_path / "lab.sock"):
        pass


def test_a_dead_labs_socket_is_no_lab(tmp_path: Path) -> None:
    (tmp_path / "lab.sock").touch()
    assert not remote.is_running(tmp_path / "lab.sock")
    with pytest.raises(UnreachableError, match="cloudfail lab up"):
        remote.ask(tmp_path / "lab.sock", remote.Request("status"))
