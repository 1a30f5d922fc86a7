"""Every rule over every file: findings, minus those that were suppressed with a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cloudfail.keepalived.lint import rules
from cloudfail.keepalived.lint.finding import Finding
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import FileRule, Hit, HostRule, NodesRule, Rule
from cloudfail.keepalived.lint.suppression import left, mistakes, suppressions_of
from cloudfail.keepalived.version import Version

_FEWEST = 2


@dataclass(frozen=True)
class _Run:
    """What is looked at, and with which eyes."""

    confs: Sequence[NodeConf]
    version: Version
    host: Collection[NodeConf]
    root: Path

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(filter(self._applies, rules.ALL))

    @property
    def asked(self) -> frozenset[str]:
        """The codes that were looked for everywhere."""
        settled = {code for rule in self.rules for code in rule.settles}
        return frozenset(rule.code for rule in self.rules) - settled

    def _applies(self, rule: Rule) -> bool:
        if isinstance(rule, HostRule):
            return bool(self.host)
        if isinstance(rule, NodesRule):
            return len(self.confs) >= _FEWEST
        return isinstance(rule, FileRule)

    def hits(self, rule: Rule) -> Iterator[Hit]:
        if isinstance(rule, FileRule):
            for conf in self._asked(rule):
                yield from rule.check(conf, self.version)
        elif isinstance(rule, NodesRule):
            yield from rule.check(self.confs, self.version)
        elif isinstance(rule, HostRule):
            for conf in self.host:
                yield from rule.check(conf, self.version, self.root)

    def _asked(self, rule: FileRule) -> Sequence[NodeConf]:
        """Leave out the confs of which another rule knows more."""
        known: Collection[NodeConf] = ()
        for other in self.rules:
            if rule.code in other.settles:
                known = self.host if isinstance(other, HostRule) else self.confs
        return [conf for conf in self.confs if conf not in known]


def lint(
    confs: Sequence[NodeConf],
    version: Version,
    *,
    host: Collection[NodeConf] = (),
    root: Path = Path("/"),
) -> tuple[Finding, ...]:
    """Return every finding once, by file in the order given, line and code. Never raises.

    `host` are the confs that are for the machine beneath `root`: its files are looked at.
    """
    run = _Run(confs, version, host, root)
    every = {_finding(rule, hit): None for rule in run.rules for hit in run.hits(rule)}
    found = tuple(_said_once(every))
    written = suppressions_of(confs)
    wrong = mistakes(found, written, rules.same_as, rules.BY_CODE, run.asked)
    own = (_finding(rules.BY_CODE[code], hit) for code, hit in wrong)
    return _sorted((*left(found, written, rules.same_as), *own), confs)


def _said_once(found: Collection[Finding]) -> Iterator[Finding]:
    """Leave out what another rule says better of the same line."""
    said = {(code, one.place) for one in found for code in rules.BY_CODE[one.code].replaces}
    return (one for one in found if (one.code, one.place) not in said)


def _finding(rule: Rule, hit: Hit) -> Finding:
    return Finding(
        code=rule.code,
        severity=rule.severity,
        place=hit.place,
        message=hit.message,
        remedy=hit.remedy or rule.remedy,
    )


def _sorted(found: Sequence[Finding], confs: Sequence[NodeConf]) -> tuple[Finding, ...]:
    names = dict.fromkeys(name for conf in confs for name in (conf.file, *conf.tree.files))
    order = {name: at for at, name in enumerate(names)}

    def key(one: Finding) -> tuple[int, str, int, str, str]:
        at = order.get(one.place.file, len(order))
        return at, one.place.file, one.place.line, one.code, one.message

    return tuple(sorted(found, key=key))
