"""What a look is judged by, besides what Compute showed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cloudfail.model import Claim

from cloudfail_gcp.members import Members
from cloudfail_gcp.numbers import Numbers


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """`numbers` are those that routes are made with.

    `now` is Google's time, 0 as long as it has not said any: no clock of a node's makes a route old.

    `kept` is what this node saw of public addresses while somebody had them, `written` the routes
    that this process made (True) or deleted since a claim was last its own. `trusts_egress` is the
    operator's word that the API stays reachable whatever is claimed.
    """

    members: Members
    numbers: Numbers = Numbers()
    now: float = 0.0
    trusts_egress: bool = False
    kept: Mapping[Claim, Mapping[str, str]] = {}
    written: Mapping[Claim, Mapping[str, bool]] = {}
