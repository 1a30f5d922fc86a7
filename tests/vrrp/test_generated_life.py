"""Real keepalived with generated files: who is master, who is told, who has the addresses."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import pytest

from vrrp.frames import IPV4
from vrrp.generated import sources
from vrrp.generated_cases import CASES, PRIORITIES
from vrrp.generated_story import Moment, Story, stories, story

pytestmark = [pytest.mark.netns, pytest.mark.timeout(300)]

every_case = pytest.mark.parametrize("case", CASES)


@dataclass(frozen=True, slots=True)
class Life:
    """The moments of a story that every case has: a is the best node, b comes next."""

    started: Moment
    killed: Moment  # a was
    back: Moment
    stopped: Moment  # whoever was master
    again: Moment
    farewells: int
    sources: set[str]  # of what a sends by itself, as master
    parted: tuple[Moment, ...]
    healed: tuple[Moment, ...]


Lives = Mapping[str, Future[Life]]


@pytest.fixture(scope="module")
def lives(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lives:
    return stories(request, tmp_path_factory)


def play(name: str, directory: Path) -> Life:
    case = CASES[name]
    with story(case, directory) as at:
        started = at.start_all()
        at.nodes.kill("a")
        killed = at.settle("b", adverts=1)
        back = at.start("a", master="a" if case.preempts else "b")
        best = back.masters(case.instances[0])[0]
        stopping = at.nodes.clock.now()
        at.nodes.stop(best)
        stopped = at.settle("b" if best == "a" else "a", adverts=1)
        farewells = _farewells(at, best, stopping)
        again = at.start(best, master="a", adverts=1)
        own = sources(at.nodes["a"])
        parted, healed = zip(*(heal(at, first) for first in "ab"), strict=True)
    return Life(started, killed, back, stopped, again, farewells, own, parted, healed)


def heal(at: Story, first: str) -> tuple[Moment, Moment]:
    at.part("a")
    parted = at.look()
    at.heal("a", first=first if at.case.ordered else "")
    return parted, at.settle("a")


def _farewells(at: Story, node: str, since: float) -> int:
    """Count adverts of priority 0, by which a master says that it goes."""
    adverts = [frame for frame in at.nodes.frames(since, node) if frame.is_advert]
    return sum(f.payload[22 if f.ethertype == IPV4 else 42] == 0 for f in adverts)


@every_case
def test_the_best_node_is_the_only_master(lives: Lives, case: str) -> None:
    started = lives[case].result().started
    for name in CASES[case].instances:
        assert started.masters(name) == ("a",)
        assert set(started.roles[name].values()) == {"MASTER", "BACKUP"}


@every_case
def test_cloudfail_notify_learns_instance_role_and_priority(lives: Lives, case: str) -> None:
    said = lives[case].result().started.said
    for name in CASES[case].instances:
        common = ("notify", "--instance", name, "INSTANCE", name)
        of_a = [argv for argv in said["a"] if argv[-3] == name]
        assert of_a == [(*common, "BACKUP", "240"), (*common, "MASTER", "240")]
        for node in CASES[case].nodes[1:]:
            of_this = [argv for argv in said[node] if argv[-3] == name]
            assert of_this == [(*common, "BACKUP", str(PRIORITIES[node]))]


@every_case
def test_the_master_alone_has_the_addresses_and_none_is_deprecated(lives: Lives, case: str) -> None:
    life, wanted = lives[case].result(), CASES[case].held
    assert wanted or "no-address" in case
    assert life.started.held == {n: wanted if n == "a" else {} for n in CASES[case].nodes}
    for moment in (life.back, life.again, *life.healed):
        master = moment.masters(CASES[case].instances[0])[0]
        assert moment.held == {n: wanted if n == master else {} for n in CASES[case].nodes}


@every_case
def test_the_masters_own_traffic_keeps_its_own_address(lives: Lives, case: str) -> None:
    assert lives[case].result().sources == {"10.0.1.10", "fd00:0:0:1::10"}


@every_case
def test_the_next_best_follows_a_master_that_was_killed(lives: Lives, case: str) -> None:
    killed = lives[case].result().killed
    for name in CASES[case].instances:
        assert killed.masters(name) == ("b",)
        assert ("notify", "--instance", name, "INSTANCE", name, "MASTER", "120") in killed.said["b"]
    assert killed.held["b"] == CASES[case].held


@every_case
def test_a_better_node_that_comes_back_moves_nothing_unless_told_to(
    lives: Lives, case: str
) -> None:
    back = lives[case].result().back
    for name in CASES[case].instances:
        assert back.masters(name) == ("a" if CASES[case].preempts else "b",)
    if not CASES[case].preempts:
        assert back.said["b"] == ()
        assert {argv[-2] for argv in back.said["a"]} == {"BACKUP"}


@every_case
def test_a_stopped_master_says_farewell_and_hands_over(lives: Lives, case: str) -> None:
    life = lives[case].result()
    gone, next_ = ("a", "b") if CASES[case].preempts else ("b", "a")
    for name in CASES[case].instances:
        assert life.stopped.masters(name) == (next_,)
        stop = ("notify", "--instance", name, "INSTANCE", name, "STOP", str(PRIORITIES[gone]))
        assert stop in life.stopped.said[gone]
        assert life.again.masters(name) == ("a",)
    if case != "ah":
        assert life.farewells >= len(CASES[case].instances)
    assert life.stopped.held[gone] == {}


@every_case
@pytest.mark.parametrize("first", ["a", "b"])
def test_after_a_partition_one_is_master_and_was_told(lives: Lives, case: str, first: str) -> None:
    life, number = lives[case].result(), "ab".index(first)
    parted, healed = life.parted[number], life.healed[number]
    for name in CASES[case].instances:
        assert set(parted.masters(name)) == {"a", "b"}
        assert healed.masters(name) == ("a",)
        backup = ("notify", "--instance", name, "INSTANCE", name, "BACKUP", "120")
        assert [argv for argv in healed.said["b"] if argv[-3] == name] == [backup]
    told = {name for name in CASES[case].instances if healed.was_told("a", name)}
    # In a group the first advert makes all instances of the loser BACKUP: the others answer nothing.
    assert told if CASES[case].grouped else told == set(CASES[case].instances)
