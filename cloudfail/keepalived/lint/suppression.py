"""Comments that take a finding away which somebody knows, and say why it may stay.

`# cloudfail: ignore KA012 because ...` counts for its line and the next one;
`# cloudfail: ignore-file KA001 because ...` for its file, and for what that includes where it is
the file that keepalived is started with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence

import msgspec

from cloudfail.keepalived.lint.finding import Finding
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import Hit
from cloudfail.keepalived.syntax import Comment, Place

NO_REASON, UNKNOWN, UNUSED = "KA911", "KA912", "KA913"
_COMMENT = re.compile(r"cloudfail:[ \t]*ignore(-file)?(?![\w-])(.*)", re.DOTALL)
_CODES = re.compile(r"[ \t,]*([A-Z]{2}[0-9]+)\b")
_ANY_LINE = 0
Key = tuple[str, str, int]  # code, file, line
Same = Callable[[str], Collection[str]]


class Suppression(msgspec.Struct, frozen=True):
    """`reason` is the rest of the comment; without one it does not count.

    `files` are those that it counts for as a whole; empty where it counts for two lines.
    """

    place: Place
    codes: tuple[str, ...]
    reason: str
    files: tuple[str, ...] = ()

    def covered(self, code: str, same: Same) -> Iterator[Key]:
        """Yield what it takes away by that code, and by those that say the same."""
        if not self.reason:
            return
        lines = (self.place.line, self.place.line + 1)
        places = [(name, _ANY_LINE) for name in self.files]
        for one in same(code):
            yield from ((one, *at) for at in places or ((self.place.file, n) for n in lines))


def suppressions_of(confs: Sequence[NodeConf]) -> tuple[Suppression, ...]:
    """Every suppression once, however many nodes read its file."""
    found = (_suppression(one, conf) for conf in confs for one in conf.tree.comments)
    return tuple(dict.fromkeys(one for one in found if one is not None))


def _suppression(comment: Comment, conf: NodeConf) -> Suppression | None:
    match = _COMMENT.match(comment.text)
    if match is None:
        return None
    text, at, codes = match[2], 0, []
    while (code := _CODES.match(text, at)) is not None:
        codes.append(code[1])
        at = code.end()
    own = comment.place.file
    files = (own, *(conf.tree.files if own == conf.file else ())) if match[1] else ()
    return Suppression(comment.place, tuple(codes), text[at:].strip(" \t,:;-"), files)


def left(
    found: Sequence[Finding], written: Sequence[Suppression], same: Same
) -> tuple[Finding, ...]:
    """Return the findings that no suppression covers."""
    covered = {key for one in written for code in one.codes for key in one.covered(code, same)}
    return tuple(one for one in found if covered.isdisjoint(_keys(one)))


def mistakes(
    found: Sequence[Finding],
    written: Sequence[Suppression],
    same: Same,
    known: Collection[str],
    ran: Collection[str],
) -> Iterator[tuple[str, Hit]]:
    """Yield code and hit of what is wrong with the suppressions; `ran` are the rules that ran."""
    there = {key for one in found for key in _keys(one)}
    for one in written:
        if not one.codes or not one.reason:
            what = "no reason" if one.codes else "no code"
            yield NO_REASON, Hit(one.place, f"the suppression has {what}, and does not count")
            continue
        for code in one.codes:
            if code not in known:
                yield UNKNOWN, Hit(one.place, f"there is no {code}")
            elif code in ran and there.isdisjoint(one.covered(code, same)):
                yield UNUSED, Hit(one.place, f"there is no {code} here to ignore")


def _keys(one: Finding) -> tuple[Key, Key]:
    at = one.place
    return (one.code, at.file, at.line), (one.code, at.file, _ANY_LINE)
