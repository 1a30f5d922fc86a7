"""`lint --list` and `lint --explain`."""

from __future__ import annotations

import textwrap
from typing import Any

from cloudfail.cli.document import document, print_document
from cloudfail.cli.output import show
from cloudfail.errors import UsageError
from cloudfail.keepalived.lint.rule import Rule
from cloudfail.keepalived.lint.rules import ALL, BY_CODE

_WIDTH = 88


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


def list_rules(output: str) -> int:
    if output == "json":
        print_document(document("lint list", rules=[_rule_value(rule) for rule in ALL]))
        return 0
    for rule in ALL:
        show(f"{rule.code} {rule.severity:7} {rule.title}")
    return 0


def explain(code: str, output: str) -> int:
    rule = BY_CODE.get(code)
    if rule is None:
        raise UsageError(f'"{code}" is no code; `cloudfail lint --list` lists them')
    if output == "json":
        print_document(document("lint explain", **_rule_value(rule)))
        return 0
    show(f"{rule.code}: {rule.title} ({rule.severity})\n")
    for text in (rule.why, f"Remedy: {rule.remedy}."):
        show(textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False))
    for head, texts in (("For example", rule.examples), ("Instead", rule.repairs)):
        for text in texts:
            show(f"\n{head}:\n\n{_indented(text)}")
    return 0


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.splitlines()).rstrip()
