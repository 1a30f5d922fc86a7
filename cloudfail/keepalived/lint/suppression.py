"""`# cloudfail: ignore KA012 because ...`: a finding that somebody knows, and why it may stay."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import msgspec

from cloudfail.keepalived.lint.finding import Finding
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.syntax import Place

_WRITTEN = re.compile(
    r"cloudfail:\s*ignore\b[ \t]*([A-Z]{2}[0-9]*(?:,[ \t]*[A-Z]{2}[0-9]*)*)?[ \t,:]*(.*)"
)


class Suppression(msgspec.Struct, frozen=True):
    """`codes` as written; `reason` is the rest of the comment."""

    place: Place
    codes: tuple[str, ...]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is on the same line, or on the next."""
        return (
            finding.code in self.codes
            and finding.place.file == self.place.file
            and finding.place.line - self.place.line in (0, 1)
        )


def suppressions_of(confs: Sequence[NodeConf]) -> tuple[Suppression, ...]:
    """Every suppression once, however many nodes read its file."""
    return tuple(dict.fromkeys(_all(confs)))


def _all(confs: Sequence[NodeConf]) -> Iterator[Suppression]:
    for conf in confs:
        for comment in conf.tree.comments:
            match = _WRITTEN.fullmatch(comment.text)
            if match is not None:
                codes = re.split(r",[ \t]*", match[1]) if match[1] else ()
                yield Suppression(comment.place, tuple(codes), match[2].strip())


def apply(
    found: Sequence[Finding], confs: Sequence[NodeConf], ran: Collection[str]
) -> tuple[Finding, ...]:
    """Return what is left, with what is wrong with the suppressions themselves."""
    del ran
    written = [one for one in suppressions_of(confs) if one.reason]
    return tuple(one for one in found if not any(each.covers(one) for each in written))
