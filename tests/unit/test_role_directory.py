"""State files that no other user can plant, redirect or lock."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.directory import make_directory
from cloudfail.role.directory import StateDirectory, file_name, try_lock
from hypothesis import given
from hypothesis import strategies as st

NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture(autouse=True)
def _umask_of_keepalived() -> Iterator[None]:
    before = os.umask(0o177)
    yield
    os.umask(before)


@pytest.fixture
def files(tmp_path: Path) -> StateDirectory:
    return StateDirectory(tmp_path / "state")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@given(st.text())
def test_any_name_becomes_one_safe_file_name(name: str) -> None:
    made = file_name(name)
    assert 0 < len(made) <= 200
    assert not set(made) & set("/.\0 \n")
    assert made.isascii()


@given(st.lists(st.text(alphabet="aA/.%~2EF\udc80é", max_size=6), unique=True, max_size=60))
def test_no_two_names_share_a_file(names: list[str]) -> None:
    assert len({file_name(name) for name in names}) == len(names)


def test_long_names_do_not_share_a_file_either() -> None:
    assert file_name("a" * 300) != file_name("a" * 301)
    assert file_name("a" * 300) != file_name(file_name("a" * 300))


def test_an_ordinary_name_is_kept() -> None:
    assert file_name("VI_1-edge") == "VI_1-edge"


def test_modes_do_not_depend_on_the_umask(files: StateDirectory) -> None:
    files.replace("a.role", b"x")
    os.close(files.open_lock("a.lock"))
    assert mode(files.path) == 0o755
    assert mode(files.path / "a.role") == 0o644
    assert mode(files.path / "a.lock") == 0o600


def test_a_lock_that_others_could_open_is_closed_to_them(files: StateDirectory) -> None:
    os.close(files.open_lock("a.lock"))
    (files.path / "a.lock").chmod(0o666)
    os.close(files.open_lock("a.lock"))
    assert mode(files.path / "a.lock") == 0o600


def test_what_exists_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir(0o700)
    make_directory(tmp_path / "there" / "new", 0o750)
    assert (mode(tmp_path / "there"), mode(tmp_path / "there" / "new")) == (0o600, 0o750)


def test_a_draft_of_a_dead_process_is_in_nobodys_way(files: StateDirectory) -> None:
    tid = threading.get_native_id()
    (files.path.parent / f".state.{tid}").mkdir()
    make_directory(files.path, 0o755)
    (files.path / f"a.role.{tid}").write_text("torn")
    files.replace("a.role", b"x")
    assert files.read("a.role") == b"x"
    assert [path.name for path in files.path.parent.rglob("*")] == ["state", "a.role"]


def test_making_a_directory_that_another_made_meanwhile_is_fine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def another_was_quicker(draft: Path, target: Path) -> None:
        target.mkdir()
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    monkeypatch.setattr(Path, "rename", another_was_quicker)
    make_directory(tmp_path / "new", 0o755)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_directory_that_cannot_be_put_in_place_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(draft: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space"):
        make_directory(tmp_path / "new", 0o755)
    assert not list(tmp_path.iterdir())


def test_a_directory_replaced_while_it_is_used_is_used_again(
    files: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_lock, calls = files._open_lock, []

    def vanishes_once(name: str) -> int:
        calls.append(name)
        if len(calls) == 1:
            raise FileNotFoundError(name)
        return open_lock(name)

    monkeypatch.setattr(files, "_open_lock", vanishes_once)
    os.close(files.open_lock("a.lock"))
    assert len(calls) == 2


@pytest.mark.parametrize("bits", [0o777, 0o757, 0o1777])
def test_a_directory_that_others_can_write_is_refused(files: StateDirectory, bits: int) -> None:
    files.replace("a.role", b"x")
    files.path.chmod(bits)
    for use in (
        lambda: files.replace("a.role", b"y"),
        lambda: files.open_lock("a.lock"),
        lambda: files.read("a.role"),
    ):
        with pytest.raises(PermissionError, match="other users"):
            use()


@NEEDS_ROOT
def test_a_directory_that_a_strange_group_can_write_is_refused(files: StateDirectory) -> None:
    files.replace("a.role", b"x")
    os.chown(files.path, 0, 12345)
    files.path.chmod(0o775)
    with pytest.raises(PermissionError, match="other users"):
        files.open_lock("a.lock")


@NEEDS_ROOT
def test_a_directory_that_a_stranger_made_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 12345, 12345)
    (tmp_path / "state").chmod(0o755)
    with pytest.raises(PermissionError, match="user id 12345"):
        StateDirectory(tmp_path / "state").open_lock("a.lock")


@NEEDS_ROOT
def test_files_in_a_directory_that_root_gave_away_are_given_away_too(files: StateDirectory) -> None:
    make_directory(files.path, 0o755)
    os.chown(files.path, 12345, 12346)
    files.path.parent.chmod(0o755)
    files.replace("a.role", b"x")
    os.close(files.open_lock("a.lock"))
    os.close(files.open_lock("a.lock"))
    found = [(path.stat().st_uid, path.stat().st_gid) for path in files.path.iterdir()]
    assert found == [(12345, 12346)] * 2


@pytest.mark.parametrize("name", ["a.role", "a.lock"])
def test_a_symbolic_link_is_not_followed(tmp_path: Path, files: StateDirectory, name: str) -> None:
    make_directory(files.path, 0o755)
    (tmp_path / "victim").write_text("precious")
    (files.path / name).symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic"):
        files.open_lock(name)
    with pytest.raises(OSError, match="symbolic"):
        files.read(name)
    files.replace(name, b"x")  # takes the link's place
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (files.path / name).is_symlink()


def test_a_pipe_or_a_second_name_is_no_lock(tmp_path: Path, files: StateDirectory) -> None:
    make_directory(files.path, 0o755)
    os.mkfifo(files.path / "pipe", 0o600)
    (tmp_path / "victim").write_text("precious")
    (files.path / "second").hardlink_to(tmp_path / "victim")
    for name in ("pipe", "second"):
        with pytest.raises(PermissionError, match="not a plain file"):
            files.open_lock(name)
        assert files.read(name) == b""


def test_a_failed_replace_leaves_the_old_file_and_nothing_else(
    files: StateDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    files.replace("a.role", b"old")
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space"):
        files.replace("a.role", b"new")
    assert files.read("a.role") == b"old"
    assert [path.name for path in files.path.iterdir()] == ["a.role"]


def test_a_lock_is_exclusive_and_knows_that_its_file_is_gone(files: StateDirectory) -> None:
    one, two = files.open_lock("a.lock"), files.open_lock("a.lock")
    assert try_lock(one)
    assert not try_lock(two)
    assert files.holds("a.lock", one)
    (files.path / "a.lock").unlink()
    assert not files.holds("a.lock", one)
    three = files.open_lock("a.lock")
    assert not files.holds("a.lock", one)
    for fd in (one, two, three):
        os.close(fd)
