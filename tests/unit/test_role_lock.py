"""One run at a time, and what ends the wait for it."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from cloudfail.clock import Deadline, SystemClock
from cloudfail.errors import DeadlineError, SupersededError
from cloudfail.role import Event, Role, RoleStore
from cloudfail.testing.clock import FakeClock


def event(started: int, role: Role = Role.MASTER) -> Event:
    return Event("edge", role, "b1", started, 100)


class ActingClock(FakeClock):
    """Does something at the n-th sleep, as the world does while somebody waits."""

    def __init__(self, at: int, act: object) -> None:
        super().__init__()
        self._act_at, self._act = at, act

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if len(self.sleeps) == self._act_at:
            assert callable(self._act)
            self._act()


def test_the_lock_names_its_holder_while_it_is_held(tmp_path: Path) -> None:
    with RoleStore(tmp_path).running("edge", Deadline.after(FakeClock(), 1)) as locked:
        assert locked
        assert (tmp_path / "edge.lock").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / "edge.lock").read_text() == ""


def test_a_second_run_ends_at_its_deadline_and_names_the_first(tmp_path: Path) -> None:
    clock = FakeClock()
    store = RoleStore(tmp_path)
    with (
        store.running("edge", Deadline.after(clock, 1)),
        pytest.raises(DeadlineError, match=f"process {os.getpid()}.*edge.lock.*deadline"),
        store.running("edge", Deadline.after(clock, 3)),
    ):
        pytest.fail("two runs at once")
    assert clock.now() == pytest.approx(3)


def test_a_holder_that_did_not_sign_is_unknown(tmp_path: Path) -> None:
    store, clock = RoleStore(tmp_path), FakeClock()
    with store.running("edge", Deadline.after(clock, 1)):
        (tmp_path / "edge.lock").write_text("")
        with (
            pytest.raises(DeadlineError, match="process unknown"),
            store.running("edge", Deadline.after(clock, 0)),
        ):
            pytest.fail("two runs at once")


def test_instances_do_not_wait_for_each_other(tmp_path: Path) -> None:
    store, clock = RoleStore(tmp_path), FakeClock()
    with store.running("a", Deadline.after(clock, 1)), store.running("b", Deadline.after(clock, 1)):
        assert clock.sleeps == []


def test_a_waiter_runs_when_the_first_has_ended(tmp_path: Path) -> None:
    store = RoleStore(tmp_path)
    first = store.running("edge", Deadline.after(FakeClock(), 1))
    first.__enter__()
    clock = ActingClock(3, lambda: first.__exit__(None, None, None))
    with store.running("edge", Deadline.after(clock, 10)) as locked:
        assert locked
    assert len(clock.sleeps) == 3


def test_a_run_that_fails_frees_the_lock(tmp_path: Path) -> None:
    store, clock = RoleStore(tmp_path), FakeClock()
    with pytest.raises(KeyError), store.running("edge", Deadline.after(clock, 1)):
        raise KeyError
    with store.running("edge", Deadline.after(clock, 1)) as locked:
        assert locked
    assert clock.sleeps == []


def test_a_newer_role_supersedes_the_waiter(tmp_path: Path) -> None:
    holder, waiter = RoleStore(tmp_path), RoleStore(tmp_path)
    waiter.record(event(1))
    clock = ActingClock(3, lambda: holder.record(event(2, Role.BACKUP)))
    with (
        holder.running("edge", Deadline.after(clock, 1)),
        pytest.raises(SupersededError, match="BACKUP"),
        waiter.running("edge", Deadline.after(clock, 10)),
    ):
        pytest.fail("a superseded run began")
    assert len(clock.sleeps) == 3


def test_a_role_superseded_before_the_run_never_runs(tmp_path: Path) -> None:
    old = RoleStore(tmp_path)
    old.record(event(1))
    RoleStore(tmp_path).record(event(2, Role.FAULT))
    with (
        pytest.raises(SupersededError, match="FAULT"),
        old.running("edge", Deadline.after(FakeClock(), 1)),
    ):
        pytest.fail("a superseded run began")


def test_a_waiter_that_was_stopped_between_two_looks_stops_too(tmp_path: Path) -> None:
    store, asked = RoleStore(tmp_path), []

    def stopped_the_third_time() -> None:
        asked.append(1)
        if len(asked) == 3:
            raise SupersededError("stopped")

    with (
        store.running("edge", Deadline.after(FakeClock(), 1)),
        pytest.raises(SupersededError, match=r"^stopped$"),
        store.running(
            "edge", Deadline.after(FakeClock(), 30), check_stopped=stopped_the_third_time
        ),
    ):
        pytest.fail("two runs at once")


def test_a_lock_file_that_is_removed_does_not_hold_the_next_run_back(tmp_path: Path) -> None:
    store, clock = RoleStore(tmp_path), FakeClock()
    with store.running("edge", Deadline.after(clock, 1)):
        (tmp_path / "edge.lock").unlink()
    with store.running("edge", Deadline.after(clock, 1)) as locked:
        assert locked
    assert (tmp_path / "edge.lock").exists()


def test_a_lock_file_removed_while_waiting_is_not_mistaken_for_the_lock(tmp_path: Path) -> None:
    store, third = RoleStore(tmp_path), RoleStore(tmp_path)
    first = store.running("edge", Deadline.after(FakeClock(), 1))
    other = third.running("edge", Deadline.after(FakeClock(), 1))
    first.__enter__()

    def swap() -> None:
        (tmp_path / "edge.lock").unlink()
        other.__enter__()
        first.__exit__(None, None, None)

    clock = ActingClock(2, swap)
    with (
        pytest.raises(DeadlineError),
        store.running("edge", Deadline.after(clock, 5)),
    ):
        pytest.fail("two runs at once")
    other.__exit__(None, None, None)


def test_a_disk_too_full_to_sign_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with RoleStore(tmp_path).running("edge", Deadline.after(FakeClock(), 1)) as locked:
        assert locked


def test_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    store, inside, most = RoleStore(tmp_path), [0], []

    def run() -> None:
        with store.running("edge", Deadline.after(SystemClock(), 30)):
            inside[0] += 1
            most.append(inside[0])
            inside[0] -= 1

    threads = [threading.Thread(target=run) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 20
