"""Sync groups: their members, and whether weights count in them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.syntax import Statement

_ALLOW = ("sync_group_tracking_weight", "global_tracking")


def members_of(group: Statement) -> tuple[str, ...]:
    """Return the names in its `group` blocks, one or several a line."""
    lines = (line for block in group.find("group") for line in block.children or ())
    return tuple(word.text for line in lines for word in line.words)


def in_any(groups: Iterable[Statement]) -> frozenset[str]:
    return frozenset(name for group in groups for name in members_of(group))


@lru_cache(maxsize=8)  # asked for each instance of a file
def without_weights(conf: NodeConf) -> frozenset[str]:
    """Return the instances whose trackers have no weight, because their group does not allow it."""
    return in_any(group for group in conf.sync_groups if not any(map(group.has, _ALLOW)))
