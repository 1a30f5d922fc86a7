"""Spot interruption notices and rebalance recommendations, as instance metadata shows them.

AWSEC2/latest/UserGuide/spot-instance-termination-notices and rebalance-recommendations: the items
are there only while something is announced; until then their paths answer 404.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from cloudfail.clock import wall_clock
from cloudfail.lab.cloud.notices import Notice

ACTIONS = ("terminate", "stop", "hibernate")
REBALANCE = "rebalance"


def of_metadata(notices: Sequence[Notice]) -> Mapping[str, Any]:
    """Return the parts of `meta-data/` that these notices of one node make."""
    tree: dict[str, Any] = {}
    for notice in notices:
        if notice.kind == REBALANCE:
            emitted = _iso(wall_clock() - (time.monotonic() - notice.announced))
            said = json.dumps({"noticeTime": emitted})
            tree["events"] = {"recommendations": {"rebalance": said}}
            continue
        then = _iso(notice.not_before)
        tree["spot"] = {"instance-action": json.dumps({"action": notice.kind, "time": then})}
        if notice.kind == "terminate":
            tree["spot"]["termination-time"] = then
    return tree


def shown_at(path: str, notices: Sequence[Notice]) -> Sequence[Notice]:
    """Return which of them an answer of this path tells of."""
    leaf = path.rstrip("/").rpartition("/")[2]
    if leaf == REBALANCE:
        return [notice for notice in notices if notice.kind == REBALANCE]
    if leaf in {"instance-action", "termination-time"}:
        return [notice for notice in notices if notice.kind in ACTIONS]
    return ()


def _iso(seconds: float) -> str:
    return f"{datetime.datetime.fromtimestamp(seconds, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
