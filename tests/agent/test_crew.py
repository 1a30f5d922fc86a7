"""Who is at work after a reload, and what they still know."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import msgspec
import pytest
from cloudfail import identity
from cloudfail.agent.crew import Crew, Shared
from cloudfail.agent.hearing.lateness import Heart
from cloudfail.agent.hearing.lines import FifoLine, State
from cloudfail.agent.pausing import Pauses
from cloudfail.agent.recording import Recorder
from cloudfail.agent.work import worker
from cloudfail.clock import Deadline, SystemClock
from cloudfail.config import Config
from cloudfail.errors import ConfigError
from cloudfail.keepalived.notify import Kind
from cloudfail.model import Address
from cloudfail.provider import Setup
from cloudfail.role import Role
from cloudfail.testing import FakeWorld

from agent.work.bench import ADDRESS, Notes, SlowCloud, config_of, eventually

HERE: set[Address] = set()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return config_of(tmp_path)


@pytest.fixture
def heart() -> Heart:
    return Heart(time.monotonic(), 0.25)


@pytest.fixture
def crew(tmp_path: Path, heart: Heart, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    monkeypatch.setenv("CLOUDFAIL_STATE_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(identity, "local_addresses", lambda: frozenset(HERE))
    HERE.clear()
    HERE.add(ip_address("10.0.0.1"))
    clock = SystemClock()
    recorder = Recorder(tmp_path / "run", clock=clock)
    made = Crew(
        Shared(
            clock=clock,
            heart=heart,
            observer=Notes(),
            recorder=recorder,
            pauses=Pauses(tmp_path / "lib"),
            environ={},
            node="",
        )
    )
    yield made
    made.stop("the test is over", 1.0)
    recorder.stop(1.0)


def take_up(crew: Crew, config: Config) -> None:
    crew.take_up(config, has_fifo=True, hears_wire=True)


def changed(config: Config, **fields: object) -> Config:
    """Return the configuration with another `edge`."""
    instance = msgspec.structs.replace(config.instances["edge"], **fields)
    return msgspec.structs.replace(config, instances={"edge": instance})


def master(crew: Crew) -> None:
    line = FifoLine(Kind.INSTANCE, "edge", State.MASTER, 150)
    crew.members["edge"].keeper.told(line, time.monotonic())


def is_still_master(crew: Crew) -> bool:
    """Nobody sends VRRP here: keepalived's word has to be new."""
    master(crew)
    crew.members["edge"].worker.wake()
    return True


def role(crew: Crew) -> Role | None:
    return crew.members["edge"].keeper.standing().role


def test_who_is_at_work_goes_on_while_its_address_is_away(crew: Crew, config: Config) -> None:
    take_up(crew, config)
    master(crew)
    at_work = crew.members["edge"].worker
    HERE.clear()
    take_up(crew, config)
    assert crew.members["edge"].worker is at_work
    assert role(crew) is Role.MASTER
    assert not crew.absent


def test_who_was_never_here_is_absent_until_its_address_is(crew: Crew, config: Config) -> None:
    HERE.clear()
    take_up(crew, config)
    assert "none of the configured nodes" in crew.absent["edge"]
    HERE.add(ip_address("10.0.0.1"))
    take_up(crew, config)
    assert list(crew.members) == ["edge"]
    assert not crew.absent


def test_a_configuration_without_this_node_is_none_to_reload(crew: Crew, config: Config) -> None:
    take_up(crew, config)
    crew.check(config)
    with pytest.raises(ConfigError, match="none of the configured nodes"):
        crew.check(changed(config, nodes=config.instances["edge"].nodes[1:]))
    crew.check(msgspec.structs.replace(config, instances={}))


def test_a_role_outlives_a_reload_and_a_newer_one_is_newer(crew: Crew, config: Config) -> None:
    take_up(crew, config)
    master(crew)
    other = changed(config, claims=())
    take_up(crew, other)
    assert role(crew) is Role.MASTER
    generation = crew.members["edge"].keeper.standing().generation
    take_up(crew, changed(other, virtual_router_id=52))
    assert role(crew) is None
    master(crew)
    assert crew.members["edge"].keeper.standing().generation > generation


def test_who_is_not_configured_any_more_ends(crew: Crew, config: Config) -> None:
    take_up(crew, config)
    gone = crew.members["edge"]
    take_up(crew, msgspec.structs.replace(config, instances={}))
    assert not crew.members
    assert gone.follower.stop("again", 1.0)


