"""Each safety rule, broken once in a copy of this tree, must be caught by a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutation import tree
from mutation.mutations import MUTATIONS
from mutation.tree import Mutation

pytestmark = pytest.mark.timeout(2 * tree.SECONDS)
FAILED_TESTS = 1  # pytest's exit code; above it, or with a module that does not import, none ran


def test_every_safety_rule_has_a_mutation() -> None:
    assert {mutation.rule for mutation in MUTATIONS} == set(range(1, 10))


def test_no_two_mutations_have_the_same_name() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_the_unbroken_copy_passes_the_same_tests(tmp_path: Path) -> None:
    copy = tree.where_it_imports_from(tree.copy_of_the_tree(tmp_path))
    tests = {test for mutation in MUTATIONS for test in mutation.tests}
    done = tree.run_tests(copy, tuple(sorted(tests)))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_rule_is_caught(tmp_path: Path, mutation: Mutation) -> None:
    copy = tree.copy_of_the_tree(tmp_path)
    tree.break_rule(mutation, copy)
    done = tree.run_tests(copy, mutation.tests)
    noticed = done.returncode == FAILED_TESTS and "ERROR collecting" not in done.stdout
    assert noticed, (
        f"rule {mutation.rule} is broken ({mutation.name}) and {', '.join(mutation.tests)} "
        f"did not fail (exit code {done.returncode}):\n{done.stdout[-3000:]}{done.stderr[-1000:]}"
    )


@pytest.mark.parametrize("place", ["code.py", "gone.py", "."])
def test_a_mutation_that_no_longer_applies_is_an_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "code.py").write_text("x = 1\n", encoding="utf-8")
    stale = Mutation(name="s", rule=1, file=place, before="y = 1", after="", tests=())
    with pytest.raises(tree.StaleMutationError, match="0 times, not once"):
        tree.break_rule(stale, tmp_path)


def test_a_mutation_that_applies_twice_is_an_error(tmp_path: Path) -> None:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    twice = Mutation(name="t", rule=1, file=".", before="x = 1", after="", tests=())
    with pytest.raises(tree.StaleMutationError, match="2 times, not once"):
        tree.break_rule(twice, tmp_path)
