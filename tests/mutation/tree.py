"""A copy of the tree, one rule broken in it, and the tests that are run there."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from cloudfail import process

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("cloudfail", "providers", "tests", "pyproject.toml", "README.md", "LICENSE")
SECONDS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """A safety rule broken once: in `file`, `before` becomes `after`; one of `tests` must fail.

    `rule` is its number in the list of docs/explanation/safety-rules.md. `file` is a file or a
    folder, in which `before` must stand exactly once: code that moved on takes its mutation along,
    or the suite says so.
    """

    name: str
    rule: int
    file: str
    before: str
    after: str
    tests: tuple[str, ...]


class StaleMutationError(AssertionError):
    """The code has changed under a mutation: it would prove nothing any more."""


def copy_of_the_tree(place: Path) -> Path:
    """Copy what the tests need; nothing that runs there can reach back into this tree."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            skip = shutil.ignore_patterns("__pycache__", ".*", "mutation")
            shutil.copytree(source, place / name, ignore=skip)
        else:
            shutil.copy(source, place / name)
    return place


def break_rule(mutation: Mutation, tree: Path) -> None:
    """Apply the mutation to a copy."""
    place = tree / mutation.file
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.exists() else []
    having = [file for file in files if mutation.before in file.read_text(encoding="utf-8")]
    found = sum(file.read_text(encoding="utf-8").count(mutation.before) for file in having)
    if found != 1:
        raise StaleMutationError(
            f"{mutation.name}: {mutation.file} has the text to break {found} times, not once; "
            f"adapt the mutation to the code:\n{mutation.before}"
        )
    (file,) = having
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(mutation.before, mutation.after), encoding="utf-8")


def run_tests(tree: Path, tests: tuple[str, ...]) -> process.CompletedProcess[str]:
    """Run tests of a copy, with the copy's packages and none of this tree's."""
    kept = {key: text for key, text in os.environ.items() if not key.startswith(("COV", "PYTEST"))}
    path = os.pathsep.join(str(place) for place in (tree, tree / "providers", tree / "tests"))
    options = ("-q", "-x", "-p", "no:cacheprovider", "--rootdir", str(tree))
    config = ("-c", str(tree / "pyproject.toml"))
    return process.run(
        [sys.executable, "-m", "pytest", *options, *config, *tests],
        cwd=tree,
        env=kept | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def where_it_imports_from(tree: Path) -> Path:
    """The place that `import cloudfail` finds in a run of `run_tests`."""
    probe = tree / "tests" / "test_where.py"
    probe.write_text(
        "import cloudfail, cloudfail_aws, pathlib\n"
        "def test_where():\n"
        "    found = {pathlib.Path(m.__file__).parents[1] for m in (cloudfail, cloudfail_aws)}\n"
        f"    here = pathlib.Path({str(tree)!r})\n"
        "    assert found == {here, here / 'providers'}\n",
        encoding="utf-8",
    )
    done = run_tests(tree, ("tests/test_where.py",))
    probe.unlink()
    assert done.returncode == 0, done.stdout + done.stderr
    return tree
