"""Which words keepalived wants behind its keywords: real keepalived takes those and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.lint import confs_of_text, lint
from cloudfail.keepalived.lint.rule import MEASURED
from cloudfail.keepalived.lint.rules.values import NEEDS_WORD, RANGES, Range
from cloudfail.keepalived.options import KEYWORDS, option

from keepalived.lint.real import NEEDS_KEEPALIVED, SECURE, check_all, whole

pytestmark = [pytest.mark.keepalived, NEEDS_KEEPALIVED]
INSTANCE = "vrrp_instance VI_1 {\n}\n"
BLOCKS = {
    "vrrp_instance": "vrrp_instance VI_1 {\n  %s\n}\n",
    "authentication": "vrrp_instance VI_1 {\n  authentication {\n    %s\n  }\n}\n",
    "vrrp_sync_group": "vrrp_sync_group G {\n  %s\n}\n" + INSTANCE,
    "global_defs": "global_defs {\n  %s\n}\n" + INSTANCE,
    "vrrp_script": 'vrrp_script s {\n  script "/bin/true"\n  %s\n}\n' + INSTANCE,
    "vrrp_track_process": 'vrrp_track_process p {\n  process "x"\n  %s\n}\n' + INSTANCE,
    "track_file": "track_file f {\n  file /run/f\n  %s\n}\n" + INSTANCE,
    "vrrp_track_file": "vrrp_track_file f {\n  file /run/f\n  %s\n}\n" + INSTANCE,
}


def text_of(block: str, line: str) -> str:
    return SECURE + whole(BLOCKS[block] % line)


def lines_without_a_word() -> dict[str, str]:
    return {
        f"{block}-{keyword}": text_of(block, keyword)
        for block in BLOCKS
        for keyword in KEYWORDS[block]
        if keyword in NEEDS_WORD
    }


def test_a_keyword_without_its_word_ends_keepalived(tmp_path: Path) -> None:
    texts = lines_without_a_word()
    assert {name.partition("-")[2] for name in texts} == NEEDS_WORD
    said = check_all(texts, tmp_path)
    assert {name: one.log for name, one in said.items() if one.code != 2} == {}
    for name, text in texts.items():
        assert "KA097" in {one.code for one in lint(confs_of_text(text), MEASURED)}, name


def around(allowed: Range) -> dict[str, bool]:
    """The border on both sides, and what is no number; true for what is taken."""
    if not allowed.is_whole:
        return {"1.5": True, f"{allowed.high:g}": True, f"{allowed.high + 1:g}": False, "x": False}
    low, high = int(allowed.low), int(allowed.high)
    most = high < 1 << 30  # further up keepalived differs from keyword to keyword
    return {
        str(low): True,
        str(low - 1): False,
        "1.5": False,
        "x": False,
        **({str(high): True, str(high + 1): False} if most else {"100000": True}),
    }


def test_the_ranges_are_those_of_keepalived(tmp_path: Path) -> None:
    cases = {
        f"{block}-{keyword}-{value}": (text_of(block, f"{keyword} {value}"), taken)
        for block, ranges in RANGES.items()
        for keyword, allowed in ranges.items()
        if option(block, keyword) is not None
        for value, taken in around(allowed).items()
        if not (keyword.endswith("garp_master_repeat") and value == "0")  # KA058
    }
    assert len(cases) > 100
    said = check_all({name: text for name, (text, _) in cases.items()}, tmp_path)
    for name, (text, taken) in cases.items():
        assert (said[name].code == 0) is taken, (name, said[name].log)
        assert ("KA098" in {one.code for one in lint(confs_of_text(text), MEASURED)}) is not taken
