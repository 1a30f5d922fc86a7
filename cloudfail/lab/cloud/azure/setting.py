"""What of a world the API has to know beside its resources."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Setting(msgspec.Struct, frozen=True):
    """`zones` are those of virtual machines, by key of their ids; `locks` are scopes and levels.

    `planted` are the fields that this world has, though no model does.
    """

    location: str = ""
    tenant: str = ""
    zones: Mapping[str, str] = {}
    locks: tuple[tuple[str, str], ...] = ()
    planted: frozenset[str] = frozenset()
    page_size: int = 250
