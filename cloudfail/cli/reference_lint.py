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


_INTRODUCTION = """\
`cloudfail lint FILE...` finds these in keepalived.conf; `cloudfail lint --explain CODE` says the
same on a terminal. Two files or more are the nodes of a pair, and are compared. Exit code 1 says
that a finding of `--fail-on` (default: warning) or worse is left.

* error: two masters, a script that never runs, or a line that does something else than it says
* warning: it works, until something else happens
* info: worth to know

A comment takes a finding away that you know better about, on its line or on the line above; for
a whole file, and what it includes, write `ignore-file` once. The reason is required:

```text
# cloudfail: ignore KA013 this pair owns its address
# cloudfail: ignore-file KA001 both nodes are on a switch of our own
```

Of several codes that would say the same of a line only the one that knows most is shown, and
who takes one away takes the others away with it.

What is said of keepalived was measured with 2.2.7, unless a version is named.""".splitlines()


def lint_page(note: str) -> str:
    """Return the page; every rule has its own heading, so that it can be linked to."""
    lines = [
        "# Lint codes",
        "",
        note,
        "",
        *_INTRODUCTION,
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
    if rule.repairs:
        yield from _changes(rule)
        return
    for text in rule.examples:
        yield from ("Found in:", "", "```text", *_plain(text), "```", "")


def _changes(rule: Rule) -> Iterator[str]:
    """Files of several nodes are long: show them around what the remedy changes only."""
    yield from ("What it finds, and what repairs it:", "", "```diff")
    several = len(rule.examples) > 1
    for at, (text, repaired) in enumerate(zip(rule.examples, rule.repairs, strict=False)):
        name = f"node {at + 1}"
        lines = list(
            difflib.unified_diff(
                _plain(text), _plain(repaired), name, name, lineterm="", n=2 if several else 99
            )
        )
        yield from (one for one in lines[:1] if several)
        yield from (one for one in lines[2:] if not one.startswith("@@"))
    yield from ("```", "")


def _escaped(text: str) -> str:
    """Outside of backquotes, Markdown would read <, * and _ at the edge of words."""
    pieces = text.split("`")
    pieces[::2] = [piece.replace("*", "\\*").replace("<", "&lt;") for piece in pieces[::2]]
    return "`".join(pieces)


def _plain(text: str) -> list[str]:
    lines = text.replace("\ufeff", "<BOM>").splitlines()
    return [line if len(line) <= 120 else f"{line[:60]}..." for line in lines]  # noqa: PLR2004
