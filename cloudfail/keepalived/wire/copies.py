"""One frame, seen on several devices of this machine, is one advert.

A frame sent through a macvlan, VLAN, bond or bridge passes its lower device too, and one that comes
in goes the other way; a socket on all devices gets it on each. Measured with keepalived 2.2.7: with
`use_vmac` and `vmac_xmit_base` an advert leaves once, on the lower device; without
`vmac_xmit_base`, first on the VMAC, then on the lower device, within 0.1 ms.
"""

from __future__ import annotations

from collections import deque

_SECONDS = 0.005  # the shortest interval of VRRP is 0.01 s
_MEMORY = 64


class Copies:
    """Remembers the last few frames."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, str, bytes]] = deque(maxlen=_MEMORY)

    def is_copy(self, packet: bytes, device: str, t: float) -> bool:
        """Say whether the same bytes were seen on another device just before."""
        for seen_t, seen_device, seen in self._seen:
            if seen == packet and seen_device != device and abs(t - seen_t) < _SECONDS:
                return True
        self._seen.append((t, device, packet))
        return False
