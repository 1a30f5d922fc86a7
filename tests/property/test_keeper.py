"""Whatever keepalived, the wire and the machines do: nobody acts on a role that is gone."""

from __future__ import annotations

import math
from collections.abc import Callable
from ipaddress import ip_address

import pytest
from cloudfail.agent.role.keeper import ALLOWANCE, Keeper
from cloudfail.role import Role
from hypothesis import given
from hypothesis import strategies as st

from property.vrrp import EVERY, LINK, Machine, Network

SILENCE = 3 * EVERY
GRACE = EVERY + ALLOWANCE
Deed = tuple[str, int, int, bool, bool]

# A quarter of an interval at a time, and not always a whole quarter.
waits = st.integers(0, 40).map(lambda quarters: quarters * 0.2503)
priorities = st.lists(st.integers(1, 254), min_size=2, max_size=3)
ALL = ("cut", "heal", "kill", "start", "stop", "hang", "go on", "freeze", "thaw", "priority")
UNTOLD = ("lose a line", "restart the agent")


def deeds(*names: str) -> st.SearchStrategy[list[tuple[float, Deed]]]:
    deed = st.tuples(
        st.sampled_from(names), st.integers(0, 2), st.integers(1, 254), st.booleans(), st.booleans()
    )
    return st.lists(st.tuples(waits, deed), max_size=14)


def do(network: Network, deed: Deed) -> None:
    name, index, number, first, second = deed
    count = len(network.machines)
    machine = network.machines[index % count]
    way = (machine.index, (machine.index + 1 + number % (count - 1)) % count)
    actions: dict[str, Callable[[], object]] = {
        "cut": lambda: network.cut.update({way} if first else {way, way[::-1]}),
        "heal": network.cut.clear,
        "kill": machine.kill,
        "start": machine.start,
        "stop": machine.stop,
        "hang": machine.hang,
        "go on": lambda: machine.go_on(timer_first=first),
        "freeze": machine.freeze,
        "thaw": lambda: machine.thaw(timer_first=first, agent_first=second),
        "priority": lambda: setattr(machine, "priority", number),
        "lose a line": lambda: setattr(machine, "lines_to_lose", 1 + number % 2),
        "restart the agent": machine.restart_agent,
    }
    actions[name]()


def play(network: Network, story: list[tuple[float, Deed]]) -> None:
    for machine in network.machines:
        machine.start()
    network.run(5 * EVERY)
    for wait, deed in story:
        do(network, deed)
        network.check()
        network.run(wait)


def better_heard(machine: Machine, now: float, priority: int) -> bool:
    """Of each peer its last word counts, for three intervals."""
    last = {source: (t, said) for t, source, said in machine.heard}
    ours = (priority, ip_address(machine.address).packed)
    return any(
        now < t + SILENCE and said and (said, ip_address(source).packed) > ours
        for source, (t, said) in last.items()
    )


def acts_on_evidence_only(machine: Machine) -> None:
    now = machine.network.now
    standing = machine.keeper.standing()
    if standing.is_master:
        assert not better_heard(machine, now, standing.priority)
        assert now - machine.last_mastered < max(SILENCE, GRACE)
        assert not any(peer.better for peer in standing.peers)


def acts_after_a_freeze_only_when_it_sent_since(machine: Machine) -> None:
    if machine.woke > 0 and machine.keeper.standing().is_master:
        assert machine.sent[-1] > machine.woke


def doubts_within_a_generation_and_changes_between() -> Callable[[Machine], None]:
    # With the keeper itself: an agent that is started anew has a new one, perhaps of the same id.
    seen: dict[int, tuple[Keeper, int, Role | None]] = {}

    def check(machine: Machine) -> None:
        keeper = machine.keeper
        standing = keeper.standing()
        _, generation, role = seen.get(id(keeper), (keeper, 0, None))
        if standing.role is role:
            # A role between two looks may have come and gone, never a doubt.
            assert standing.generation == generation or standing.generation >= generation + 2
        else:
            assert standing.generation > generation
        seen[id(keeper)] = (keeper, standing.generation, standing.role)

    return check


