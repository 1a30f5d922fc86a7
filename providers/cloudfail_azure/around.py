"""What a look is judged by, besides what Azure showed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from cloudfail.model import Address, Claim

from cloudfail_azure.members import Members


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """`address` is this node's configured unicast one; `brought` are the claimed private ones.

    `kept` is what this node saw of addresses while somebody had them. `trusts_egress` is
    the operator's word that ARM stays reachable whatever is claimed.
    """

    members: Members
    endpoint: str = ""
    address: Address | None = None
    brought: frozenset[Address] = frozenset()
    trusts_egress: bool = False
    kept: Mapping[Claim, Mapping[str, str]] = {}
