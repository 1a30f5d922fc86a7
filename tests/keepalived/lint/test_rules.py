"""Every rule: its example is caught, what is repaired is not, and its words are complete."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from cloudfail.keepalived.lint import Finding, confs_of, lint
from cloudfail.keepalived.lint.rule import FileRule, Rule
from cloudfail.keepalived.lint.rules import ALL, BY_CODE

OWN = [rule for rule in ALL if isinstance(rule, FileRule) or type(rule) is Rule]


def findings(texts: Sequence[str], directory: Path, rule: Rule) -> tuple[Finding, ...]:
    """The files as people have them: everybody may read them."""
    paths = [directory / f"{number}.conf" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text)
        path.chmod(0o644)
    return lint([conf for path in paths for conf in confs_of(path)], rule.version)


@pytest.mark.parametrize("rule", OWN, ids=lambda rule: rule.code)
def test_the_example_is_caught_and_the_repaired_one_is_not(rule: Rule, tmp_path: Path) -> None:
    found = findings(rule.examples, tmp_path, rule)
    assert rule.code in {one.code for one in found}
    assert rule.repairs
    left = findings(rule.repairs, tmp_path, rule)
    assert rule.code not in {one.code for one in left}, left


@pytest.mark.parametrize("rule", OWN, ids=lambda rule: rule.code)
def test_a_finding_says_where_what_and_what_to_do(rule: Rule, tmp_path: Path) -> None:
    for one in findings(rule.examples, tmp_path, rule):
        assert one.place.file == str(tmp_path / "0.conf")
        assert 1 <= one.place.line <= rule.examples[0].count("\n") + 1
        assert one.message.rstrip(".") == one.message != ""
        assert one.remedy.rstrip(".?") == one.remedy != ""
        assert "\n" not in str(one)


def test_codes_are_unique_and_in_order() -> None:
    codes = [rule.code for rule in ALL]
    assert codes == sorted(set(codes))
    assert set(codes) == set(BY_CODE)
    assert all(re.fullmatch(r"KA[0129]\d\d", code) for code in codes)


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.code)
def test_a_rule_explains_itself(rule: Rule) -> None:
    assert rule.title.rstrip(".") == rule.title != ""
    assert rule.why.endswith((".", ")"))
    assert rule.remedy.rstrip(".") == rule.remedy != ""
    assert len(rule.why) > 30
