"""`# cloudfail: ignore KA012 because ...`: a finding that somebody knows, and why it may stay."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from cloudfail.keepalived.lint.finding import Finding
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import Hit
from cloudfail.keepalived.syntax import Place

NO_REASON, UNKNOWN, UNUSED = "KA911", "KA912", "KA913"
_COMMENT = re.compile(r"cloudfail:[ \t]*ignore\b(.*)", re.DOTALL)
Key = tuple[str, str, int]
_CODES = re.compile(r"[ \t,]*([A-Z]{2}[0-9]+)\b")


class Suppression(msgspec.Struct, frozen=True):
    """`reason` is the rest of the comment; without one it does not count."""

    place: Place
    codes: tuple[str, ...]
    reason: str

    def covered(self) -> Iterator[Key]:
        """Yield code, file and line of what it takes away: on its own line, and on the next."""
        if self.reason:
            for code in self.codes:
                yield code, self.place.file, self.place.line
                yield code, self.place.file, self.place.line + 1


def suppressions_of(confs: Sequence[NodeConf]) -> tuple[Suppression, ...]:
    """Every suppression once, however many nodes read its file."""
    comments = dict.fromkeys(one for conf in confs for one in conf.tree.comments)
    found = ((one.place, _COMMENT.match(one.text)) for one in comments)
    return tuple(_suppression(place, match[1]) for place, match in found if match)


def _suppression(place: Place, text: str) -> Suppression:
    codes = []
    at = 0
    while (match := _CODES.match(text, at)) is not None:
        codes.append(match[1])
        at = match.end()
    return Suppression(place, tuple(codes), text[at:].strip(" \t,:;-"))


def left(found: Sequence[Finding], written: Sequence[Suppression]) -> tuple[Finding, ...]:
    """Return the findings that no suppression covers."""
    covered = {key for one in written for key in one.covered()}
    return tuple(one for one in found if _key(one) not in covered)


def mistakes(
    found: Sequence[Finding],
    written: Sequence[Suppression],
    known: Collection[str],
    ran: Collection[str],
) -> Iterator[tuple[str, Hit]]:
    """Yield code and hit of what is wrong with the suppressions; `ran` are the rules that ran."""
    there = {_key(one) for one in found}
    for one in written:
        if not one.codes or not one.reason:
            what = "no reason" if one.codes else "no code"
            yield NO_REASON, Hit(one.place, f"the suppression has {what}, and does not count")
            continue
        used = {code for code, *at in one.covered() if (code, *at) in there}
        for code in one.codes:
            if code not in known:
                yield UNKNOWN, Hit(one.place, f"there is no {code}")
            elif code in ran and code not in used:
                yield UNUSED, Hit(one.place, f"there is no {code} here to ignore")


def _key(one: Finding) -> Key:
    return one.code, one.place.file, one.place.line
