"""Weights of trackers, which count only against the priorities of the other nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, Hit, NodesRule
from cloudfail.keepalived.lint.rules.nodes.example import node
from cloudfail.keepalived.lint.rules.nodes.router import Router, Side, routers
from cloudfail.keepalived.lint.weights import counting, has_counting_file
from cloudfail.keepalived.syntax import Place
from cloudfail.keepalived.version import Version

_UNKNOWN = 1 << 16  # a weighted track_file's number, which may be any


@dataclass(frozen=True)
class _Tracker:
    name: str
    weight: int
    place: Place

    @property
    def swing(self) -> int:
        return abs(self.weight)


@dataclass(frozen=True)
class _Standing:
    """A side with everything fine, and how far each of its trackers takes it down."""

    side: Side
    best: int
    trackers: tuple[_Tracker, ...]

    @property
    def worst(self) -> int:
        any_number = has_counting_file(self.side.conf, self.side.instance)
        files = _UNKNOWN if any_number else 0
        return self.best - files - sum(one.swing for one in self.trackers)


def _too_little(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for one, below in _standings(confs):
        other = max(below, key=lambda standing: standing.best)
        if one.worst < other.best:
            continue
        for tracker in one.trackers:
            left = one.best - tracker.swing
            yield Hit(
                tracker.place,
                f'"{tracker.name}" takes {one.side.instance.name} from {one.best} to {left}, not below '
                f"the {other.best} of {other.side.at('priority')}",
            )


def _held(confs: Sequence[NodeConf], version: Version) -> Iterator[Hit]:
    del version
    for one, below in _standings(confs):
        if all(_waits(standing.side) for standing in below):
            names = ", ".join(standing.side.conf.name for standing in below)
            for tracker in one.trackers:
                yield Hit(
                    tracker.place,
                    f'the weight of "{tracker.name}" moves nothing: nopreempt on {names} lets a '
                    "master of any priority be",
                )


def _waits(side: Side) -> bool:
    return side.instance.has("nopreempt") and side.instance.state != "MASTER"


def _standings(confs: Sequence[NodeConf]) -> Iterator[tuple[_Standing, tuple[_Standing, ...]]]:
    """Yield each node that has weighted trackers, with those that come after it."""
    for router in routers(confs):
        all_of = _of(router)
        for one in all_of:
            below = tuple(other for other in all_of if other.best < one.best)
            if one.trackers and below:
                yield one, below


def _of(router: Router) -> list[_Standing]:
    found = []
    for side in router:
        trackers = tuple(_trackers(side))
        priority = side.instance.priority
        if priority is not None:
            best = priority + sum(max(0, one.weight) for one in trackers)
            found.append(_Standing(side, best, trackers))
    return found


def _trackers(side: Side) -> Iterator[_Tracker]:
    """Of a reversed weight the sign depends on what is tracked: it is left out."""
    for one in counting(side.conf, side.instance):
        if one.weight and not one.is_reverse:
            yield _Tracker(one.name, one.weight, one.place)


_SCRIPT = """\
vrrp_script web {
  script "/usr/bin/test ! -e /run/maintenance"
  interval 1
  fall 1
}"""


def _pair(weight: int, nopreempt: str | None = None) -> tuple[str, str]:
    tracked = (f"web weight {weight}",)
    return (
        node(1, "VI_1", _SCRIPT, nopreempt=nopreempt, track_script=tracked),
        node(2, nopreempt=nopreempt),
    )


RULES = (
    NodesRule(
        code="KA131",
        title="A weight that never moves the role",
        severity=WARNING,
        why="The priority has to come below the other node's: measured with 2.2.7, a weight of -20 left "
        "the master at 130 against 100, and -50 at 100 against 100 did not move it either.",
        remedy="write a weight of more than the difference of the priorities, or none: without one a "
        "failure is FAULT, and the other takes over in 0.6 s instead of 3 s",
        example=_pair(-20),
        repaired=_pair(-100),
        check=_too_little,
    ),
    NodesRule(
        code="KA132",
        title="A weight, and nopreempt on the others",
        severity=ERROR,
        settles=("KA088",),
        why="A node with nopreempt waits until it hears no master at all. Measured with 2.2.7: the check "
        "fails, the master goes down to priority 50, the other has 100, and the broken node stays master. "
        "nopreempt on the node with the check alone does no harm.",
        remedy="leave the weight out: a failure is FAULT then, and the other takes over in 0.6 s",
        example=_pair(-100, ""),
        repaired=_pair(-100),
        check=_held,
    ),
)
