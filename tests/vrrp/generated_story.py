"""What happens to nodes with generated files, and what was seen at each moment of it."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from busy import TRIES, Watch
from vrrp.conftest import need_namespaces
from vrrp.generated import Held, holds, install
from vrrp.generated_cases import SLOW, Case
from vrrp.nodes import Nodes, OrderError

_STORIES = pytest.StashKey[Mapping[tuple[Path, str], Future[Any]]]()
TOLD = ("notify", "--event", "rx-lower-pri", "--instance")
VRRP, AH = 112, 51
STEADY = 4  # adverts, after which a node that wanted to take over would have done so
_AT_ONCE = 10  # stories
_ATTEMPTS = 5
_SECONDS, _PAUSE = 30, 0.05
_TWO_ADVERTS = 0.5  # of most cases: after three and a bit a backup takes over


@dataclass(frozen=True, slots=True)
class Moment:
    """Roles by instance and node, virtual addresses by node, argvs of cloudfail since the last."""

    roles: Mapping[str, Mapping[str, str]]
    held: Mapping[str, Mapping[str, Held]]
    said: Mapping[str, tuple[tuple[str, ...], ...]]

    def masters(self, instance: str) -> tuple[str, ...]:
        return tuple(node for node, role in self.roles[instance].items() if role == "MASTER")

    def was_told(self, node: str, instance: str) -> bool:
        return (*TOLD, instance) in self.said[node]


class Story:
    """Nodes of a case, and what is done to them; every method waits until that has had effect."""

    def __init__(self, nodes: Nodes, case: Case) -> None:
        self.nodes = nodes
        self.case = case
        self._since = nodes.clock.now()

    def start_all(self) -> Moment:
        """Start the nodes, the best one first: with nopreempt the one that is ready first wins."""
        for node in self.case.nodes:
            self.nodes.start(node)
            self.await_(lambda node=node: self._has_role(node), f"{node} does not start")  # type: ignore[misc]
        return self.settle("a")

    def start(self, *nodes: str, master: str, adverts: int = STEADY) -> Moment:
        self.nodes.start(*nodes)
        return self.settle(master, adverts)

    def settle(self, master: str, adverts: int = STEADY) -> Moment:
        """Wait until the one is master of all, the others agree, and so many adverts later still."""
        self.await_(lambda: self._is_settled(master), f"{master} is not the only master")
        settled = self.nodes.clock.now()
        self.await_(lambda: self._adverts(master, settled) >= adverts, f"{master} went silent")
        self.await_(lambda: self._is_settled(master), f"{master} did not stay the only master")
        return self.look()

    def look(self) -> Moment:
        """Record what there is now."""
        since, self._since = self._since, self.nodes.clock.now()
        return Moment(
            {i: self.nodes.roles(i) for i in self.case.instances},
            {n: self._virtual(n) for n in self.case.nodes},
            {
                n: tuple(e.argv[1:] for e in self.nodes.events(n) if since < e.t)
                for n in self.case.nodes
            },
        )

    def part(self, one: str) -> None:
        """Cut a node off from all others, until it and the best of them are masters."""
        others = self._others(one)
        for other in others:
            self.nodes.part(one, other)
        self._await_two_masters({one, others[0]})

    def heal(self, one: str, *, first: str = "") -> None:
        """End that; the named node's advert is the first to arrive. Repeats what a busy machine spoils."""
        other, *rest = self._others(one)
        for node in rest:
            self.nodes.join(one, node)
        for _ in range(_ATTEMPTS):
            try:
                self._since = self.nodes.clock.now()
                self.nodes.join(one, other, first=first)
            except OrderError:
                self.nodes.part(one, other)
                self._await_two_masters({one, other})
            else:
                return
        raise OrderError(f"the advert of {first} was never the first")

    def have_said_their_roles(self) -> bool:
        """Say whether the last that each running node's cloudfail heard is the node's role."""
        on = [node for node in self.case.nodes if self.nodes[node].is_running]
        return all(map(self._has_said_its_role, on))

    def was_told(self, node: str) -> bool:
        """Say whether the node has ever heard that somebody else is master too."""
        return any(event.argv[1:4] == TOLD[:3] for event in self.nodes.events(node))

    def await_(self, question: Callable[[], bool], else_: str) -> None:
        until = self.nodes.clock.now() + _SECONDS
        while not question():
            if self.nodes.clock.now() < until:
                self.nodes.clock.sleep(_PAUSE)
                continue
            logs = "".join(f"\n--- {n}\n{self.nodes.log(n)}" for n in self.case.nodes)
            raise AssertionError(f"{else_}: {self.look()}{logs}")

    def _others(self, one: str) -> list[str]:
        return [node for node in self.case.nodes if node != one]

    def _await_two_masters(self, both: set[str]) -> None:
        def are_masters() -> bool:
            return all(set(self.nodes.masters(name)) == both for name in self.case.instances)

        self.await_(are_masters, f"{both} are not masters both")
        self.await_(self.have_said_their_roles, "not every role was said")

    def _is_settled(self, master: str) -> bool:
        on = [node for node in self.case.nodes if self.nodes[node].is_running]
        return (
            all(self.nodes.masters(i) == (master,) for i in self.case.instances)
            and self.have_said_their_roles()
            and all(self._virtual(n) == (self.case.held if n == master else {}) for n in on)
        )

    def _has_role(self, node: str) -> bool:
        return all(self.nodes[node].role(name) for name in self.case.instances)

    def _has_said_its_role(self, node: str) -> bool:
        argvs = [event.argv for event in self.nodes.events(node)]
        for name in self.case.instances:
            said = [argv[-2] for argv in argvs if argv[-3] == name]
            if said[-1:] != [self.nodes[node].role(name)]:
                return False
        return True

    def _virtual(self, node: str) -> dict[str, Held]:
        own = {self.nodes.ports[node].ipv4, self.nodes.ports[node].ipv6}
        found = holds(self.nodes[node])
        return {
            address: how
            for address, how in found.items()
            if address.partition("/")[0] not in {*own, "127.0.0.1", "::1"}
            and not address.startswith("fe80:")
        }

    def _adverts(self, node: str, since: float) -> int:
        return sum(f.protocol in (VRRP, AH) for f in self.nodes.frames(since, node))


