"""What a keeper keeps the role of, and what a line meant to it."""

from __future__ import annotations

import enum

import msgspec

from cloudfail.model import Address


class Subject(msgspec.Struct, frozen=True):
    """One instance on this node.

    `advert_int` is keepalived's, in seconds; an advert's own interval goes before it. `own` is the
    address the adverts of this node leave from, None: taken from them. `peers` empty: not
    configured, anybody with this virtual router id is one. `hears_wire` is False without
    CAP_NET_RAW.
    """

    instance: str
    virtual_router_id: int | None
    advert_int: float
    own: Address | None
    peers: tuple[Address, ...]
    has_fifo: bool
    hears_wire: bool = True

    def may_send(self, version: int) -> bool:
        """Say whether its adverts may be of this version of IP."""
        return self.own is None or self.own.version == version


class Meaning(enum.Enum):
    """What something told meant: `ROLE`: another role; `AGAIN`: still MASTER, but look again."""

    NOTHING = "nothing"
    AGAIN = "again"
    ROLE = "role"
