"""Services and hooks in the agent: real processes, and a `systemctl` of ours."""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cloudfail.agent.following import Follower, journals
from cloudfail.agent.recording import Recorder
from cloudfail.config import Instance
from cloudfail.config.model import JournalSettings
from cloudfail.config.vrrp.model import Hook, Services, Vrrp
from cloudfail.follow import Move
from cloudfail.journal import Journal, NullJournal, read
from cloudfail.role import Event, Role, RoleStore
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

# Says what it was run for, and waits as long as a file of that name is there.
PROGRAM = """#!/bin/sh
env > "$LOG.environ"
echo "$CLOUDFAIL_ROLE ${0##*/} $*" >> "$LOG"
while [ -e "$LOG.hold-$2" ]; do sleep 0.01; done
exit $(cat "$LOG.code" 2>/dev/null || echo 0)
"""


class World:
    """One follower, and what its commands did."""

    def __init__(
        self,
        path: Path,
        journal: Callable[[Move], Journal] | None = None,
        state: Path | None = None,
    ) -> None:
        self.path, self.noted = path, list[str]()
        self.log, self.state = path / "log", state or path / "state"
        self.log.write_text("")
        hook = path / "bin" / "hook"
        self.instance = Instance(
            name="edge",
            provider="aws",
            vrrp=Vrrp(
                services=Services(master=("db", "web")),
                hooks=tuple(Hook(on=role, command=(str(hook), "for", role)) for role in Role),
            ),
        )
        self.recorder = Recorder(self.state)
        self.follower = Follower(
            self.instance,
            self.state,
            self.recorder,
            journal=journal or (lambda _: NullJournal()),
            note=lambda *words: self.noted.append(" ".join(words)),
        )
        self._generation = 0

    def tell(self, *roles: Role, held: bool = True) -> None:
        """Change the role, as the loop does; the claims are held at once, or not."""
        for role in roles:
            self._generation += 1
            self.follower.changed(role, self._generation)
            if role is Role.MASTER and held:
                self.follower.held(self._generation)

    def held(self, generation: int) -> None:
        self.follower.held(generation)

    def hold(self, unit: str) -> None:
        Path(f"{self.log}.hold-{unit}").touch()

    def let_go(self, unit: str) -> None:
        Path(f"{self.log}.hold-{unit}").unlink()

    @property
    def done(self) -> list[str]:
        return self.log.read_text().splitlines()

    def expect(self, *lines: str) -> None:
        """Wait until exactly these commands were begun."""
        wait_until(lambda: len(self.done) >= len(lines))
        assert self.done == list(lines)

    def end(self) -> None:
        assert self.follower.stop("SIGTERM", 60)
        assert self.recorder.stop(30)


def wait_until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not question():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


UP = ("MASTER systemctl start db", "MASTER systemctl start web", "MASTER hook for MASTER")


def down(role: Role = Role.BACKUP) -> tuple[str, ...]:
    verb = "stop --no-block" if role is Role.STOP else "stop"
    return (
        f"{role} systemctl {verb} web",
        f"{role} systemctl {verb} db",
        f"{role} hook for {role}",
    )


