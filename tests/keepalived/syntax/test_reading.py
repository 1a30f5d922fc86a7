"""What is read of a configuration: the cases, and real keepalived's word on each of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.syntax import Tree, read_files

from keepalived.syntax.cases import CASES, Case
from keepalived.syntax.real import END, NEEDS_KEEPALIVED, Keyword, check

BY_NAME = {f"{number}: {case.name}": case for number, case in enumerate(CASES)}
every_case = pytest.mark.parametrize("case", BY_NAME.values(), ids=BY_NAME)


def written(directory: Path, case: Case) -> Path:
    for name, text in case.files.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(text.encode("latin-1"))
    path = directory / "top.conf"
    path.write_bytes(f"{case.text}{END}\n".encode("latin-1"))
    return path


def keywords(tree: Tree) -> list[Keyword]:
    """All but END, which has to be there: nothing may have swallowed it."""
    found = [(Path(one.place.file).name, one.place.line, one.keyword) for _, one in tree.walk()]
    assert found.pop()[2] == END
    return found


@every_case
def test_the_keywords_are_these(tmp_path: Path, case: Case) -> None:
    tree = read_files([written(tmp_path, case)], config_id=case.config_id)
    read = [keyword.replace(" ", "·") or "·" for _, _, keyword in keywords(tree)]
    assert " ".join(read) == case.keywords


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
@every_case
def test_keepalived_reads_the_same_keywords_on_the_same_lines(tmp_path: Path, case: Case) -> None:
    path = written(tmp_path, case)
    said = check(path, "-i", case.config_id).unknown(path.name)
    assert keywords(read_files([path], config_id=case.config_id)) == said


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
def test_a_nul_hides_the_rest_of_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, Case("", "a\0b\nc d\n", ""))
    assert keywords(read_files([path])) == [("top.conf", 1, "a"), ("top.conf", 2, "c")]
    output = check(path).output  # such a line does not count as one for keepalived
    assert output.startswith("Unknown keyword 'a'\n(Line 1) Unknown keyword 'c'\n")