@contextmanager
def story(case: Case, directory: Path, secrets: Mapping[str, str] | None = None) -> Iterator[Story]:
    """Nodes with the files of the case, keepalived off."""
    with Nodes(case.nodes, zones=case.zones) as nodes:
        install(nodes, case.toml, directory, secrets)
        yield Story(nodes, case)


def stories(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Future[Any]]:
    """Return what `play(case, directory)` of the requesting file returns, by case.

    All files' stories that pytest was asked for begin with the first request, some at once, the
    longest first: they mostly wait.
    """
    need_namespaces()
    session = request.session
    if _STORIES not in session.stash:
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="story")
        session.addfinalizer(partial(pool.shutdown, cancel_futures=True))
        session.stash[_STORIES] = {
            (path, case): pool.submit(_played, play, case, tmp_path_factory.mktemp(case))
            for (path, case), play in _asked_for(session).items()
        }
    return {c: f for (path, c), f in session.stash[_STORIES].items() if path == request.path}


def _played(play: Callable[[str, Path], Any], case: str, directory: Path) -> Any:
    """Play a story; anew where the machine did not let it be set up, which says nothing of keepalived.

    A busy machine may not give the order of adverts that was asked for, or keep a master from its
    adverts until another follows; and starting a program in a thread may fail with EFAULT while
    another thread forks.
    """
    for number in range(TRIES - 1):
        place = directory / f"try-{number}"
        place.mkdir()
        with Watch() as watch, contextlib.suppress(_Spoilt):
            told = _told(play, case, place, watch)
            if watch.worst < _TWO_ADVERTS:
                return told
    return play(case, directory)


class _Spoilt(Exception):  # noqa: N818 - it is only caught
    """What came of a story is the machine's, not keepalived's."""


def _told(play: Callable[[str, Path], Any], case: str, place: Path, watch: Watch) -> Any:
    try:
        return play(case, place)
    except OrderError as error:
        raise _Spoilt from error
    except (AssertionError, OSError) as error:
        if watch.worst >= _TWO_ADVERTS or getattr(error, "errno", 0) == errno.EFAULT:
            raise _Spoilt from error
        raise


def _asked_for(session: pytest.Session) -> dict[tuple[Path, str], Callable[[str, Path], Any]]:
    found = {}
    for item in session.items:
        play = getattr(getattr(item, "module", None), "play", None)
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        # Other directories have a `play` of their own.
        if item.path.parent == Path(__file__).parent and play is not None and "case" in parameters:
            found[item.path, parameters["case"]] = play
    return dict(sorted(found.items(), key=lambda one: one[0][1] not in SLOW))
