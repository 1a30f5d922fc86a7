"""Keywords and blocks that keepalived does not know."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.config.problems import nearest
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, FileRule, Hit
from cloudfail.keepalived.options import (
    DIRECTIVES,
    ENTRY_WORDS,
    KEYWORDS,
    MISPRINTS,
    Option,
    entry_word,
    option,
)
from cloudfail.keepalived.syntax import Place, Statement
from cloudfail.keepalived.version import Version

_MOST_MISSPELT = 100  # what has more is another kind of file, and each costs half a millisecond


def lines_of(conf: NodeConf) -> Iterator[tuple[str, Statement, Option | None]]:
    """Each keyword outside of lists and of the checkers' side, with its block's keyword."""
    waiting: list[tuple[str, Statement]] = [("", one) for one in reversed(conf.tree.statements)]
    while waiting:
        block, line = waiting.pop()
        known = option(block, line.keyword)
        yield block, line, known
        if known is not None and known.takes == "block" and line.keyword in KEYWORDS:
            waiting += [(line.keyword, child) for child in reversed(line.children or ())]


def _unknown(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    found = [(block, line) for block, line, known in lines_of(conf) if known is None]
    for count, (block, line) in enumerate(found):
        if not line.is_block:
            meant = _meant(block, line) if count < _MOST_MISSPELT else ""
            yield Hit(line.place, f'unknown keyword "{line.keyword}"{_in(block)}', meant)


def _unknown_block(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for block, line, known in lines_of(conf):
        if line.is_block and (known is None or not known.known_to(version)):
            what = f'unknown block "{line.keyword}"{_in(block)}'
            ends = f": its }} ends the {block}" if block else ""
            yield Hit(
                line.place, what + ends, _meant(block, line) if known is None else _since(known)
            )


def _newer(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for block, line, known in lines_of(conf):
        if known is not None and not line.is_block and not known.known_to(version):
            yield Hit(
                line.place,
                f"keepalived {version} does not know {line.keyword}{_in(block)}",
                _since(known),
            )


def _since(known: Option) -> str:
    return f"it is known from {known.since} on; take it out, or update keepalived"


def _in(block: str) -> str:
    return f" in {block}" if block else " outside any block"


def _meant(block: str, line: Statement) -> str:
    """The likely spelling, or the block where the keyword belongs."""
    word = line.keyword
    if word in MISPRINTS:
        return f"write {MISPRINTS[word]}"
    homes = [name or "the top level" for name, known in KEYWORDS.items() if word in known]
    if homes:
        return f"it belongs to {' or '.join(homes)}: is there a brace missing, or one too many"
    return nearest(word, (*KEYWORDS.get(block, ()), *DIRECTIVES)).removesuffix("?")


def _entries(conf: NodeConf) -> Iterator[tuple[str, Place, str]]:
    """Each word of a list's lines that is no name, address or value: list, place, word."""
    for above, line in conf.tree.walk():
        of = above[-1].keyword if above else ""
        if of not in ENTRY_WORDS or (len(above) == 1 and of in KEYWORDS):  # track_file is both
            continue
        words = [word.text for word in line.words]
        has_name = False
        while words:
            word = words.pop(0)
            known = entry_word(of, word)
            if known is None and not has_name:
                has_name = True
                continue
            if known is not None and known.takes == "value":
                words = words[1:]
            yield of, line.place, word


def _entry_words(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for of, place, word in _entries(conf):
        known = entry_word(of, word)
        if known is None:
            yield Hit(place, f'unknown word "{word}" in {of}', nearest(word, ENTRY_WORDS[of])[:-1])
        elif not known.known_to(version):
            yield Hit(place, f"keepalived {version} does not know {word} in {of}", _since(known))


RULES = (
    FileRule(
        code="KA091",
        title="An unknown keyword",
        severity=ERROR,
        why="`Unknown keyword`, `-t` exits 5; keepalived runs on without the line.",
        remedy="take it out, or correct it",
        example="vrrp_instance VI_1 {\n  unicast_source_ip 10.99.0.11\n}\n",
        repaired="vrrp_instance VI_1 {\n  unicast_src_ip 10.99.0.11\n}\n",
        check=_unknown,
    ),
    FileRule(
        code="KA092",
        title="A keyword of a newer keepalived",
        severity=ERROR,
        why="`Unknown keyword`, `-t` exits 5; keepalived runs on without the line. From which version on a "
        "keyword is known, was read in parsers, the ChangeLog and release notes.",
        remedy="take it out, or update keepalived",
        example="vrrp_instance VI_1 {\n  no_virtual_ipaddress\n}\n",
        repaired="vrrp_instance VI_1 {\n  unicast_fault_no_peer\n}\n",
        check=_newer,
    ),
    FileRule(
        code="KA093",
        title="An unknown block",
        severity=ERROR,
        why="keepalived does not skip it: its lines count as keywords of the block around it, and its } "
        "closes that one. Measured with 2.2.7: after an unknown block in a vrrp_instance, virtual_ipaddress "
        "was an unknown keyword, and the instance had no address.",
        remedy="take the whole block out",
        example="vrrp_instance VI_1 {\n  track_scripts {\n    web\n  }\n}\n",
        repaired="vrrp_instance VI_1 {\n  track_script {\n    web\n  }\n}\n",
        check=_unknown_block,
    ),
    FileRule(
        code="KA094",
        title="An unknown word in a list",
        severity=ERROR,
        why="`Unknown configuration entry 'foo' for ip address - ignoring`, `unknown unicast_peer option`, "
        "`unknown track script option`; `-t` exits 5, and the rest of the line is not what it seems.",
        remedy="take it out, or correct it",
        example="vrrp_instance VI_1 {\n  virtual_ipaddress {\n    10.99.0.100/32 device eth0\n  }\n}\n",
        repaired="vrrp_instance VI_1 {\n  virtual_ipaddress {\n    10.99.0.100/32 dev eth0\n  }\n}\n",
        check=_entry_words,
    ),
)
