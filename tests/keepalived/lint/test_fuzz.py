"""Any text is linted to its end, without an exception."""

from __future__ import annotations

import random

import pytest
from cloudfail.keepalived.lint import confs_of_text, lint
from cloudfail.keepalived.lint.rules import ALL
from cloudfail.keepalived.options import ENTRY_WORDS, KEYWORDS
from cloudfail.keepalived.version import Version
from hypothesis import given, settings
from hypothesis import strategies as st

from keepalived.syntax.test_fuzz import ANYTHING

TOP = (
    "global_defs",
    "vrrp_instance",
    "vrrp_instance",
    "vrrp_sync_group",
    "vrrp_script",
    "vrrp_track_process",
)
LISTS = (*ENTRY_WORDS, "group", "authentication", "auth_hmac")
WORDS = sorted({word for known in (*KEYWORDS.values(), *ENTRY_WORDS.values()) for word in known})
VALUES = (
    *("0", "1", "-1", "255", "256", "9" * 40, "0.5", "1.5.2", ".", "-", "٣", "true", "false", "MASTER"),
    *("10.0.0.1", "10.0.0.1/24", "10.0.0.1/999999", "fd00::1", "fd00::1/128", "fe80::1%eth0", "::ffff:1.2.3.4"),
    *("node-b", "eth0", '"/bin/true a b"', '"/bin/sh -c \'x > y\'"', '"/bin/true > x"', '"/x/python -m y"'),
    *('"/bin/x release"', '"\'"', '""', '"</dev/tcp/::1/80"', '"\\x"', "PASS", "AH", "dev", "weight", "reverse"),
    *("min_ttl", "preferred_lft", "root", "{", "}", "@a", "V", "W", "# cloudfail: ignore KA001 reason"),
)  # fmt: skip
SEEDS = range(800)
HEADS = ("", "  unicast_peer {\n    10.0.0.1\n    10.0.0.2\n  }\n")


def conf(seed: int) -> str:
    """A text of keepalived's own words, mostly where they belong."""
    pick = random.Random(seed)
    return "".join(block(pick, pick.choice(TOP)) for _ in range(pick.randrange(1, 5)))


def block(pick: random.Random, name: str, *, inside: bool = False) -> str:
    known = sorted(KEYWORDS.get(name, ENTRY_WORDS.get(name, ())))
    lines = [line(pick, known) for _ in range(pick.randrange(12))]
    if not inside:
        lines += [block(pick, pick.choice(LISTS), inside=True) for _ in range(pick.randrange(5))]
    pick.shuffle(lines)
    head = pick.choice(HEADS) if name == "vrrp_instance" else ""
    return f"{name} {pick.choice('VW')} {{\n{head}" + "".join(lines) + "}\n"


def line(pick: random.Random, known: list[str]) -> str:
    word = pick.choice(known or VALUES) if pick.random() < 0.9 else pick.choice([*WORDS, *VALUES])
    return " ".join((word, *pick.choices(VALUES, k=pick.choice((0, 1, 1, 1, 2, 3))))) + "\n"


@given(text=ANYTHING, version=st.builds(Version, st.just(2), st.integers(0, 4), st.integers(0, 20)))
@settings(deadline=None)
def test_any_text_is_linted(text: str, version: Version) -> None:
    found = lint(confs_of_text(text), version)
    assert all(one.place.line >= 1 and one.message and one.remedy for one in found)
    assert len(set(found)) == len(found)


@pytest.mark.sweep
def test_any_order_of_keywords_is_linted_and_reaches_the_rules() -> None:
    reached: set[str] = set()
    for seed in SEEDS:
        reached.update(one.code for one in lint(confs_of_text(conf(seed)), Version(2, 2, 7)))
    about_one_file = {rule.code for rule in ALL if rule.code < "KA1"}
    assert len(about_one_file & reached) > 0.7 * len(about_one_file), about_one_file - reached


@pytest.mark.parametrize("count", [1000])
def test_many_suppressions_and_findings_end(count: int) -> None:
    text = "".join(
        f"vrrp_instance V{n} {{\n  # cloudfail: ignore KA013 reason {n}\n  priority 255\n}}\n"
        for n in range(count)
    )
    assert "KA013" not in {one.code for one in lint(confs_of_text(text), Version(2, 2, 7))}
