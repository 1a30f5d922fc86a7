"""PromQL as far as tests need it: which metrics an expression asks for, and by which labels."""

from __future__ import annotations

import re

_SELECTOR = re.compile(
    r"\b((?:cloudfail|keepalived|process|node)_[a-z0-9_]+|up|ALERTS)\b(\{[^}]*\})?"
)
_MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)")


def selectors(expression: str) -> list[tuple[str, set[str]]]:
    """Return each metric with the labels that its selector names."""
    return [
        (name, set(_MATCHER.findall(matchers))) for name, matchers in _SELECTOR.findall(expression)
    ]


def groupings(expression: str) -> set[str]:
    """Return the labels of every by (...) and on (...)."""
    lists = _GROUPING.findall(expression)
    return {label.strip() for one in lists for label in one.split(",") if label.strip()}
