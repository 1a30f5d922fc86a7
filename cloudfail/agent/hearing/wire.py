"""VRRP on the wire, told to the instances it is about."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cloudfail.clock import Clock
from cloudfail.keepalived.wire import Advert, Listener
from cloudfail.keepalived.wire.copies import Copies
from cloudfail.model import Address

_VIRTUAL_MAC = "00:00:5e:00:"  # RFC 9568, 7.3
_KEPT = 64


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An instance as the wire shows it.

    `own` and `peers` are the addresses that its adverts come from, None and () where no nodes are
    configured: then the id decides, and `device` where it is named.
    """

    instance: str
    virtual_router_id: int | None = None
    own: Address | None = None
    peers: tuple[Address, ...] = ()
    device: str = ""

    def is_of(self, advert: Advert) -> bool:
        """Say whether the advert can be this instance's, our own or a peer's."""
        if self.virtual_router_id not in {None, advert.virtual_router_id}:
            return False
        if self.own is None:
            return self.virtual_router_id is not None and self._is_on_device(advert)
        if advert.outgoing:
            return advert.source == self.own
        return advert.source in self.peers

    def _is_on_device(self, advert: Advert) -> bool:
        """An advert that leaves through a VMAC is first seen there, not on the device below.

        One that comes in to a VLAN, a bond or a bridge is first seen on the device below.
        """
        if not self.device or advert.device in {"", self.device}:
            return True
        return advert.outgoing and advert.source_mac.startswith(_VIRTUAL_MAC)


class Wire:
    """Hears all devices, and sorts what it hears. Used by one thread.

    Needs CAP_NET_RAW when it is opened, never again.
    """

    def __init__(self, members: Sequence[Member], clock: Clock | None = None) -> None:
        self.members = tuple(members)
        self._listener = Listener("", clock, copies=True)
        self._copies: dict[str, Copies] = {}
        self._remarks: list[str] = []
        self._known: set[tuple[object, ...]] = set()

    def open(self) -> None:
        """Raises ConfigError with the remedy when listening is not permitted."""
        self._listener.open()

    def close(self) -> None:
        self._listener.close()

    def fileno(self) -> int:
        """Readable when adverts may wait; what `read` left over, too."""
        return self._listener.fileno()

    def read(self, most: int = 64) -> list[tuple[str, Advert]]:
        """Return the next adverts, each with its instance; looks at no more than `most`.

        Those of other virtual routers, and those with a wrong checksum, which no keepalived takes,
        are left out.
        """
        found: list[tuple[str, Advert]] = []
        for _ in range(most):
            advert = self._listener.read()
            if advert is None:
                break
            if advert.checksum_ok:
                found += [(member.instance, advert) for member in self._members_of(advert)]
        return [(name, advert) for name, advert in found if not self._is_copy(name, advert)]

    def _is_copy(self, instance: str, advert: Advert) -> bool:
        """Say whether another device has shown it already, of those that are this instance's."""
        copies = self._copies.setdefault(instance, Copies())
        what = msgspec.structs.replace(advert, t=0.0, device="", source_mac="")
        return copies.is_copy(what, advert.device, advert.t)

    def take_remarks(self) -> list[str]:
        """Return what an operator should know of adverts that were left out, each said once."""
        taken, self._remarks = self._remarks, []
        return taken

    def _members_of(self, advert: Advert) -> Sequence[Member]:
        """Return the one instance that it is about; none when it could be that of several."""
        possible = [member for member in self.members if member.is_of(advert)]
        by_id = [one for one in possible if one.virtual_router_id is not None] or possible
        if len(by_id) == 1:
            return by_id
        self._remark(advert, by_id)
        return ()

    def _remark(self, advert: Advert, possible: Sequence[Member]) -> None:
        router = advert.virtual_router_id
        named = possible or [
            one for one in self.members if one.own is not None and one.virtual_router_id == router
        ]
        key = (advert.source, advert.outgoing, router)
        if not named or key in self._known or len(self._known) == _KEPT:
            return
        self._known.add(key)
        names = " and ".join(member.instance for member in named)
        if not advert.outgoing and advert.source == named[0].own:
            why = "is not ours: another machine has this address too"
        elif possible:
            why = f"could be of {names}: give them [[instance.….node]] with their addresses"
        else:
            why = f"is of no node of {names}: correct [[instance.….node]] address, or that machine"
        verb = "leaves from" if advert.outgoing else "comes from"
        self._remarks.append(
            f"an advert with virtual_router_id {router} {verb} {advert.source} and {why}"
        )
