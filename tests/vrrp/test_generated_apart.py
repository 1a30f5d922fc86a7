"""Generated nodes that do not hear each other: three apart, one way only, different secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from itertools import combinations
from pathlib import Path

import pytest

from vrrp.generated_cases import ON_LO, PLAIN, Case, authenticated, instance
from vrrp.generated_story import Moment, stories, story

pytestmark = [pytest.mark.netns, pytest.mark.timeout(300)]

TRIO = Case(toml=instance(PLAIN, nodes="abc"), held=ON_LO, nodes="abc")
PAIR = Case(toml=instance(PLAIN), held=ON_LO)
All = Mapping[str, Future[tuple[Moment, Moment]]]


def three_apart(directory: Path) -> tuple[Moment, Moment]:
    with story(TRIO, directory) as at:
        at.start_all()
        for one, other in combinations("abc", 2):
            at.nodes.part(one, other)
        at.await_(lambda: at.nodes.masters() == ("a", "b", "c"), "not all are masters")
        at.await_(at.have_said_their_roles, "not every role was said")
        apart = at.look()
        for one, other in combinations("abc", 2):
            at.nodes.join(one, other)
        return apart, at.settle("a")


def the_middle_one_apart(directory: Path) -> tuple[Moment, Moment]:
    """b is cut off, and a and c do not notice."""
    with story(TRIO, directory) as at:
        at.start_all()
        at.nodes.part("a", "b")
        at.nodes.part("b", "c")
        at.await_(lambda: at.nodes.masters() == ("a", "b"), "b is no master")
        at.await_(at.have_said_their_roles, "not every role was said")
        apart = at.look()
        at.nodes.join("a", "b")
        at.nodes.join("b", "c")
        return apart, at.settle("a")


def one_way(directory: Path) -> tuple[Moment, Moment]:
    """b does not hear a, a hears b."""
    with story(PAIR, directory) as at:
        at.start_all()
        at.nodes.part("a", "b", one_way=True)
        at.await_(lambda: at.nodes.masters() == ("a", "b"), "b is no master")
        at.await_(at.have_said_their_roles, "not every role was said")
        at.await_(lambda: at.was_told("a"), "a was not told")
        apart = at.look()
        at.nodes.join("a", "b", one_way=True)
        return apart, at.settle("a")


def other_secrets(kind: str, directory: Path) -> tuple[Moment, Moment]:
    """Two nodes whose secret files differ; then b gets that of a."""
    case = Case(toml=authenticated(kind), held=ON_LO)
    with story(case, directory, {"a": "s3cr3t78", "b": "other678"}) as at:
        at.nodes.start()
        at.await_(lambda: at.nodes.masters() == ("a", "b"), "not both are masters")
        at.await_(at.have_said_their_roles, "not every role was said")
        apart = at.look()
        at.nodes.stop("b")
        secret = "/etc/keepalived/secret/edge.conf"
        at.nodes.write("b", secret, at.nodes["a"].path(secret).read_text(), 0o600)
        return apart, at.start("b", master="a")


PLAYS: Mapping[str, Callable[[Path], tuple[Moment, Moment]]] = {
    "pass": partial(other_secrets, "PASS"),
    "ah": partial(other_secrets, "AH"),
    "three": three_apart,
    "middle": the_middle_one_apart,
    "one-way": one_way,
}


def play(name: str, directory: Path) -> tuple[Moment, Moment]:
    return PLAYS[name](directory)


@pytest.fixture(scope="module")
def moments(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> All:
    return stories(request, tmp_path_factory)


@pytest.mark.parametrize("case", ["three", "middle", "one-way"])
def test_the_survivor_is_told_and_the_only_master(moments: All, case: str) -> None:
    apart, healed = moments[case].result()
    assert apart.masters("edge") == (("a", "b", "c") if case == "three" else ("a", "b"))
    assert healed.masters("edge") == ("a",)
    assert healed.was_told("a", "edge")
    assert healed.held == {node: ON_LO if node == "a" else {} for node in healed.held}


@pytest.mark.parametrize("case", ["three"])
def test_a_loser_of_three_hears_backup_once_and_last(moments: All, case: str) -> None:
    _, healed = moments[case].result()
    for node in "bc":
        said = [argv for argv in healed.said[node] if "BACKUP" in argv]
        assert said == [healed.said[node][-1]]


@pytest.mark.parametrize("case", ["pass", "ah"])
def test_nodes_with_different_secrets_are_masters_both(moments: All, case: str) -> None:
    apart, alike = moments[case].result()
    assert apart.masters("edge") == ("a", "b")
    assert apart.held == {"a": ON_LO, "b": ON_LO}
    assert not apart.was_told("a", "edge")
    assert alike.masters("edge") == ("a",)
