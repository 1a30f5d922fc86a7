"""Nodes against each other: what each file alone does not show."""

from __future__ import annotations

from cloudfail.keepalived.lint.rules.nodes import (
    addresses,
    adverts,
    authentication,
    casting,
    election,
    peers,
    presence,
    weights,
)

RULES = (
    *adverts.RULES,
    *addresses.RULES,
    *authentication.RULES,
    *peers.RULES,
    *casting.RULES,
    *election.RULES,
    *weights.RULES,
    *presence.RULES,
)
