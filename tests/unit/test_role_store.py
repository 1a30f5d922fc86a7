"""Generations: which event begins one, which joins, which comes too late."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.clock import Deadline, SystemClock
from cloudfail.errors import SupersededError
from cloudfail.role import Event, Role, RoleStore, default_directory
from cloudfail.role.event import TICKS
from cloudfail.testing.clock import FakeClock
from hypothesis import given, settings
from hypothesis import strategies as st

MASTER, BACKUP, FAULT, STOP = Role


def event(started: int, role: Role = MASTER, *, pid: int = 100, boot: str = "b1") -> Event:
    return Event("edge", role, boot, started, pid)


@pytest.fixture
def store(tmp_path: Path) -> RoleStore:
    return RoleStore(tmp_path / "state")


def role_file(store: RoleStore) -> Path:
    return store._files.path / "edge.role"


def on_record(store: RoleStore) -> tuple[Role, int, int]:
    found = store.current("edge")
    assert found is not None
    return found.role, found.generation, found.event.started


def test_the_first_event_is_generation_one(store: RoleStore) -> None:
    assert store.current("edge") is None
    assert store.record(event(1)) == 1
    assert on_record(store) == (MASTER, 1, 1)


def test_every_change_of_role_is_a_generation(store: RoleStore) -> None:
    roles = [BACKUP, MASTER, FAULT, BACKUP, MASTER, STOP]
    assert [store.record(event(n, role)) for n, role in enumerate(roles)] == [1, 2, 3, 4, 5, 6]


def test_an_event_of_the_same_role_joins(store: RoleStore) -> None:
    assert store.record(event(1)) == store.record(event(2)) == 1
    assert on_record(store) == (MASTER, 1, 2)


def test_an_older_event_of_the_same_role_joins_and_leaves_the_newest_on_record(
    store: RoleStore,
) -> None:
    store.record(event(5))
    assert store.record(event(3)) == 1
    assert on_record(store) == (MASTER, 1, 5)


def test_an_older_event_of_another_role_is_superseded_and_told_by_whom(store: RoleStore) -> None:
    store.record(event(5, BACKUP, pid=4711))
    with pytest.raises(SupersededError, match=r"edge is BACKUP since 20.*Z.*process 4711"):
        store.record(event(4, MASTER))
    assert on_record(store) == (BACKUP, 1, 5)


def test_a_joiner_moves_the_order_on(store: RoleStore) -> None:
    store.record(event(1))
    store.record(event(3))
    with pytest.raises(SupersededError):
        store.record(event(2, BACKUP))


def test_a_record_of_another_boot_is_always_older(store: RoleStore) -> None:
    store.record(event(10**9, MASTER, boot="b0"))
    assert store.record(event(1, BACKUP)) == 2


def test_the_same_role_after_a_reboot_is_a_new_generation(store: RoleStore) -> None:
    store.record(event(10**9, MASTER, boot="b0"))
    store.looked("edge", 1, 1e9)
    assert store.record(event(1, MASTER)) == 2
    assert not store.fresh_look_since(event(1, MASTER))


def test_one_process_may_tell_several_roles(store: RoleStore) -> None:
    assert [store.record(event(1, role)) for role in (MASTER, BACKUP, MASTER)] == [1, 2, 3]


def test_instances_do_not_mix(store: RoleStore) -> None:
    store.record(event(1))
    assert store.record(Event("other", BACKUP, "b1", 2, 1)) == 1
    assert on_record(store) == (MASTER, 1, 1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{}",
        b'{"event": {"instance": "edge"}}',
        b"[" * 100_000,
        b"\0" * 4096,
    ],
)
def test_a_record_that_cannot_be_read_is_none(store: RoleStore, content: bytes) -> None:
    store.record(event(5))
    role_file(store).write_bytes(content)
    assert store.current("edge") is None
    assert store.record(event(1, BACKUP)) == 1
    assert store.problem == ""


def test_a_record_cut_at_any_byte_is_none_or_whole(store: RoleStore) -> None:
    store.record(event(5))
    whole, content = store.current("edge"), role_file(store).read_bytes()
    for size in range(len(content)):
        role_file(store).write_bytes(content[:size])
        assert store.current("edge") in (None, whole)


def test_a_record_under_another_instances_name_is_none(store: RoleStore) -> None:
    store.record(event(5))
    content = json.loads(role_file(store).read_bytes())
    content["event"]["instance"] = "other"
    role_file(store).write_text(json.dumps(content))
    assert store.current("edge") is None


@given(st.permutations(range(8)), st.lists(st.sampled_from(list(Role)), min_size=8, max_size=8))
@settings(deadline=None)
def test_whatever_the_arrival_the_newest_role_is_on_record(
    tmp_path_factory: pytest.TempPathFactory, arrival: list[int], roles: list[Role]
) -> None:
    store = RoleStore(tmp_path_factory.mktemp("state"))
    generations = []
    for n in arrival:
        try:
            generations.append(store.record(event(n, roles[n])))
        except SupersededError:
            assert n < max(arrival[: arrival.index(n) + 1])
    assert on_record(store)[::2] == (roles[7], 7)
    assert generations == sorted(generations)


# The check before each write.


def test_a_run_may_write_while_its_role_lasts(store: RoleStore) -> None:
    check = store.check("edge", store.record(event(1)))
    check()
    store.record(event(2))
    check()
    check(completes=True)


@pytest.mark.parametrize("role", [BACKUP, FAULT, STOP])
def test_a_newer_role_stops_a_run_before_its_next_write(
    tmp_path: Path, store: RoleStore, role: Role
) -> None:
    check = store.check("edge", store.record(event(1)))
    RoleStore(tmp_path / "state").record(event(2, role))
    with pytest.raises(SupersededError, match=f"edge is {role}.*generation 1"):
        check()


def test_master_again_is_another_runs_work(store: RoleStore) -> None:
    check = store.check("edge", store.record(event(1)))
    store.record(event(2, BACKUP))
    store.record(event(3))
    with pytest.raises(SupersededError):
        check()
    check(completes=True)  # we are master: finishing what was begun harms nobody


@pytest.mark.parametrize(("role", "stops"), [(BACKUP, True), (FAULT, False), (STOP, False)])
def test_only_a_better_peer_stops_the_add_that_follows_our_remove(
    store: RoleStore, role: Role, stops: bool
) -> None:
    check = store.check("edge", store.record(event(1)))
    store.record(event(2, role))
    if not stops:
        check(completes=True)
        return
    with pytest.raises(SupersededError):
        check(completes=True)


def test_a_better_peer_seen_before_a_fault_stops_the_add_as_well(store: RoleStore) -> None:
    check = store.check("edge", store.record(event(1)))
    store.record(event(2, BACKUP))
    store.record(event(3, FAULT))
    with pytest.raises(SupersededError):
        check(completes=True)


def test_a_yield_before_this_run_does_not_stop_its_add(store: RoleStore) -> None:
    store.record(event(1, BACKUP))
    check = store.check("edge", store.record(event(2)))
    store.record(event(3, FAULT))
    check(completes=True)


def test_a_record_that_was_lost_stops_nobody(store: RoleStore) -> None:
    check = store.check("edge", store.record(event(1)))
    role_file(store).unlink()
    check()


def test_a_newer_role_counts_though_a_lost_record_began_generations_anew(
    tmp_path: Path, store: RoleStore
) -> None:
    check = store.check("edge", store.record(event(5)))
    role_file(store).unlink()
    RoleStore(tmp_path / "state").record(event(4, BACKUP))
    check()  # an older event, though it found nothing on record
    RoleStore(tmp_path / "state").record(event(6, BACKUP))
    with pytest.raises(SupersededError):
        check()


def test_an_older_role_that_was_written_late_stops_nobody(tmp_path: Path, store: RoleStore) -> None:
    """Its process stood still in the lock of the record, for longer than the newer one waited."""
    store.record(event(1))
    late = RoleStore(tmp_path / "state")
    late.record(event(2, BACKUP))
    content = role_file(store).read_bytes()
    role_file(store).unlink()
    store.record(event(1))
    check = store.check("edge", store.record(event(3)))
    role_file(store).write_bytes(content)
    check()
    late.record(event(4, BACKUP))
    with pytest.raises(SupersededError):
        check()


def test_a_check_for_a_generation_recorded_elsewhere_works(tmp_path: Path) -> None:
    generation = RoleStore(tmp_path).record(event(1))
    other = RoleStore(tmp_path)
    check = other.check("edge", generation)
    check()
    other.record(event(2, BACKUP))
    with pytest.raises(SupersededError):
        check()


# Joiners that need not look again.


def second(event_: Event, after: float) -> float:
    """Give a moment in seconds since boot, so long after the tick of the event."""
    return event_.started / TICKS + after


@pytest.mark.parametrize(
    ("after", "fresh"), [(-1.0, False), (0.0, False), (0.0099, False), (0.01, True), (1.0, True)]
)
def test_only_a_look_that_began_after_the_event_saves_the_joiner_one(
    store: RoleStore, after: float, fresh: bool
) -> None:
    joiner = event(1000)
    store.looked("edge", store.record(joiner), second(joiner, after + 1e-9))
    assert store.fresh_look_since(joiner) is fresh


def test_nothing_on_record_is_no_fresh_look(store: RoleStore) -> None:
    assert not store.fresh_look_since(event(1))
    store.looked("edge", 1, 1e9)
    assert store.current("edge") is None


def test_a_look_of_an_older_generation_is_not_noted(store: RoleStore) -> None:
    old = store.record(event(1))
    store.record(event(2, BACKUP))
    new = store.record(event(3))
    store.looked("edge", old, 1e9)
    assert not store.fresh_look_since(event(3))
    store.looked("edge", new, 1e9)
    assert store.fresh_look_since(event(3))


def test_a_look_is_not_fresh_for_another_role_or_boot(store: RoleStore) -> None:
    store.looked("edge", store.record(event(1)), 1e9)
    assert not store.fresh_look_since(event(1, BACKUP))
    assert not store.fresh_look_since(event(1, boot="b2"))


def test_joining_keeps_the_look(store: RoleStore) -> None:
    store.looked("edge", store.record(event(1)), 1e9)
    store.record(event(2))
    assert store.fresh_look_since(event(2))


def test_an_earlier_look_does_not_replace_a_later_one(store: RoleStore) -> None:
    generation = store.record(event(100))
    store.looked("edge", generation, 1e9)
    store.looked("edge", generation, 0.5)
    assert store.fresh_look_since(event(100))


def test_without_its_own_beginning_a_look_counts_from_the_start_of_the_run(tmp_path: Path) -> None:
    now = [50.0]
    store = RoleStore(tmp_path, boottime=lambda: now[0])
    generation = store.record(event(1))
    with store.running("edge", Deadline.after(FakeClock(), 1)):
        now[0] = 60.0
        store.looked("edge", generation)
    assert store.fresh_look_since(event(50 * TICKS - 1))
    assert not store.fresh_look_since(event(50 * TICKS))


def test_a_look_outside_a_run_without_its_beginning_proves_nothing(store: RoleStore) -> None:
    store.looked("edge", store.record(event(1)))
    assert not store.fresh_look_since(event(1))


def test_a_thousand_joiners_look_twice_at_most(tmp_path: Path) -> None:
    looks = 0
    now = [10.0]
    events = [event(1000 + n // 100) for n in range(1000)]  # all before 10.1 s
    stores = [RoleStore(tmp_path, boottime=lambda: now[0]) for _ in events]
    for store, joiner in zip(stores, events, strict=True):
        store.record(joiner)
    for store, joiner in zip(stores, events, strict=True):
        with store.running("edge", Deadline.after(FakeClock(), 1)):
            if not store.fresh_look_since(joiner):
                looks += 1
                now[0] += 0.5
                store.looked("edge", 1)
    assert looks == 2


# A directory that cannot be used.


def unusable(tmp_path: Path) -> dict[str, Callable[[], Path]]:
    def a_file() -> Path:
        (tmp_path / "file").write_text("")
        return tmp_path / "file"

    def everybodys() -> Path:
        (tmp_path / "open").mkdir()
        (tmp_path / "open").chmod(0o777)
        return tmp_path / "open"

    def a_link() -> Path:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        return tmp_path / "link"

    return {
        "a file": a_file,
        "everybody's": everybodys,
        "a link": a_link,
        "in /proc": lambda: Path("/proc/cloudfail"),
    }


@pytest.mark.parametrize("kind", ["a file", "everybody's", "a link", "in /proc"])
def test_a_directory_that_cannot_be_used_is_told_and_stops_nobody(
    tmp_path: Path, kind: str
) -> None:
    directory = unusable(tmp_path)[kind]()
    store = RoleStore(directory)
    generation = store.record(event(1))
    assert generation == 1
    with store.running("edge", Deadline.after(SystemClock(), 1)) as locked:
        assert not locked
        store.check("edge", generation)()
        store.looked("edge", generation)
    assert not store.fresh_look_since(event(1))
    assert str(directory) in store.problem
    assert "goes on without" in store.problem


def test_a_record_that_stays_locked_is_changed_without_the_lock(tmp_path: Path) -> None:
    holder, clock = RoleStore(tmp_path), FakeClock()
    with holder._recording("edge"):
        store = RoleStore(tmp_path, clock=clock)
        assert store.record(event(1)) == 1
    assert clock.now() == pytest.approx(2.0, abs=0.01)
    assert "locked" in store.problem
    assert on_record(holder) == (MASTER, 1, 1)


def test_the_directory_is_the_variables_or_in_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLOUDFAIL_STATE_DIR", raising=False)
    assert default_directory() == Path("/run/cloudfail")
    monkeypatch.setenv("CLOUDFAIL_STATE_DIR", "/elsewhere")
    assert default_directory() == Path("/elsewhere")
