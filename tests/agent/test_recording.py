"""What the agent hears goes on record in order, and is never too old."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from cloudfail.agent.recording import Recorder, record_now
from cloudfail.errors import SupersededError
from cloudfail.role import Event, Role, RoleStore
from cloudfail.role.event import TICKS, boot_id, boottime
from hypothesis import given, settings
from hypothesis import strategies as st

PID_MAX = 1 << 22


def told(role: Role, *, started: int, pid: int) -> Event:
    """What a process tells that keepalived started."""
    return Event("edge", role, boot_id(), started, pid)


def role_of(store: RoleStore) -> Role:
    found = store.current("edge")
    assert found is not None
    return found.role


def test_each_change_is_the_next_generation_however_fast_they_come(tmp_path: Path) -> None:
    store = RoleStore(tmp_path)
    roles = [Role.BACKUP, Role.MASTER] * 50
    assert [record_now(store, "edge", role) for role in roles] == list(range(1, 101))


def test_what_is_heard_now_stops_the_run_of_an_older_process(tmp_path: Path) -> None:
    store, other = RoleStore(tmp_path), RoleStore(tmp_path)
    began = int(boottime() * TICKS) - 100
    check = store.check("edge", store.record(told(Role.MASTER, started=began, pid=77)))
    check()
    record_now(other, "edge", Role.BACKUP)
    with pytest.raises(SupersededError):
        check()


def test_a_process_that_is_late_to_tell_an_older_role_is_superseded(tmp_path: Path) -> None:
    began = int(boottime() * TICKS) - 1
    store = RoleStore(tmp_path)
    record_now(store, "edge", Role.BACKUP)
    with pytest.raises(SupersededError):
        store.record(told(Role.MASTER, started=began, pid=77))


@pytest.mark.parametrize("pid", [1, 77, PID_MAX - 1])
@pytest.mark.parametrize("ticks", [0, 1, 500])
def test_no_process_of_the_same_moment_outdoes_what_is_heard(
    tmp_path: Path, pid: int, ticks: int
) -> None:
    store = RoleStore(tmp_path)
    store.record(told(Role.MASTER, started=int(boottime() * TICKS) + ticks, pid=pid))
    record_now(store, "edge", Role.BACKUP)
    assert role_of(store) is Role.BACKUP


def test_the_same_role_again_joins_what_is_on_record(tmp_path: Path) -> None:
    first = record_now(RoleStore(tmp_path), "edge", Role.MASTER)
    assert record_now(RoleStore(tmp_path), "edge", Role.MASTER) == first


@settings(max_examples=25)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from(Role)), min_size=1, max_size=20))
def test_the_last_role_that_was_heard_is_on_record_whatever_processes_tell_meanwhile(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[bool, Role]]
) -> None:
    store = RoleStore(tmp_path_factory.mktemp("state"))
    last = None
    for is_heard, role in [*story, (True, Role.BACKUP)]:
        if is_heard:
            record_now(store, "edge", role)
            last = role
        else:
            try:
                store.record(told(role, started=int(boottime() * TICKS), pid=77))
            except SupersededError:
                assert role is not last
    assert role_of(store) is Role.BACKUP


def test_the_recorder_keeps_the_order_and_tells_the_generation(tmp_path: Path) -> None:
    recorder, generations = Recorder(tmp_path), list[int]()
    for role in (Role.BACKUP, Role.MASTER, Role.MASTER, Role.FAULT):
        recorder.put("edge", role, generations.append)
    assert recorder.stop(30)
    assert generations == [1, 2, 2, 3]
    assert role_of(RoleStore(tmp_path)) is Role.FAULT
    assert recorder.problem == ""


def test_a_directory_that_cannot_be_used_stops_nothing_and_is_a_problem() -> None:
    recorder, generations = Recorder(Path("/proc/nowhere")), list[int]()
    recorder.put("edge", Role.MASTER, generations.append)
    recorder.put("edge", Role.BACKUP, generations.append)
    assert recorder.stop(30)
    assert len(generations) == 2
    assert "/proc/nowhere" in recorder.problem


def test_a_directory_that_can_be_used_again_is_no_problem_any_more(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    directory.mkdir(mode=0o755)
    directory.chmod(0o777)  # others could plant a role there
    recorder, recorded = Recorder(directory), threading.Event()
    recorder.put("edge", Role.MASTER, lambda _: recorded.set())
    assert recorded.wait(30)
    assert "chmod 0755" in recorder.problem
    directory.chmod(0o755)
    recorder.put("edge", Role.BACKUP)
    assert recorder.stop(30)
    assert recorder.problem == ""


def test_a_mistake_of_ours_ends_no_recorder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder, generations = Recorder(tmp_path), list[int]()

    def broken(*_: object) -> int:
        raise RuntimeError("boom")

    with monkeypatch.context() as patch:
        patch.setattr("cloudfail.agent.recording.record_now", broken)
        done = threading.Event()
        recorder.put("edge", Role.MASTER, generations.append)
        recorder.put("edge", Role.MASTER, lambda _: done.set())
        assert done.wait(30)
        assert "boom" in recorder.problem
    recorder.put("edge", Role.BACKUP, generations.append)
    assert recorder.stop(30)
    assert generations == [0, 1]  # not on record, then the first one
    assert recorder.problem == ""
