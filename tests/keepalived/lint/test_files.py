"""Whole files as people have them: every finding is at the line whose comment expects it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from cloudfail.keepalived.lint import confs_of, lint
from cloudfail.keepalived.lint.rule import MEASURED

FILES = Path(__file__).parent / "files"
SETS = (
    ("script-a.conf", "script-b.conf"),
    ("floating.conf",),
    ("router.conf",),
    ("director.conf",),
    ("six.conf",),
)
Found = Counter[tuple[str, int, str]]  # file, line, code


def expected(path: Path) -> Found:
    return Counter(
        (path.name, number, code)
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        for code in re.findall(r"KA\d{3}", line.partition("# expect ")[2])
    )


def found(*paths: Path) -> Found:
    confs = [conf for path in paths for conf in confs_of(path)]
    return Counter(
        (Path(one.place.file).name, one.place.line, one.code) for one in lint(confs, MEASURED)
    )


@pytest.mark.parametrize("names", SETS, ids=lambda names: names[0])
def test_each_finding_is_where_it_is_expected_and_nowhere_else(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.write_text((FILES / path.name).read_text())
        path.chmod(0o644)
    wanted = sum(map(expected, paths), Found())
    assert found(*paths) == wanted
    assert len(wanted) >= 4


def test_every_file_is_tried() -> None:
    assert {name for names in SETS for name in names} == {path.name for path in FILES.iterdir()}
