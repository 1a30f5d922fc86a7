"""Every rule over every file: findings, minus those that were suppressed with a reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from cloudfail.keepalived.lint import rules
from cloudfail.keepalived.lint.finding import Finding
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import FileRule, Hit, HostRule, NodesRule, Rule
from cloudfail.keepalived.lint.suppression import left, mistakes, suppressions_of
from cloudfail.keepalived.version import Version

_FEWEST = 2


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
    found: dict[Finding, None] = {}
    ran = set()
    for rule in rules.ALL:
        if not _applies(rule, confs, host):
            continue
        ran.add(rule.code)
        for hit in _hits(rule, confs, version, host, root):
            found[_finding(rule, hit)] = None
    written = suppressions_of(confs)
    wrong = mistakes(tuple(found), written, rules.BY_CODE, ran)
    own = (_finding(rules.BY_CODE[code], hit) for code, hit in wrong)
    return _sorted((*left(tuple(found), written), *own), confs)


def _applies(rule: Rule, confs: Sequence[NodeConf], host: Collection[NodeConf]) -> bool:
    if isinstance(rule, HostRule):
        return bool(host)
    return isinstance(rule, FileRule) or (isinstance(rule, NodesRule) and len(confs) >= _FEWEST)


def _hits(
    rule: Rule,
    confs: Sequence[NodeConf],
    version: Version,
    host: Collection[NodeConf],
    root: Path,
) -> Iterator[Hit]:
    if isinstance(rule, FileRule):
        for conf in confs:
            yield from rule.check(conf, version)
    elif isinstance(rule, NodesRule):
        yield from rule.check(confs, version)
    elif isinstance(rule, HostRule):
        for conf in host:
            yield from rule.check(conf, version, root)


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
