"""The table of keywords, held against the keepalived installed here and its man page."""

from __future__ import annotations

import gzip
import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.keepalived.options import (
    DIRECTIVES,
    ENTRY_WORDS,
    KEYWORDS,
    MISPRINTS,
    Option,
    Takes,
    knows,
    option,
)
from cloudfail.keepalived.version import (
    Version,
    installed_features,
    installed_version,
)

MAN_PAGE = Path("/usr/share/man/man5/keepalived.conf.5.gz")
KEEPALIVED = Path("/usr/sbin/keepalived")
SECTIONS = (
    "Global definitions",
    "Linkbeat interfaces",
    "Static track groups",
    "Static routes/addresses/rules",
    "Track files",
    "VRRP track processes",
    "VRRP script(s)",
    "VRRP synchronization group(s)",
    "VRRP gratuitous ARP and unsolicited neighbour advert delay group(s)",
    "VRRP instance(s)",
    "Interface up/down status change debouncing",
)
# In no version, so that a silent answer cannot pass for "all are known".
NOBODY_KNOWS = "frobnicate"
WRITTEN: dict[Takes, str] = {
    "flag": "{}",
    "bool": "{} on",
    "value": "{} 1",
    "optional": "{}",
    "values": "{} 1",
    "script": '{} "/bin/true"',
    "list": "{} {{\n}}",
    "block": "{} x {{\n}}",
    "foreign": "{} x {{\n}}",
}
OPENED = {
    "": ("", ""),
    "authentication": ("vrrp_instance x {\nauthentication {\n", "}\n}\n"),
    "auth_hmac": ("vrrp_instance x {\nauth_hmac {\n", "}\n}\n"),
}
# These act while they are read: keepalived gives up on a namespace that does not exist.
ACTING = ("net_namespace", "net_namespace_ipvs")
ARGUMENTS = {
    "dev": "lo",
    "scope": "link",
    "brd": "192.0.2.255",
    "broadcast": "192.0.2.255",
    "label": "lo:1",
    "peer": "192.0.2.2",
    "preferred_lft": "forever",
    "min_ttl": "254",
    "max_ttl": "255",
}
INSTANCE = """vrrp_instance x {{
interface lo
virtual_router_id 1
{of} {{
192.0.2.1 {words}
}}
}}
"""


needs_keepalived = pytest.mark.skipif(
    os.geteuid() != 0 or not KEEPALIVED.exists(), reason="needs root and keepalived"
)


