"""How findings are shown: to people, as JSON, and as GitHub's annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from cloudfail.cli import messages
from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.keepalived.lint import Finding, NodeConf
from cloudfail.keepalived.lint.rules import BY_CODE
from cloudfail.keepalived.version import Version
from cloudfail.line import one_line
from cloudfail.model import Severity

ORDER = (Severity.INFO, Severity.WARNING, Severity.ERROR)
_GITHUB = {Severity.INFO: "notice", Severity.WARNING: "warning", Severity.ERROR: "error"}


def print_text(confs: Sequence[NodeConf], found: Sequence[Finding]) -> None:
    for one in found:
        show(one_line(str(one)))
    show(_summary(confs, found))


def print_github(confs: Sequence[NodeConf], found: Sequence[Finding]) -> None:
    """Workflow commands: GitHub shows them at the lines of a pull request."""
    for one in found:
        show(_github(one))
    messages.listed(_summary(confs, found))


def _summary(confs: Sequence[NodeConf], found: Sequence[Finding]) -> str:
    files = len({conf.file for conf in confs})
    read = f"{files} file{'s' if files > 1 else ''}"
    counted = Counter(one.severity for one in found)
    listed = [_counted(counted[one], one) for one in reversed(ORDER) if counted[one]]
    return f"{read}: {', '.join(listed) or 'no findings'}"


def _counted(count: int, severity: Severity) -> str:
    plural = "s" if count > 1 and severity is not Severity.INFO else ""
    return f"{count} {severity}{plural}"


def _github(one: Finding) -> str:
    """GitHub escapes %, CR and LF, and in properties : and , too."""
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


def print_json(
    confs: Sequence[NodeConf], version: Version, found: Sequence[Finding], code: int
) -> None:
    counted = Counter(str(one.severity) for one in found)
    print_document(
        document(
            "lint",
            keepalived_version=str(version),
            files=list(dict.fromkeys(conf.file for conf in confs)),
            counts={str(one): counted[str(one)] for one in ORDER},
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
