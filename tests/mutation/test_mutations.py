"""Each safety rule, broken once in a copy of this tree, must be caught by a test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mutation import tree
from mutation.mutations import MUTATIONS, RULES
from mutation.runner import SECONDS, Runner
from mutation.tree import Mutation

pytestmark = pytest.mark.timeout(2 * SECONDS)
FAILED_TESTS = 1  # pytest's exit code; above it, or with a module that does not import, none ran
WHERE = """
import cloudfail, cloudfail_aws, pathlib
def test_where():
    found = {pathlib.Path(m.__file__).parents[1] for m in (cloudfail, cloudfail_aws)}
    assert found == {pathlib.Path(%r), pathlib.Path(%r)}
"""


@dataclass(frozen=True, slots=True)
class Copy:
    tree: Path
    runner: Runner


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    place = tree.copy_of_the_tree(tmp_path_factory.mktemp("copy"))
    runner = Runner(place, tmp_path_factory.mktemp("said") / "output")
    try:
        yield Copy(place, runner)
    finally:
        runner.close()


def test_every_safety_rule_has_a_mutation() -> None:
    assert {mutation.rule for mutation in MUTATIONS} == set(RULES)


def test_no_two_mutations_have_the_same_name() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS)


def test_a_copy_is_tested_and_not_this_tree(copy: Copy) -> None:
    probe = copy.tree / "tests" / "test_where.py"
    probe.write_text(WHERE % (str(copy.tree), str(copy.tree / "providers")), encoding="utf-8")
    done = copy.runner.run("tests/test_where.py")
    probe.unlink()
    assert done.code == 0, done.output


def test_the_unbroken_copy_passes_the_same_tests(copy: Copy) -> None:
    done = copy.runner.run(*sorted({test for mutation in MUTATIONS for test in mutation.tests}))
    assert done.code == 0, done.output[-4000:]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_rule_is_caught(copy: Copy, mutation: Mutation) -> None:
    with tree.broken(mutation, copy.tree):
        done = copy.runner.run(*mutation.tests)
    noticed = done.code == FAILED_TESTS and "ERROR collecting" not in done.output
    assert noticed, (
        f"rule {mutation.rule} is broken ({mutation.name}) and {', '.join(mutation.tests)} "
        f"did not fail (exit code {done.code}):\n{done.output[-3000:]}"
    )


def test_what_was_broken_is_mended(tmp_path: Path) -> None:
    code = tmp_path / "code.py"
    code.write_text("x = 1\n", encoding="utf-8")
    before = code.stat()
    with tree.broken(_mutation("code.py", "x = 1"), tmp_path):
        assert code.read_text(encoding="utf-8") == "\n"
    assert code.read_text(encoding="utf-8") == "x = 1\n"
    assert code.stat().st_mtime_ns == before.st_mtime_ns


@pytest.mark.parametrize("place", ["code.py", "gone.py", "."])
def test_a_mutation_that_no_longer_applies_is_an_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "code.py").write_text("x = 1\n", encoding="utf-8")
    with (
        pytest.raises(tree.StaleMutationError, match="0 times, not once"),
        tree.broken(_mutation(place, "y = 1"), tmp_path),
    ):
        pass


def test_a_mutation_that_applies_twice_is_an_error(tmp_path: Path) -> None:
    for name in ("one.py", "two.py"):
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    with (
        pytest.raises(tree.StaleMutationError, match="2 times, not once"),
        tree.broken(_mutation(".", "x = 1"), tmp_path),
    ):
        pass


def _mutation(file: str, before: str) -> Mutation:
    return Mutation(name="m", rule=1, file=file, before=before, after="", tests=())
