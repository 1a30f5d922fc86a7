"""Nodes against each other: what each file alone does not show."""

from __future__ import annotations

from cloudfail.keepalived.lint.rule import NodesRule

RULES: tuple[NodesRule, ...] = ()
