"""Keywords that keepalived does not know, and words that it does not read."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.config.problems import nearest
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, FileRule, Hit
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

_BOOLS = frozenset({"on", "off", "true", "false", "yes", "no"})
_OFF = frozenset({"off", "false", "no"})
# Measured: without a word after it, each of them ends keepalived.
_NEEDS_WORD = frozenset(
    {
        *("priority", "virtual_router_id", "advert_int", "state", "interface", "unicast_src_ip"),
        *("preempt_delay", "auth_pass", "auth_type", "vrrp_version", "interval"),
    }
)


def _blocks(conf: NodeConf) -> Iterator[tuple[str, Statement, Option | None]]:
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
    for block, line, known in _blocks(conf):
        if known is None and not line.is_block:
            yield Hit(
                line.place, f'unknown keyword "{line.keyword}"{_in(block)}', _meant(block, line)
            )


def _unknown_block(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for block, line, known in _blocks(conf):
        if line.is_block and (known is None or not known.known_to(version)):
            what = f'unknown block "{line.keyword}"{_in(block)}'
            ends = f": its }} ends the {block}" if block else ""
            yield Hit(
                line.place, what + ends, _meant(block, line) if known is None else _since(known)
            )


def _newer(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for block, line, known in _blocks(conf):
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
        if of not in ENTRY_WORDS:
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


def _on_anyway(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for _, line, known in _blocks(conf):
        if known is not None and known.takes == "flag" and line.value in _OFF:
            yield Hit(
                line.place, f"{line.keyword} {line.value} switches it on: it takes no argument"
            )


def _no_bool(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for _, line, known in _blocks(conf):
        if known is not None and known.takes == "bool" and line.value not in {"", *_BOOLS}:
            yield Hit(line.place, f'{line.keyword} "{line.value}" is neither on nor off')


def _no_word(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for _, line, known in _blocks(conf):
        if known is not None and line.keyword in _NEEDS_WORD and not line.args:
            yield Hit(line.place, f"{line.keyword} has no value: keepalived exits with 2")


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
    FileRule(
        code="KA095",
        title="A flag that looks switched off",
        severity=ERROR,
        why="A flag takes no argument; what follows is ignored without a message: `nopreempt false` is "
        "nopreempt.",
        remedy="take the line out to switch it off",
        example="vrrp_instance VI_1 {\n  nopreempt false\n}\n",
        repaired="vrrp_instance VI_1 {\n  nopreempt\n}\n",
        check=_on_anyway,
    ),
    FileRule(
        code="KA096",
        title="Neither on nor off",
        severity=WARNING,
        why="`Invalid value for vrrp_higher_prio_send_advert specified`, `-t` exits 5, and the default "
        "stays. keepalived takes on, off, true, false, yes, no, and nothing for on.",
        remedy="write true or false",
        example="global_defs {\n  vrrp_higher_prio_send_advert 1\n}\n",
        repaired="global_defs {\n  vrrp_higher_prio_send_advert true\n}\n",
        check=_no_bool,
    ),
    FileRule(
        code="KA097",
        title="A keyword without its value",
        severity=ERROR,
        why="`is missing a parameter after keyword`: keepalived exits with 2, on a reload too.",
        remedy="write the value after it, or take the line out",
        example="vrrp_instance VI_1 {\n  priority\n}\n",
        repaired="vrrp_instance VI_1 {\n  priority 150\n}\n",
        check=_no_word,
    ),
)
