"""Pauses survive the process, and no broken file pauses anything for ever."""

from __future__ import annotations

import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.agent.pausing import FILE, Pauses
from cloudfail.errors import ConfigError
from hypothesis import given
from hypothesis import strategies as st

from agent.disks import names, small_disk


@pytest.fixture(autouse=True)
def _umask_of_nobody() -> Iterator[None]:
    before = os.umask(0o177)
    yield
    os.umask(before)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "lib"


def test_nothing_is_paused_at_first_and_that_is_no_problem(directory: Path) -> None:
    pauses = Pauses(directory)
    assert (pauses.of("edge"), pauses.text("edge"), pauses.problem) == (None, "", "")


def test_a_pause_is_known_to_the_next_process_with_who_and_why(directory: Path) -> None:
    Pauses(directory).pause(["edge", "db"], "root (uid 0)", "maintenance\nof the NAT")()
    again = Pauses(directory)
    found = again.of("edge")
    assert found is not None
    assert (found.who, found.why) == ("root (uid 0)", "maintenance\nof the NAT")
    assert again.text("db").startswith("paused by root (uid 0) at 20")
    assert again.text("db").endswith(r": maintenance\nof the NAT")
    assert again.of("other") is None


def test_a_resume_is_known_to_the_next_process(directory: Path) -> None:
    pauses = Pauses(directory)
    pauses.pause(["edge", "db"], "root", "")()
    pauses.resume(["edge", "never-paused"])()
    for known in (pauses, Pauses(directory)):
        assert known.of("edge") is None
        assert known.of("db") is not None


def test_two_agents_of_a_node_keep_each_others_pauses(directory: Path) -> None:
    Pauses(directory).pause(["edge"], "root", "")()
    one, other = Pauses(directory), Pauses(directory)
    other.pause(["db"], "root", "")()
    other.resume(["edge"])()
    one.pause(["web"], "root", "")()
    again = Pauses(directory)
    assert [bool(again.of(name)) for name in ("edge", "db", "web")] == [False, True, True]


def test_a_second_pause_leaves_the_first_as_it_is(directory: Path) -> None:
    pauses = Pauses(directory)
    pauses.pause(["edge"], "anna", "first")()
    pauses.pause(["edge"], "ben", "second")()
    assert "anna" in pauses.text("edge")


def test_everybody_may_read_the_file_and_only_its_owner_writes_it(directory: Path) -> None:
    Pauses(directory).pause(["edge"], "root", "")()
    assert stat.S_IMODE((directory / FILE).stat().st_mode) == 0o644
    assert names(directory) == {FILE}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"v": 1}',
        b'{"v": 1, "paused": [{"instance": "edge"}]}',
        b'{"v": 1, "paused": [{"instance": "edge", "who": "x", "at": 1e300}]}',
        b'{"v": 1, "paused": [{"instance": "edge", "who": "x", "at": -1}]}',
        b"[" * 60_000,
    ],
)
def test_a_file_that_is_no_list_of_pauses_pauses_nothing_and_says_so(
    directory: Path, content: bytes
) -> None:
    directory.mkdir(mode=0o755)
    directory.chmod(0o755)
    (directory / FILE).write_bytes(content)
    pauses = Pauses(directory)
    assert pauses.of("edge") is None
    assert "so nothing is paused" in pauses.problem
    pauses.pause(["edge"], "root", "")()
    assert pauses.problem == ""
    assert Pauses(directory).of("edge")


def test_a_symbolic_link_is_not_followed(directory: Path, tmp_path: Path) -> None:
    Pauses(directory).pause(["edge"], "root", "")()
    (directory / FILE).rename(tmp_path / "elsewhere")
    (directory / FILE).symlink_to(tmp_path / "elsewhere")
    assert "cannot be read" in Pauses(directory).problem


def test_a_pause_that_the_disk_does_not_keep_holds_until_the_end(directory: Path) -> None:
    directory.mkdir()
    directory.chmod(0o777)  # others could plant files there
    pauses = Pauses(directory)
    with pytest.raises(ConfigError, match="is paused until the agent restarts"):
        pauses.pause(["edge"], "root", "")()
    assert pauses.of("edge") is not None
    assert "not written" in pauses.problem


def test_more_than_the_file_holds_is_an_error_not_a_silent_loss(directory: Path) -> None:
    pauses = Pauses(directory)
    pauses.pause(["edge"], "root", "")()
    with pytest.raises(ConfigError, match="longer than 65536 bytes"):
        pauses.pause([f"instance-{n}" for n in range(500)], "w" * 900, "y" * 900)()
    assert Pauses(directory).of("edge") is not None


@pytest.mark.netns
def test_a_full_disk_and_a_read_only_one_keep_what_was_there() -> None:
    with small_disk() as disk:
        pauses = Pauses(disk.path)
        pauses.pause(["edge"], "root", "")()
        disk.fill()
        with pytest.raises(ConfigError, match="no space left"):
            pauses.pause(["db"], "root", "")()
        assert names(disk.path) == {FILE, "filler"}
        disk.empty()
        pauses.pause(["db"], "root", "")()
        disk.freeze()
        with pytest.raises(ConfigError, match=r"read-only.*but is paused again"):
            pauses.resume(["edge", "db"])()
        assert pauses.of("edge") is None
        assert {name for name in ("edge", "db") if Pauses(disk.path).of(name)} == {"edge", "db"}
        disk.thaw()
        pauses.resume([])()
        assert pauses.problem == ""
        assert Pauses(disk.path).of("edge") is None


def test_a_pause_is_in_force_before_a_disk_that_hangs_has_it(directory: Path) -> None:
    pauses = Pauses(directory)
    keep = pauses.pause(["edge"], "root", "")
    assert pauses.of("edge") is not None
    assert not (directory / FILE).exists()
    pauses.resume(["edge"])()  # said later, written first
    keep()
    assert Pauses(directory).of("edge") is None


def test_threads_lose_no_pause(directory: Path) -> None:
    pauses = Pauses(directory)
    threads = [
        threading.Thread(target=lambda name: pauses.pause([name], "root", "")(), args=(f"i{n}",))
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again = Pauses(directory)
    assert all(again.of(f"i{n}") for n in range(16))


@given(st.text(min_size=1, max_size=40), st.text(max_size=300), st.text(max_size=300))
def test_any_name_and_any_words_come_back(
    tmp_path_factory: pytest.TempPathFactory, name: str, who: str, why: str
) -> None:
    directory = tmp_path_factory.mktemp("lib") / "state"
    pauses = Pauses(directory)
    pauses.pause([name], who, why)()
    again = Pauses(directory)
    assert again.of(name) == pauses.of(name)
    assert len(again.text(name).splitlines()) == 1
    assert json.loads((directory / FILE).read_bytes())["v"] == 1