@pytest.fixture(autouse=True)
def _programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    for name in ("systemctl", "hook"):
        (tmp_path / "bin" / name).write_text(PROGRAM)
        (tmp_path / "bin" / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("LOG", str(tmp_path / "log"))


@contextlib.contextmanager
def world_at(path: Path, **options: Any) -> Iterator[World]:
    world = World(path, **options)
    try:
        yield world
    finally:
        world.end()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with world_at(tmp_path) as world:
        yield world


def test_services_and_hooks_follow_each_role_in_order(world: World) -> None:
    expected: tuple[str, ...] = ()
    for role in (Role.BACKUP, Role.MASTER, Role.FAULT, Role.STOP):
        world.tell(role)
        expected += UP if role is Role.MASTER else down(role)
        world.expect(*expected)


def test_a_master_waits_until_every_claim_is_held(world: World) -> None:
    world.tell(Role.BACKUP, Role.MASTER, held=False)
    wait_until(lambda: recorded(world) is Role.MASTER)
    world.held(1)  # of an earlier time
    assert not any("start" in line for line in world.done)
    before = world.done
    world.held(2)
    world.expect(*before, *UP)


def test_a_master_on_record_is_not_due_without_its_claims(world: World) -> None:
    world.tell(Role.MASTER, held=False)
    follower = world.follower
    wait_until(lambda: not follower._recording)
    with follower._something:
        assert follower._move is not None
        assert not follower._is_due()
    world.held(1)
    world.expect(*UP)


def test_the_claims_of_an_earlier_master_start_nothing(world: World) -> None:
    world.tell(Role.MASTER)
    world.expect(*UP)
    world.tell(Role.BACKUP)
    world.expect(*UP, *down())
    world.tell(Role.MASTER, held=False)
    world.held(1)
    wait_until(lambda: recorded(world) is Role.MASTER)
    world.end()
    assert world.done == [*UP, *down()]


def test_what_is_held_twice_is_followed_once(world: World) -> None:
    world.tell(Role.MASTER)
    world.expect(*UP)
    world.held(1)
    world.follower.changed(Role.MASTER, 1)
    world.tell(Role.BACKUP)
    world.expect(*UP, *down())


def test_a_newer_role_ends_the_older_before_its_next_command(world: World) -> None:
    world.hold("db")
    world.tell(Role.MASTER)
    world.expect(UP[0])
    world.tell(Role.BACKUP)
    wait_until(lambda: recorded(world) is Role.BACKUP)
    world.let_go("db")
    world.expect(UP[0], *down())
    wait_until(lambda: any("edge is BACKUP since" in line for line in world.noted))


def test_roles_that_came_while_one_was_busy_are_not_followed_but_the_last(world: World) -> None:
    world.hold("web")
    world.tell(Role.BACKUP)
    world.expect(down()[0])
    world.tell(Role.MASTER, Role.FAULT, Role.MASTER, Role.BACKUP, Role.MASTER)
    wait_until(lambda: generation(world) == 6)
    world.let_go("web")
    world.expect(down()[0], *UP)


def test_a_role_is_on_record_while_older_commands_still_run(world: World) -> None:
    world.hold("db")
    world.tell(Role.MASTER)
    world.expect(UP[0])
    check = RoleStore(world.state).check("edge", generation(world))
    check()
    world.tell(Role.BACKUP)
    wait_until(lambda: recorded(world) is Role.BACKUP)
    world.let_go("db")


def test_a_run_outside_the_agent_that_is_newer_is_not_undone(world: World) -> None:
    world.tell(Role.BACKUP)
    world.expect(*down())
    other = RoleStore(world.state)
    event = Event.of_this_process("edge", Role.FAULT)
    other.record(Event("edge", Role.FAULT, event.boot_id, event.started + 10**6, event.pid))
    world.tell(Role.MASTER)  # heard since: FIFO and wire know better
    world.expect(*down(), *UP)


def test_a_command_that_fails_is_noted_and_stops_nothing(world: World) -> None:
    Path(f"{world.log}.code").write_text("3")
    world.tell(Role.MASTER)
    world.expect(*UP)
    wait_until(lambda: len(world.noted) == 3)
    assert world.noted[0].startswith("service edge MASTER: systemctl start db: exit code 3 (")
    assert world.noted[2].startswith("hook edge MASTER: ")


def test_what_systemd_tells_the_agent_is_not_told_to_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/x")
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    with world_at(tmp_path) as world:
        world.tell(Role.BACKUP)
        world.expect(*down())
        environ = Path(f"{world.log}.environ").read_text()
        assert "CLOUDFAIL_INSTANCE=edge" in environ
        assert "NOTIFY_SOCKET" not in environ
        assert "WATCHDOG" not in environ


def test_a_stop_starts_nothing_more_but_completes_what_stops(tmp_path: Path) -> None:
    with world_at(tmp_path) as world:
        world.hold("web")
        world.tell(Role.BACKUP)
        world.expect(down()[0])
        ending = threading.Thread(target=world.follower.stop, args=("SIGTERM", 60))
        ending.start()
        wait_until(lambda: bool(world.follower._stopping))
        world.let_go("web")
        ending.join()
        assert world.done == list(down()[:2])


def test_a_stop_at_once_after_a_loss_still_stops_the_services(tmp_path: Path) -> None:
    with world_at(tmp_path) as world:
        world.tell(Role.BACKUP)
        assert world.follower.stop("SIGTERM", 60)
        assert world.done == list(down()[:2])


def test_a_stop_does_not_wait_for_claims(tmp_path: Path) -> None:
    with world_at(tmp_path) as world:
        world.tell(Role.MASTER, held=False)
        world.end()
        assert world.done == []


def test_a_stop_does_not_wait_for_ever(tmp_path: Path) -> None:
    with world_at(tmp_path) as world:
        world.hold("web")
        world.tell(Role.BACKUP)
        world.expect(down()[0])
        assert not world.follower.stop("SIGTERM", 0.1)
        world.let_go("web")


def test_hooks_do_not_run_again_when_the_agent_starts_again(tmp_path: Path) -> None:
    with world_at(tmp_path) as world:
        world.tell(Role.MASTER)
        world.expect(*UP)
    with world_at(tmp_path) as world:
        world.tell(Role.MASTER)
        world.expect(*UP[:2])
        world.end()
        assert world.done == list(UP[:2])


def test_without_services_and_hooks_the_role_goes_on_record_all_the_same(world: World) -> None:
    bare = Instance(name="edge", provider="aws")
    world.follower.configure(bare, lambda _: NullJournal())
    world.tell(Role.MASTER)
    wait_until(lambda: recorded(world) is Role.MASTER)
    world.end()
    assert world.done == []


def test_a_journal_that_cannot_be_opened_is_noted_and_the_next_role_followed(
    tmp_path: Path,
) -> None:
    broken = [True]

    def journal(_: Move) -> Journal:
        if broken[0]:
            raise RuntimeError("boom")
        return NullJournal()

    with world_at(tmp_path, journal=journal) as world:
        world.tell(Role.BACKUP)
        wait_until(lambda: "follow edge RuntimeError: boom" in world.noted)
        broken[0] = False
        world.tell(Role.MASTER)
        world.expect(*UP)


def test_the_journal_has_a_line_for_each_command(tmp_path: Path) -> None:
    settings_ = JournalSettings(path=tmp_path / "journal.jsonl")
    with world_at(tmp_path, journal=journals(settings_, "edge", "a")) as world:
        world.tell(Role.MASTER)
        world.expect(*UP)
        wait_until(lambda: len(world.noted) == 3)
    entries = read(settings_.path)
    assert [(entry.event, entry.node, entry.generation) for entry in entries] == [
        ("service", "a", 1),
        ("service", "a", 1),
        ("hook", "a", 1),
    ]


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(Role), min_size=1, max_size=12))
def test_whatever_comes_the_last_commands_are_those_of_the_last_role(
    tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, roles: list[Role]
) -> None:
    last = f"{roles[-1]} hook for {roles[-1]}"
    with world_at(tmp_path, state=tmp_path_factory.mktemp("state") / "edge") as world:
        world.tell(*(role for role, _ in itertools.groupby(roles)))
        wait_until(lambda: world.done[-1:] == [last])
    assert world.done[-1] == last


def recorded(world: World) -> Role | None:
    found = RoleStore(world.state).current("edge")
    return found.role if found else None


def generation(world: World) -> int:
    found = RoleStore(world.state).current("edge")
    return found.generation if found else 0
