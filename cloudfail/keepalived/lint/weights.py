"""Trackers that change the priority, instead of being a FAULT."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from cloudfail.keepalived.lint.groups import without_weights
from cloudfail.keepalived.lint.instance import VrrpInstance
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.syntax import Place, Statement
from cloudfail.keepalived.syntax.values import number_of

# Files are left out: their numbers are weights in themselves, and may be a FAULT too.
_TRACKERS = ("track_script", "track_process", "track_interface")


class Tracker(msgspec.Struct, frozen=True):
    """A line of an instance whose weight is not 0; None where it is no number."""

    name: str
    weight: int | None
    is_reverse: bool
    place: Place


def tracked(block: Statement, *keywords: str) -> Iterator[Statement]:
    """Yield each line of the block's lists; its keyword is the name that is tracked."""
    for keyword in keywords:
        for tracker in block.find(keyword):
            yield from tracker.children or ()


def counting(conf: NodeConf, instance: VrrpInstance) -> Iterator[Tracker]:
    """Yield those that change the priority: none in a sync group that does not allow it."""
    if instance.name not in without_weights(conf):
        yield from weighted(conf, instance)


def has_counting_file(conf: NodeConf, instance: VrrpInstance) -> bool:
    """Say whether the number in a tracked file counts; with weight 0 it is a FAULT, and no more."""
    for line in tracked(instance.statement, "track_file"):
        words = line.args[:2] or conf.weights_of("track_file").get(line.keyword, ())
        if words[:1] != ("weight",) or len(words) == 1 or number_of(words[1]) != 0:
            return True  # the default is 1
    return False


def weighted(conf: NodeConf, instance: VrrpInstance) -> Iterator[Tracker]:
    """Yield the lines with a weight, of their own or of what they track."""
    for keyword in _TRACKERS:
        for line in tracked(instance.statement, keyword):
            words = line.args
            if words[:1] != ("weight",) or len(words) == 1:
                words = (*conf.weights_of(keyword).get(line.keyword, ()), *words)
            weight = number_of(words[1]) if words[:1] == ("weight",) and len(words) > 1 else 0
            if weight != 0:
                yield Tracker(line.keyword, weight, "reverse" in words, line.place)
