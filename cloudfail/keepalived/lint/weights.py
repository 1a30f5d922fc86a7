"""Trackers that change the priority, instead of being a FAULT."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.keepalived.lint.instance import VrrpInstance, number_of
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.syntax import Statement

_DEFINED_BY = {"track_script": "vrrp_script", "track_process": "vrrp_track_process"}
_TRACKERS = (*_DEFINED_BY, "track_interface")


def tracked(block: Statement, *keywords: str) -> Iterator[Statement]:
    """Yield each line of the block's lists; its keyword is the name that is tracked."""
    for keyword in keywords:
        for tracker in block.find(keyword):
            yield from tracker.children or ()


def weighted(conf: NodeConf, instance: VrrpInstance) -> Iterator[Statement]:
    """Yield the lines with a weight other than 0, of their own or of what they track.

    Files are left out: their numbers are weights in themselves, and may be a FAULT too.
    """
    for keyword in _TRACKERS:
        own = {one.value: _weight(one) for one in conf.tree.find(_DEFINED_BY.get(keyword, ""))}
        for line in tracked(instance.statement, keyword):
            written = line.args[1] if line.args[:1] == ("weight",) and len(line.args) > 1 else ""
            if number_of(written or own.get(line.keyword, "0")) != 0:
                yield line


def _weight(block: Statement) -> str:
    line = block.first("weight")
    return line.value if line else "0"