def test_a_cloud_that_hangs_holds_up_no_reload_and_no_end(crew: Crew, tmp_path: Path) -> None:
    hold = threading.Event()
    built: list[SlowCloud] = []

    def build(setup: Setup) -> SlowCloud:
        cloud = SlowCloud(FakeWorld({ADDRESS: "b"}), "a", setup=setup)
        cloud.hold = None if built else hold
        built.append(cloud)
        return cloud

    config = config_of(tmp_path, build=build)
    try:
        take_up(crew, config)
        crew.members["edge"].worker.start()
        assert eventually(lambda: is_still_master(crew) and built[0].hung == 2)  # both threads
        take_up(crew, changed(config, width=3))
        crew.members["edge"].worker.start()
        assert eventually(lambda: is_still_master(crew) and built[-1].world.held[ADDRESS] == "a")
        assert crew.stop("SIGTERM", 20.0)  # not waiting for who hangs: that is longer
    finally:
        hold.set()


def hanging_once(
    method: str, world: FakeWorld, hold: threading.Event, made: list[SlowCloud]
) -> Callable[[Setup], SlowCloud]:
    """Return what builds clouds; the first one's method does not come back before `hold`."""

    def hangs_in(works: Callable[..., object]) -> Callable[..., object]:
        def hang(*args: object) -> object:
            hold.wait(60)
            return works(*args)

        return hang

    def build(setup: Setup) -> SlowCloud:
        made.append(cloud := SlowCloud(world, "a", setup=setup))
        if len(made) == 1 and method == "build":
            hold.wait(60)
        elif len(made) == 1:
            setattr(cloud, method, hangs_in(getattr(cloud, method)))
        return cloud

    return build


@pytest.mark.parametrize("method", ["build", "identify", "observe", "steps", "execute"])
def test_a_provider_that_never_comes_back_keeps_nothing_but_its_threads(
    crew: Crew, heart: Heart, tmp_path: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_HANGING", 0.3)
    monkeypatch.setattr("agent.work.bench.DEADLINE", 0.3)
    hold, world, clouds = threading.Event(), FakeWorld({ADDRESS: "b"}), list[SlowCloud]()

    def goes_on() -> bool:
        heart.beat(time.monotonic())
        crew.look_after()
        return is_still_master(crew)

    try:
        take_up(crew, config_of(tmp_path, build=hanging_once(method, world, hold, clouds)))
        hung = crew.members["edge"].worker
        hung.start()
        assert eventually(lambda: goes_on() and bool(alarms(crew)))
        assert "has not come back from provider fake" in alarms(crew)[0]
        assert eventually(lambda: goes_on() and world.held[ADDRESS] == "a")
        assert eventually(lambda: goes_on() and not alarms(crew))
        assert crew.members["edge"].worker is not hung
    finally:
        hold.set()
    assert hung.join(Deadline.after(SystemClock(), 5.0))
    assert not clouds[0].received  # what comes back late begins nothing


def test_after_a_standstill_nothing_hangs_yet(
    crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_HANGING", 0.2)
    hold, clouds = threading.Event(), list[SlowCloud]()
    build = hanging_once("observe", FakeWorld({ADDRESS: "b"}), hold, clouds)
    try:
        take_up(crew, config_of(tmp_path, build=build))
        at_work = crew.members["edge"].worker
        at_work.start()
        assert eventually(lambda: bool(at_work.hanging))
        at_work.stood_still(60.0)
        assert not at_work.hanging
    finally:
        hold.set()


def alarms(crew: Crew) -> tuple[str, ...]:
    return crew.members["edge"].worker.view().alarms


def test_each_worker_in_the_place_of_one_that_hangs_waits_longer(
    crew: Crew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_HANGING", 0.1)
    hold, clouds = threading.Event(), list[SlowCloud]()

    def build(setup: Setup) -> SlowCloud:
        clouds.append(SlowCloud(FakeWorld({ADDRESS: "b"}), "a", setup=setup))
        clouds[-1].hold = hold
        return clouds[-1]

    def relieved(times: int) -> bool:
        crew.look_after()
        return len(clouds) > times

    try:
        take_up(crew, config_of(tmp_path, build=build))
        crew.members["edge"].worker.start()
        began = time.monotonic()
        assert eventually(lambda: relieved(3))
        assert time.monotonic() - began >= 0.1 + 0.2 + 0.4
    finally:
        hold.set()
