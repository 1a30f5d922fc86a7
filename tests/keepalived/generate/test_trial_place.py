"""The test before --install sees what keepalived will see: files that included files include."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Site, files_of
from cloudfail.keepalived.generate.trial import try_out

from keepalived.generate.two_nodes import node_a

SEEN = """#!/bin/sh
cd "$(dirname "$3")" || exit 9
find . -type f | sort >"$SEEN"
exit 0
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    program = tmp_path / "bin/keepalived"
    program.parent.mkdir()
    program.write_text(SEEN)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
    return node_a(tmp_path)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    found = tmp_path / "root/etc/keepalived"
    found.mkdir(parents=True)
    return found


def seen(site: Site, tmp_path: Path) -> list[str]:
    try_out(site, files_of(site).files, (), tmp_path / "root")
    return (tmp_path / "seen").read_text().split()


def test_what_an_included_file_includes_beside_itself_is_there(
    site: Site, directory: Path, tmp_path: Path
) -> None:
    for name in ("conf.d/own.conf", "parts/scripts.inc", "conf.d/more/deep.inc"):
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_text("# of the operator\n")
    names = ["./conf.d/more/deep.inc", "./conf.d/own.conf", "./keepalived.conf"]
    assert seen(site, tmp_path) == [*names, "./parts/scripts.inc"]


def test_a_directory_elsewhere_is_followed_to(site: Site, directory: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "root/srv/conf.d"
    elsewhere.mkdir(parents=True)
    (elsewhere / "own.conf").write_text("# of the operator\n")
    (directory / "conf.d").symlink_to(elsewhere)
    assert "./conf.d/own.conf" in seen(site, tmp_path)


def test_what_is_no_file_is_not_waited_for(site: Site, directory: Path, tmp_path: Path) -> None:
    (directory / "conf.d").mkdir()
    os.mkfifo(directory / "conf.d/fifo.conf")
    (directory / "conf.d/gone.conf").symlink_to("/no/such/file")
    assert seen(site, tmp_path) == ["./keepalived.conf"]


def test_what_another_install_takes_away_meanwhile_is_not_missed(
    site: Site, directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes its new files beside the old ones, and then moves them."""
    (directory / ".keepalived.conf.x1").touch()
    real = shutil.copy2

    def meanwhile(source: Path, target: Path) -> None:
        source.unlink()
        real(source, target)

    monkeypatch.setattr(shutil, "copy2", meanwhile)
    assert seen(site, tmp_path) == ["./keepalived.conf"]


def test_the_old_files_are_not_tested_in_place_of_the_new(
    site: Site, directory: Path, tmp_path: Path
) -> None:
    (directory / "keepalived.conf").write_text("# old\n")
    program = tmp_path / "bin/keepalived"
    program.write_text('#!/bin/sh\ngrep -q "vrrp_instance edge" "$3"\n')
    try_out(site, files_of(site).files, (), tmp_path / "root")


@pytest.mark.usefixtures("directory")
def test_a_place_without_room_is_said(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, *args: object, **options: object) -> None:
        del args, options
        raise OSError(28, os.strerror(28), str(path))

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigError, match=r"No space left on device.*nothing was changed"):
        try_out(site, files_of(site).files, (), tmp_path / "root")


def test_nobody_else_reads_what_is_tested(site: Site, directory: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin/keepalived"
    program.write_text(f'#!/bin/sh\nstat -c %a "$(dirname "$3")" >{tmp_path}/seen\n')
    assert seen(site, tmp_path) == ["700"]
    assert stat.S_ISDIR(directory.stat().st_mode)