def said_of(tmp_path: Path, text: str) -> str:
    """What keepalived says when it tests the file, in a network namespace of its own."""
    file = tmp_path / "keepalived.conf"
    file.write_text(text)
    done = process.run(
        ["unshare", "--net", str(KEEPALIVED), "-t", "-f", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    return done.stderr + done.stdout


def unknown(tmp_path: Path, text: str) -> set[str]:
    """The words that keepalived does not know in the file."""
    return set(re.findall(r"Unknown keyword '([^']*)'", said_of(tmp_path, text)))


def in_this_build(block: str) -> dict[str, Option]:
    built = installed_features()
    known = KEYWORDS[block].items()
    return {
        word: one
        for word, one in known
        if word not in ACTING and (not one.needs or one.needs in built)
    }


def written(version: Version, block: str, known: Iterable[str]) -> str:
    """A file with a line for each of the keywords, and a word that nobody knows at the end."""
    before, after = OPENED.get(block, (f"{block} x {{\n", "}\n"))
    lines = [written_line(version, block, word) for word in known]
    return "\n".join([before, *lines, NOBODY_KNOWS, after])


def written_line(version: Version, block: str, word: str) -> str:
    one = KEYWORDS[block][word]
    # The end of an unknown block would end the block around it.
    return (WRITTEN[one.takes] if one.known_to(version) else "{} 1").format(word)


@pytest.fixture
def version() -> Version:
    found = installed_version()
    assert found is not None
    return found


@pytest.mark.keepalived
@needs_keepalived
@pytest.mark.parametrize("block", [block for block in KEYWORDS if block != "auth_hmac"])
def test_keepalived_knows_exactly_what_the_table_says(
    tmp_path: Path, version: Version, block: str
) -> None:
    known = in_this_build(block)
    said = unknown(tmp_path, written(version, block, known))
    assert said == {NOBODY_KNOWS, *(word for word in known if not knows(version, block, word))}


@pytest.mark.keepalived
@needs_keepalived
@pytest.mark.parametrize("keyword", ACTING)
def test_keywords_that_act_at_once_are_known_too(tmp_path: Path, keyword: str) -> None:
    assert NOBODY_KNOWS in unknown(tmp_path, f"{NOBODY_KNOWS}\n{keyword} there-is-none\n")
    assert keyword not in unknown(tmp_path, f"{NOBODY_KNOWS}\n{keyword} there-is-none\n")


@pytest.mark.keepalived
@needs_keepalived
def test_the_end_of_an_unknown_block_ends_the_block_around_it(tmp_path: Path) -> None:
    inside = f"vrrp_instance x {{\n{NOBODY_KNOWS} {{\nkey 1\n}}\npriority 1\n}}\n"
    assert unknown(tmp_path, inside) == {NOBODY_KNOWS, "key", "priority", "}"}


@pytest.mark.keepalived
@needs_keepalived
def test_auth_hmac_is_known_from_its_version_on(tmp_path: Path, version: Version) -> None:
    said = unknown(tmp_path, written(version, "auth_hmac", KEYWORDS["auth_hmac"]))
    assert NOBODY_KNOWS in said
    assert ("auth_hmac" in said) is not knows(version, "vrrp_instance", "auth_hmac")


@pytest.mark.keepalived
@needs_keepalived
@pytest.mark.parametrize("keyword", DIRECTIVES)
def test_include_is_read_in_every_form(tmp_path: Path, keyword: str) -> None:
    (tmp_path / "more.conf").write_text("from_the_included_file 1\n")
    said = unknown(tmp_path, f"global_defs {{\n{keyword} more.conf\n}}\n")
    assert said == {"from_the_included_file"}


@pytest.mark.keepalived
@needs_keepalived
@pytest.mark.parametrize("keyword", MISPRINTS)
def test_keepalived_does_not_know_what_its_man_page_misprints(tmp_path: Path, keyword: str) -> None:
    assert unknown(tmp_path, f"global_defs {{\n{keyword} /tmp/x\n}}\n") == {keyword}
    assert option("global_defs", MISPRINTS[keyword]) is not None


@pytest.mark.keepalived
@needs_keepalived
@pytest.mark.parametrize("of", ["virtual_ipaddress", "unicast_peer"])
def test_keepalived_takes_the_words_of_an_entry(tmp_path: Path, version: Version, of: str) -> None:
    words = [
        f"{word} {ARGUMENTS.get(word, '')}"
        for word, one in ENTRY_WORDS[of].items()
        if one.known_to(version)
    ]
    assert words
    for word in words:
        assert not complaints(tmp_path, of, word), word
    assert complaints(tmp_path, of, f"{NOBODY_KNOWS} 1")


def complaints(tmp_path: Path, of: str, words: str) -> list[str]:
    """What keepalived says of an entry beyond what it says of one without words."""
    texts = [INSTANCE.format(of=of, words=one) for one in ("", words)]
    plain, said = (said_of(tmp_path, text).splitlines() for text in texts)
    return [line for line in said if line not in plain]


@pytest.mark.skipif(not MAN_PAGE.exists(), reason="keepalived's man page is not installed")
def test_every_keyword_of_the_man_page_is_in_the_table() -> None:
    words = documented()
    assert len(words) > 200
    ours = {word for known in (*KEYWORDS.values(), *ENTRY_WORDS.values()) for word in known}
    assert words - ours - set(DIRECTIVES) - set(MISPRINTS) == set()


def documented() -> set[str]:
    """The bold words at the start of a line, in the sections that are not about LVS or BFD."""
    text = gzip.decompress(MAN_PAGE.read_bytes()).decode()
    found: set[str] = set()
    for section in re.split(r"^\.SH ", text, flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        if title in SECTIONS:
            found |= set(re.findall(r"^\s*\\fB([a-z][a-z0-9_]+)\b", body, re.MULTILINE))
    return found
