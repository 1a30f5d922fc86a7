"""The ear of the loop: which FIFO it reads, whatever a reload asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cloudfail.agent.ear import Ear
from cloudfail.agent.hearing.fifo import FifoReader
from cloudfail.agent.hearing.lateness import Heart
from cloudfail.clock import SystemClock
from cloudfail.errors import ConfigError

from agent.hearing.fifos import Writer
from agent.work.bench import Notes


@contextmanager
def ear() -> Iterator[tuple[Ear, Notes, asyncio.AbstractEventLoop]]:
    clock, notes, loop = SystemClock(), Notes(), asyncio.new_event_loop()
    made = Ear(Heart(clock.now(), 0.05), clock, notes, lambda _: None, lambda _: None)
    try:
        yield made, notes, loop
    finally:
        loop.run_until_complete(within(made.close))
        loop.close()


async def within(action: Callable[..., object], *words: object) -> object:
    """Call it in the running loop."""
    return action(*words)


async def heard(notes: Notes, name: str) -> None:
    while not any(name in text for _, text in notes.notes):
        await asyncio.sleep(0.005)


def says(path: Path, name: str, loop: asyncio.AbstractEventLoop, notes: Notes) -> None:
    """keepalived writes a line that cannot be read over."""
    writer = Writer(path)
    writer.write(f"{name} is no line\n".encode())
    loop.run_until_complete(asyncio.wait_for(heard(notes, name), 30))
    writer.close()


def test_a_reload_to_a_fifo_that_cannot_be_read_leaves_the_old_one_heard(tmp_path: Path) -> None:
    with ear() as (made, notes, loop):
        loop.run_until_complete(within(made.open_fifo, tmp_path / "one"))
        (tmp_path / "file").touch()
        with pytest.raises(ConfigError, match="no FIFO"):
            loop.run_until_complete(within(made.open_fifo, tmp_path / "file"))
        assert made.has_fifo
        says(tmp_path / "one", "still", loop, notes)


def test_a_reload_to_another_fifo_lets_the_old_one_go(tmp_path: Path) -> None:
    with ear() as (made, notes, loop):
        for name in ("one", "two"):
            loop.run_until_complete(within(made.open_fifo, tmp_path / name))
        says(tmp_path / "two", "newer", loop, notes)
        other = FifoReader(tmp_path / "one")
        other.open()  # nobody reads it any more
        other.close()


def test_another_way_to_the_same_fifo_is_no_second_reader(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "var-run").symlink_to(tmp_path / "run")
    with ear() as (made, notes, loop):
        loop.run_until_complete(within(made.open_fifo, tmp_path / "run" / "fifo"))
        loop.run_until_complete(within(made.open_fifo, tmp_path / "var-run" / "fifo"))
        says(tmp_path / "run" / "fifo", "same", loop, notes)


def test_without_a_fifo_in_the_configuration_none_is_read(tmp_path: Path) -> None:
    with ear() as (made, _, loop):
        loop.run_until_complete(within(made.open_fifo, tmp_path / "one"))
        loop.run_until_complete(within(made.open_fifo, None))
        assert not made.has_fifo


@pytest.mark.parametrize("error", [OSError(97, "Address family not supported"), ConfigError("no")])
def test_a_wire_that_cannot_be_opened_is_a_problem_and_no_end(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened(self: object) -> None:
        raise error

    monkeypatch.setattr("cloudfail.agent.hearing.wire.Wire.open", opened)
    with ear() as (made, _, loop):
        loop.run_until_complete(within(made.open_wire))
        assert not made.hears_wire
        assert made.problems
