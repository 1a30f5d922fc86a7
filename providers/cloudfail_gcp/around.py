"""What a look is judged by, besides what Compute showed."""

from __future__ import annotations

import msgspec

from cloudfail_gcp.members import Members


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """`priority` is the higher of the two numbers that routes are made with.

    `trusts_egress` is the operator's word that the API stays reachable whatever is claimed.
    """

    members: Members
    priority: int = 1000
    trusts_egress: bool = False
