"""A FIFO that is deleted or replaced under keepalived's hands: no line is lost, none out of order."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.agent.hearing.fifo import FifoReader

from agent.hearing.fifos import NOBODY, Writer, descriptors, is_ready, states


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run" / "vrrp.fifo"


@pytest.fixture
def reader(path: Path) -> Iterator[FifoReader]:
    made = FifoReader(path)
    made.open()
    yield made
    made.close()


@pytest.fixture
def keepalived(reader: FifoReader) -> Iterator[Writer]:
    writer = Writer(reader.path)
    yield writer
    writer.close()


def test_what_is_written_into_a_deleted_fifo_still_arrives(
    reader: FifoReader, keepalived: Writer, path: Path
) -> None:
    path.unlink()
    assert reader.check()
    assert path.is_fifo()
    assert reader.problem == ""
    assert not reader.check()
    for state in ("BACKUP", "MASTER"):
        keepalived.say(state)
        assert states(reader) == [state]


def test_the_last_words_in_the_old_one_come_before_the_first_in_the_new_one(
    reader: FifoReader, keepalived: Writer, path: Path
) -> None:
    path.unlink()
    reader.check()
    after_restart = Writer(path)
    after_restart.say("BACKUP")
    keepalived.say("STOP")
    assert [line.state for line in reader.read()] == ["STOP", "BACKUP"]
    after_restart.say("MASTER")
    assert states(reader) == ["MASTER"]
    after_restart.close()


def test_a_fifo_that_keepalived_made_anew_is_read_from_its_first_line(
    reader: FifoReader, keepalived: Writer, path: Path
) -> None:
    """It was deleted, and keepalived restarted, between two checks."""
    keepalived.say("STOP")
    path.unlink()
    os.mkfifo(path, 0o600)
    after_restart = Writer(path)
    after_restart.say("BACKUP")
    assert reader.check()
    assert states(reader) == ["STOP", "BACKUP"]
    after_restart.close()


def test_half_a_line_in_the_old_one_spoils_nothing_in_the_new_one(
    reader: FifoReader, keepalived: Writer, path: Path
) -> None:
    keepalived.write(b'INSTANCE "VI_1" MAS')
    path.unlink()
    reader.check()
    after_restart = Writer(path)
    after_restart.say("BACKUP")
    assert states(reader) == ["BACKUP"]
    keepalived.write(b"TER 150\n")
    assert states(reader) == ["MASTER"]
    after_restart.close()


def test_an_old_one_is_let_go_when_keepalived_has(reader: FifoReader, path: Path) -> None:
    before = descriptors()
    writer = Writer(path)
    path.unlink()
    assert reader.check()
    writer.say("STOP")
    assert not reader.read()[1:]
    assert not is_ready(reader)
    writer.close()
    assert is_ready(reader)
    assert states(reader) == []
    assert descriptors() == before


def test_last_words_are_read_though_the_writer_is_gone(reader: FifoReader, path: Path) -> None:
    writer = Writer(path)
    path.unlink()
    assert reader.check()
    writer.say("STOP")
    writer.close()
    assert states(reader) == ["STOP"]


def test_a_fifo_that_is_deleted_again_and_again_costs_no_descriptors(
    reader: FifoReader, keepalived: Writer, path: Path
) -> None:
    before = descriptors()
    for _ in range(100):
        path.unlink()
        assert reader.check()
        assert states(reader) == []
    assert descriptors() == before + 1  # what keepalived has open
    keepalived.say("MASTER")
    assert states(reader) == ["MASTER"]


def test_what_lies_in_its_place_is_said_until_it_is_gone(
    reader: FifoReader, keepalived: Writer, path: Path
) -> None:
    path.unlink()
    path.write_text("")
    before = descriptors()
    for _ in range(3):
        assert not reader.check()
        assert "is a file, no FIFO" in reader.problem
    assert descriptors() == before
    keepalived.say("MASTER")
    assert states(reader) == ["MASTER"]
    path.unlink()
    assert reader.check()
    assert reader.problem == ""


def test_a_directory_that_is_deleted_is_made_again(
    reader: FifoReader, keepalived: Writer, path: Path
) -> None:
    shutil.rmtree(path.parent)
    assert reader.check()
    keepalived.say("MASTER")
    after_restart = Writer(path)
    after_restart.say("FAULT")
    assert states(reader) == ["MASTER", "FAULT"]
    after_restart.close()


def test_a_file_in_place_of_its_directory_is_said(reader: FifoReader, path: Path) -> None:
    shutil.rmtree(path.parent)
    path.parent.write_text("")
    assert not reader.check()
    assert "systemd-tmpfiles" in reader.problem


def test_a_new_one_with_a_reader_of_its_own_is_said(reader: FifoReader, path: Path) -> None:
    path.unlink()
    other = FifoReader(path)
    other.open()
    assert not reader.check()
    assert f"is read by process {os.getpid()} already" in reader.problem
    other.close()
    assert reader.check()
    assert reader.problem == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_new_one_of_another_user_is_said_and_taken_once_it_is_ours(
    reader: FifoReader, path: Path
) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)
    os.chown(path, NOBODY, -1)
    writer = Writer(path)
    writer.say("MASTER")
    assert not reader.check()
    assert "belongs to user nobody" in reader.problem
    os.chown(path, 0, -1)
    assert reader.check()
    assert states(reader) == ["MASTER"]
    writer.close()