def changes_when_it_said(machine: Machine) -> None:
    """Until `next_change`, time alone changes nothing but ages."""
    now = machine.network.now
    before = machine.keeper.standing(now)
    change = machine.keeper.next_change(now)
    assert change is None or change > now
    later = now + 1e6 if change is None else math.nextafter(change, now)
    # Asked of the parts that time has in it: a look into the future must not settle anything.
    assert machine.keeper._doubt(later) == machine.keeper._doubt(now)
    assert machine.keeper.standing(now) == before


@given(ranks=priorities, story=deeds(*ALL, *UNTOLD))
def test_nobody_acts_without_evidence(ranks: list[int], story: list[tuple[float, Deed]]) -> None:
    network = Network(ranks)
    network.checks = [acts_on_evidence_only, acts_after_a_freeze_only_when_it_sent_since]
    play(network, story)


@given(ranks=priorities, story=deeds(*ALL, *UNTOLD))
def test_a_generation_changes_with_the_role_and_never_with_doubt(
    ranks: list[int], story: list[tuple[float, Deed]]
) -> None:
    network = Network(ranks)
    network.checks = [doubts_within_a_generation_and_changes_between()]
    play(network, story)


@given(ranks=priorities, story=deeds(*ALL, *UNTOLD))
def test_time_alone_changes_a_standing_when_it_was_said(
    ranks: list[int], story: list[tuple[float, Deed]]
) -> None:
    network = Network(ranks)
    network.checks = [changes_when_it_said]
    play(network, story)


@given(ranks=priorities, story=deeds("cut", "heal", "kill", "start", "stop", "priority"))
def test_a_real_master_is_never_held_up(ranks: list[int], story: list[tuple[float, Deed]]) -> None:
    """From its line on, unless a better peer advertises."""

    def check(machine: Machine) -> None:
        standing = machine.keeper.standing()
        if machine.state == "MASTER":
            better = better_heard(machine, machine.network.now, standing.priority)
            assert standing.is_master != better, standing

    network = Network(ranks)
    network.checks = [check]
    play(network, story)


@given(ranks=priorities, story=deeds(*ALL, *UNTOLD))
def test_when_all_is_well_again_the_master_alone_is_certain(
    ranks: list[int], story: list[tuple[float, Deed]]
) -> None:
    network = Network(ranks)
    network.checks = [acts_on_evidence_only]
    play(network, story)
    network.cut.clear()
    for machine in network.machines:
        machine.lines_to_lose = 0
        machine.thaw(timer_first=True, agent_first=True)
        network.run(2 * LINK)
        machine.go_on(timer_first=True)
        machine.start()
    network.run(15 * EVERY)
    masters = [machine for machine in network.machines if machine.state == "MASTER"]
    certain = [machine for machine in network.machines if machine.keeper.standing().is_master]
    assert len(masters) == 1
    assert certain == masters


@given(ranks=priorities, story=deeds(*ALL), lost=st.integers(0, 2))
def test_a_master_that_the_fifo_lost_is_found_within_three_intervals(
    ranks: list[int], story: list[tuple[float, Deed]], lost: int
) -> None:
    """Unless a better peer advertises, or the machine has just stood still."""
    network = Network(ranks)
    play(network, story)
    machine = network.machines[lost % len(ranks)]
    machine.thaw(timer_first=False, agent_first=True)
    network.run(10 * EVERY)
    machine.kill()
    network.run(5 * EVERY)
    machine.start()
    machine.lines_to_lose = 9
    for _ in range(40):
        network.run(EVERY / 4)
        began = machine.sent[-1] if machine.sent else 0.0
        if machine.state != "MASTER" or better_heard(machine, network.now, machine.priority):
            continue
        if network.now - began < EVERY and machine.keeper.standing().role is Role.BACKUP:
            continue
        assert machine.keeper.standing().is_master


@pytest.mark.parametrize("lag", [0.0, 0.5, 0.9])
def test_the_three_nodes_of_the_model_elect_the_highest(lag: float) -> None:
    """The model itself: a test of nothing else is worth anything without."""
    network = Network([50, 200, 100])
    play(network, [(lag, ("heal", 0, 1, False, False))])
    network.run(20 * EVERY)
    assert [machine.state for machine in network.machines] == ["BACKUP", "MASTER", "BACKUP"]
