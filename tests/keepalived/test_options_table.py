"""The table of keywords by itself: from which version on, and by which source."""

from __future__ import annotations

import pytest
from cloudfail.keepalived.options import (
    ENTRY_WORDS,
    FOREIGN,
    KEYWORDS,
    Option,
    entry_word,
    knows,
    option,
)
from cloudfail.keepalived.version import OLDEST, parse_version


def test_every_version_above_2_0_0_says_where_it_is_proven() -> None:
    told = {"ChangeLog", "release notes", "parser", "man page"}
    options = [
        one for known in (*KEYWORDS.values(), *ENTRY_WORDS.values()) for one in known.values()
    ]
    assert {one.source for one in options if one.since > OLDEST} == told
    assert {one.source for one in options if one.since == OLDEST} == {""}


def test_the_changelog_proves_only_what_it_covers() -> None:
    options = [one for known in KEYWORDS.values() for one in known.values()]
    last = parse_version("2.0.20")
    assert all(one.since <= last for one in options if one.source == "ChangeLog")
    assert all(one.since > last for one in options if one.source == "release notes")


def test_every_block_that_the_table_names_has_its_keywords() -> None:
    blocks = {
        word for known in KEYWORDS.values() for word, one in known.items() if one.takes == "block"
    }
    assert blocks == set(KEYWORDS) - {""}


def test_the_blocks_of_the_checkers_and_of_bfd_are_foreign() -> None:
    foreign = {word for word, one in KEYWORDS[""].items() if one.takes == "foreign"}
    nested = {inner for inside in FOREIGN.values() for inner in inside}
    assert foreign == set(FOREIGN) - nested
    assert "MISC_CHECK" in nested


@pytest.mark.parametrize(
    ("text", "block", "keyword", "known"),
    [
        ("2.2.7", "vrrp_instance", "no_virtual_ipaddress", False),
        ("2.2.8", "vrrp_instance", "no_virtual_ipaddress", True),
        ("2.3.4", "vrrp_instance", "auth_hmac", False),
        ("2.4.0", "auth_hmac", "active_key", True),
        ("2.0.5", "vrrp_instance", "notify_master_rx_lower_pri", False),
        ("2.0.6", "vrrp_instance", "notify_master_rx_lower_pri", True),
        ("2.0.20", "", "track_file", False),
        ("2.0.0", "", "vrrp_track_file", True),
        ("2.0.0", "global_defs", "vrrp_higher_prio_send_advert", True),
        ("2.4.0", "global_defs", "frobnicate", False),
        ("2.4.0", "no_such_block", "priority", False),
        ("2.2.7", "vrrp_instance", "includea", True),
    ],
)
def test_a_keyword_is_known_from_its_version_on(
    text: str, block: str, keyword: str, known: bool
) -> None:
    assert knows(parse_version(text), block, keyword) is known


def test_a_keyword_that_went_is_unknown_from_then_on() -> None:
    gone = Option(takes="flag", until=parse_version("2.3.0"))
    answers = [gone.known_to(parse_version(text)) for text in ("2.2.8", "2.3.0", "2.4.0")]
    assert answers == [True, False, False]


def test_words_of_an_entry_are_not_keywords() -> None:
    known = entry_word("virtual_ipaddress", "preferred_lft")
    assert known is not None
    assert known.since == parse_version("2.0.20")
    assert option("virtual_ipaddress", "preferred_lft") is None
    assert entry_word("unicast_peer", "dev") is None
