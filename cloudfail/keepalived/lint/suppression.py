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
_CODES = re.compile(r"[ \t,]*([A-Z]{2}[0-9]+)\b")


class Suppression(msgspec.Struct, frozen=True):
    """`reason` is the rest of the comment; without one it does not count."""

    place: Place
    codes: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is on the same line, or on the next."""
        return (
            bool(self.reason)
            and finding.code in self.codes
            and finding.place.file == self.place.file
            and finding.place.line - self.place.line in (0, 1)
        )


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
    if not written:
        return tuple(found)
    return tuple(one for one in found if not any(each.covers(one) for each in written))


def mistakes(
    found: Sequence[Finding],
    written: Sequence[Suppression],
    known: Collection[str],
    ran: Collection[str],
) -> Iterator[tuple[str, Hit]]:
    """Yield code and hit of what is wrong with the suppressions; `ran` are the rules that ran."""
    for one in written:
        if not one.codes or not one.reason:
            what = "no reason" if one.codes else "no code"
            yield NO_REASON, Hit(one.place, f"the suppression has {what}, and does not count")
            continue
        for code in one.codes:
            if code not in known:
                yield UNKNOWN, Hit(one.place, f"there is no {code}")
            elif code in ran and not any(one.covers(each) for each in found if each.code == code):
                yield UNUSED, Hit(one.place, f"there is no {code} here to ignore")
