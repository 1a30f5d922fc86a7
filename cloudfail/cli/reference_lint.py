"""The reference page of the linter's codes."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from cloudfail.keepalived.lint.rule import Rule
from cloudfail.keepalived.lint.rules import ALL

_PARTS = (
    ("KA0", "What one file shows"),
    ("KA1", "Nodes against each other"),
    ("KA2", "The host"),
    ("KA9", "Reading and suppressions"),
)


def lint_page(note: str) -> str:
    """Return the page; every rule has its own heading, so that it can be linked to."""
    lines = [
        "# Lint codes",
        "",
        note,
        "",
        "`cloudfail lint FILE...` finds these in keepalived.conf; `cloudfail lint --explain CODE` says the",
        "same on a terminal. A comment on a finding's line, or on the line above, takes it away; the reason",
        "is required:",
        "",
        "```text",
        "# cloudfail: ignore KA013 this pair owns its address",
        "```",
        "",
        "What is said of keepalived was measured with 2.2.7, unless a version is named.",
        "",
    ]
    for prefix, title in _PARTS:
        rules = [rule for rule in ALL if rule.code.startswith(prefix)]
        if rules:
            lines += _part(title, rules)
    return "\n".join(lines).rstrip() + "\n"


def _part(title: str, rules: list[Rule]) -> Iterator[str]:
    yield from (f"## {title}", "", "| code | severity | |", "|---|---|---|")
    yield from (
        f"| [{one.code}](#{one.code.lower()}) | {one.severity} | {one.title} |" for one in rules
    )
    yield ""
    for rule in rules:
        yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield from (f"### {rule.code}", "", f"**{rule.title}** ({rule.severity})", "")
    yield from (_escaped(rule.why), "", f"Remedy: {_escaped(rule.remedy)}.", "")
    if len(rule.examples) > 1:
        yield from _changes(rule)
        return
    for head, texts in (("Found in", rule.examples), ("Not in", rule.repairs)):
        for text in texts:
            yield from (f"{head}:", "", "```text", *_plain(text), "```", "")


def _changes(rule: Rule) -> Iterator[str]:
    """Files of several nodes are long: show what the remedy changes, if anything."""
    yield from ("What it finds, and what repairs it:", "", "```diff")
    for at, (text, repaired) in enumerate(zip(rule.examples, rule.repairs, strict=False)):
        name = f"node {at + 1}"
        found = difflib.unified_diff(
            text.splitlines(), repaired.splitlines(), name, name, lineterm="", n=2
        )
        yield from (line for line in found if not line.startswith(("@@", "+++")))
    yield from ("```", "")


def _escaped(text: str) -> str:
    """Outside of backquotes, Markdown would read <, * and _ at the edge of words."""
    pieces = text.split("`")
    pieces[::2] = [piece.replace("*", "\\*").replace("<", "&lt;") for piece in pieces[::2]]
    return "`".join(pieces)


def _plain(text: str) -> list[str]:
    lines = text.replace("\ufeff", "<BOM>").splitlines()
    return [line if len(line) <= 120 else f"{line[:60]}..." for line in lines]  # noqa: PLR2004
