"""keepalived's own sample configurations are read without a complaint about their syntax."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cloudfail.keepalived.lint import confs_of, lint
from cloudfail.keepalived.lint.rule import MEASURED

from keepalived.lint.real import NEEDS_KEEPALIVED
from keepalived.syntax.real import check

_UNKNOWN = re.compile(r"Line (\d+)\) Unknown keyword '(.*)'")
SAMPLES = sorted(Path("/usr/share/doc/keepalived/samples").glob("keepalived.conf.*"))


@pytest.mark.skipif(not SAMPLES, reason="keepalived's samples are not installed")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_a_sample_is_no_syntax_error(sample: Path) -> None:
    found = {one.code for one in lint(confs_of(sample), MEASURED)}
    assert not {code for code in found if code.startswith("KA9")}


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
@pytest.mark.skipif(not SAMPLES, reason="keepalived's samples are not installed")
def test_unknown_keywords_of_the_samples_are_those_that_keepalived_names(tmp_path: Path) -> None:
    ours, theirs = set(), set()
    for sample in SAMPLES:
        path = tmp_path / sample.name
        path.write_bytes(sample.read_bytes())
        found = [one for one in lint(confs_of(path), MEASURED) if one.code == "KA091"]
        ours |= {(sample.name, one.place.line, one.message.split('"')[1]) for one in found}
        said = _UNKNOWN.findall(check(path).output)
        theirs |= {(sample.name, int(line), word) for line, word in said}
    assert ours == theirs
    assert ours, "one of them has an unknown keyword"
