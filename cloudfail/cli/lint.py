"""Find the known mistakes in keepalived.conf, before they cost an outage.

cloudfail lint                          /etc/keepalived/keepalived.conf of this machine
cloudfail lint a.conf b.conf            the files of both nodes: compared with each other too
cloudfail lint --output github a.conf   annotations on the lines of a pull request
cloudfail lint --explain KA012          why a finding is one, and what to do
A comment `# cloudfail: ignore KA012 REASON` on its line, or above it, takes a finding away.
Exit code 0; 1: a finding of --fail-on or worse is left; 78: a file cannot be read.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cloudfail import identity
from cloudfail.cli import messages
from cloudfail.cli import parser as flags
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.errors import UsageError
from cloudfail.keepalived.lint import Finding, NodeConf, confs_of, lint
from cloudfail.keepalived.lint.origin import is_for_another
from cloudfail.keepalived.lint.rule import MEASURED, Rule
from cloudfail.keepalived.lint.rules import ALL, BY_CODE
from cloudfail.keepalived.version import (
    Version,
    check_supported,
    installed_version,
    parse_version,
)
from cloudfail.line import one_line
from cloudfail.model import Severity

DEFAULT = "/etc/keepalived/keepalived.conf"
OUTPUTS = ("text", "json", "github")
FOUND = 1
_ORDER = (Severity.INFO, Severity.WARNING, Severity.ERROR)
_GITHUB = {Severity.INFO: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}


def configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "files", metavar="FILE", nargs="*", type=flags.filled, help=f"default: {DEFAULT}"
    )
    flags.add_output(parser, OUTPUTS)
    parser.add_argument(
        "--fail-on",
        choices=[str(one) for one in reversed(_ORDER)],
        default=str(Severity.WARNING),
        help="exit 1 for a finding of this severity or worse; default: warning",
    )
    parser.add_argument(
        "--keepalived-version",
        metavar="VERSION",
        type=flags.filled,
        help=f"2.0 to 2.4; default: the installed one, else {MEASURED}",
    )
    host = parser.add_mutually_exclusive_group()
    host.add_argument(
        "--host",
        action="store_true",
        default=None,
        help="look at this machine's scripts too; default: unless another node's file was generated",
    )
    host.add_argument("--no-host", dest="host", action="store_false", help="look at the files only")
    about = parser.add_mutually_exclusive_group()
    about.add_argument("--explain", metavar="CODE", type=flags.filled, help="explain one code")
    about.add_argument("--list", action="store_true", help="list all codes")
    flags.add_debug(parser)
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    if args.list:
        return _list(args.output)
    if args.explain:
        return _explain(args.explain.upper(), args.output)
    confs = [conf for name in args.files or [DEFAULT] for conf in confs_of(Path(name))]
    version = _version(args.keepalived_version)
    found = lint(confs, version, host=_for_this_machine(confs, args.host))
    failed = any(
        _ORDER.index(one.severity) >= _ORDER.index(Severity(args.fail_on)) for one in found
    )
    code = FOUND if failed else 0
    if args.output == "json":
        _print_json(confs, version, found, code)
    else:
        _print(confs, found, _github if args.output == "github" else _text)
    return code


def _version(text: str | None) -> Version:
    if text:
        version = parse_version(text)
    else:
        installed = installed_version()
        if installed is None:
            messages.say(
                f"keepalived is not installed here: taking it for {MEASURED}; "
                "say which one it is with --keepalived-version"
            )
        version = installed or MEASURED
    check_supported(version)
    return version


def _for_this_machine(confs: Sequence[NodeConf], host: bool | None) -> list[NodeConf]:
    if host is not None:
        return list(confs) if host else []
    local = identity.local_addresses()
    skipped = [conf for conf in confs if is_for_another(conf, local)]
    for name in dict.fromkeys(conf.file for conf in skipped):
        messages.say(f"{name} is of another node: its scripts are not looked at here; see --host")
    return [conf for conf in confs if conf not in skipped]


def _print(confs: Sequence[NodeConf], found: Sequence[Finding], line: Any) -> None:
    for one in found:
        show(line(one))
    files = len({conf.file for conf in confs})
    read = f"{files} file{'s' if files > 1 else ''}"
    counted = Counter(one.severity for one in found)
    listed = [_counted(counted[one], one) for one in reversed(_ORDER) if counted[one]]
    messages.listed(f"{read}: {', '.join(listed) or 'no findings'}")


def _counted(count: int, severity: Severity) -> str:
    plural = "s" if count > 1 and severity is not Severity.INFO else ""
    return f"{count} {severity}{plural}"


def _text(one: Finding) -> str:
    return one_line(str(one))


def _github(one: Finding) -> str:
    """A workflow command; GitHub escapes %, CR and LF, and in properties : and , too."""
    title = BY_CODE[one.code].title
    properties = {
        "file": one.place.file,
        "line": str(one.place.line),
        "title": f"{one.code} {title}",
    }
    written = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    remedy = f"; {one.remedy}" if one.remedy else ""
    return f"::{_GITHUB[one.severity]} {written}::{_data(one.message + remedy)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _print_json(
    confs: Sequence[NodeConf], version: Version, found: Sequence[Finding], code: int
) -> None:
    counted = Counter(str(one.severity) for one in found)
    print_document(
        document(
            "lint",
            keepalived_version=str(version),
            files=list(dict.fromkeys(conf.file for conf in confs)),
            counts={str(one): counted[str(one)] for one in _ORDER},
            findings=[_finding_value(one) for one in found],
            error=None,
            exit_code=code,
        )
    )


def _finding_value(one: Finding) -> dict[str, Any]:
    return {
        "code": one.code,
        "severity": str(one.severity),
        "file": one.place.file,
        "line": one.place.line,
        "title": BY_CODE[one.code].title,
        "message": one.message,
        "remedy": one.remedy,
    }


def _rule_value(rule: Rule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "title": rule.title,
        "severity": str(rule.severity),
        "why": rule.why,
        "remedy": rule.remedy,
        "example": list(rule.examples),
        "repaired": list(rule.repairs),
    }


def _list(output: str) -> int:
    if output == "json":
        print_document(document("lint list", rules=[_rule_value(rule) for rule in ALL]))
        return 0
    for rule in ALL:
        show(f"{rule.code} {rule.severity:7} {rule.title}")
    return 0


def _explain(code: str, output: str) -> int:
    rule = BY_CODE.get(code)
    if rule is None:
        raise UsageError(f'"{code}" is no code; `cloudfail lint --list` lists them')
    if output == "json":
        print_document(document("lint explain", **_rule_value(rule)))
        return 0
    show(f"{rule.code}: {rule.title} ({rule.severity})\n\n{rule.why}\nRemedy: {rule.remedy}.")
    for head, texts in (("For example", rule.examples), ("Instead", rule.repairs)):
        for text in texts:
            show(f"\n{head}:\n\n{_indented(text)}")
    return 0


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines()).rstrip()
