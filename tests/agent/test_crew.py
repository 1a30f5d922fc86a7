"""Who is at work after a reload, and what they still know."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
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
from cloudfail.clock import SystemClock
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
def crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    monkeypatch.setenv("CLOUDFAIL_STATE_DIR", str(tmp_path / "run"))
    monkeypatch.setattr(identity, "local_addresses", lambda: frozenset(HERE))
    HERE.clear()
    HERE.add(ip_address("10.0.0.1"))
    clock = SystemClock()
    recorder = Recorder(tmp_path / "run", clock=clock)
    made = Crew(
        Shared(
            clock=clock,
            heart=Heart(clock.now(), 0.25),
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
    worker = crew.members["edge"].worker
    HERE.clear()
    take_up(crew, config)
    assert crew.members["edge"].worker is worker
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
        began = time.monotonic()
        assert crew.stop("SIGTERM", 1.0)
        assert time.monotonic() - began < 5.0
    finally:
        hold.set()
