"""What a look is judged by, besides what Compute showed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cloudfail.model import Claim

from cloudfail_gcp.members import Members


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """`priority` is the higher of the two numbers that routes are made with.

    `kept` is what this node saw of public addresses while somebody had them. `is_private`: the
    API's endpoint is inside of the network. `trusts_egress` is the operator's word that the API stays reachable whatever is claimed.
    """

    members: Members
    priority: int = 1000
    trusts_egress: bool = False
    is_private: bool = False
    kept: Mapping[Claim, Mapping[str, str]] = {}
