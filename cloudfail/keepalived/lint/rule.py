"""What a rule is: what it is about, why, and the check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.syntax import Place
from cloudfail.keepalived.version import Version
from cloudfail.model import Severity

# What Debian 12 has, and what the facts were measured with.
MEASURED = Version(2, 2, 7)
INFO, WARNING, ERROR = Severity.INFO, Severity.WARNING, Severity.ERROR
FileCheck = Callable[[NodeConf, Version], Iterator["Hit"]]
NodesCheck = Callable[[Sequence[NodeConf], Version], Iterator["Hit"]]
HostCheck = Callable[[NodeConf, Version, Path], Iterator["Hit"]]


class Hit(msgspec.Struct, frozen=True):
    """What a check yields; an empty remedy is the rule's."""

    place: Place
    message: str
    remedy: str = ""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """`why` carries the fact, with its number; `remedy` is what to do where a hit says nothing.

    `example` is a snippet for which the rule speaks with the keepalived of `version`, and
    `repaired` one for which it is silent: a text, or one per node for a rule about several.

    Rules that say the same from different knowledge: on a line where this one speaks, those of
    `replaces` are silent; where this one is asked, file rules of `settles` are not.
    """

    code: str
    title: str
    severity: Severity
    why: str
    remedy: str
    example: str | tuple[str, ...]
    repaired: str | tuple[str, ...] = ""
    version: Version = MEASURED
    replaces: tuple[str, ...] = ()
    settles: tuple[str, ...] = ()

    @property
    def examples(self) -> tuple[str, ...]:
        return _texts(self.example)

    @property
    def repairs(self) -> tuple[str, ...]:
        return _texts(self.repaired)


class FileRule(Rule, frozen=True, kw_only=True):
    """About what one file shows."""

    check: FileCheck


class NodesRule(Rule, frozen=True, kw_only=True):
    """About nodes that do not fit together; called with two confs or more."""

    check: NodesCheck


class HostRule(Rule, frozen=True, kw_only=True):
    """About the machine that the file is for, beneath a root."""

    check: HostCheck


def _texts(text: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(text, tuple):
        return text
    return (text,) if text else ()
