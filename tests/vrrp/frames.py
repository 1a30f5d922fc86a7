"""What nodes send, seen at the far end of their cables: every frame, with its source MAC."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from ipaddress import ip_address

from cloudfail.clock import Clock, SystemClock

from vrrp.inside import in_network

IPV4, ARP, IPV6 = 0x0800, 0x0806, 0x86DD
ICMPV6, VRRP = 58, 112
VIRTUAL_MAC = "00:00:5e:00:"  # RFC 9568, 7.3: 01 for IPv4, 02 for IPv6, then the VRID
_EVERYTHING = 3  # ETH_P_ALL
_OUTGOING = 4
_ICMPV6_TYPES = {
    128: "echo request",
    129: "echo reply",
    130: "mld query",
    131: "mld report",
    133: "router solicitation",
    134: "router advertisement",
    135: "neighbour solicitation",
    136: "neighbour advertisement",
    143: "mld report v2",
}


@dataclass(frozen=True, slots=True)
class Frame:
    """`t` is CLOCK_MONOTONIC; `protocol` is IP's next header, or ARP's operation."""

    t: float
    node: str
    source: str
    ethertype: int
    protocol: int
    payload: bytes

    @property
    def is_virtual(self) -> bool:
        return self.source.startswith(VIRTUAL_MAC)

    @property
    def is_advert(self) -> bool:
        return self.protocol == VRRP and self.ethertype in (IPV4, IPV6)

    @property
    def destination(self) -> str:
        """Return the IP address that the packet is sent to."""
        where = slice(16, 20) if self.ethertype == IPV4 else slice(24, 40)
        return str(ip_address(self.payload[where]))

    @property
    def kind(self) -> str:
        """Name the frame as a person would: `arp request`, `icmpv6 mld report v2`, `ipv4 112`."""
        if self.ethertype == ARP:
            return {1: "arp request", 2: "arp reply"}.get(
                self.protocol, "arp"
            ) + self._arp_addresses
        if self.ethertype == IPV6 and self.protocol == ICMPV6:
            return f"icmpv6 {_ICMPV6_TYPES.get(self._icmpv6_type, self._icmpv6_type)}"
        name = {IPV4: "ipv4", IPV6: "ipv6"}.get(self.ethertype, f"{self.ethertype:#06x}")
        return f"{name} {self.protocol}"

    @property
    def _arp_addresses(self) -> str:
        sender, target = self.payload[14:18], self.payload[24:28]
        return " gratuitous" if sender == target else f" {ip_address(sender)}>{ip_address(target)}"

    @property
    def _icmpv6_type(self) -> int:
        offset = 40
        if self.payload[6] == 0:  # MLD comes behind a hop-by-hop header
            offset += 8 + self.payload[41] * 8
        return self.payload[offset]


class Capture:
    """Listens on all cables of the router whose network is that of `pid`, until closed."""

    def __init__(self, pid: int, node_of: Callable[[str], str]) -> None:
        self._node_of = node_of  # by the name of the router's device
        self._clock: Clock = SystemClock()
        self._frames: list[Frame] = []
        self._news = threading.Condition()
        self._over = False
        self._socket = in_network(pid, _listen)
        self._thread = threading.Thread(target=self._read, name="frames", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over = True
        self._thread.join(2)
        self._socket.close()

    def since(self, t: float, node: str = "") -> tuple[Frame, ...]:
        """Return what a node (or any) has sent since `t`, in order of arrival."""
        with self._news:
            return tuple(f for f in self._frames if f.t >= t and node in ("", f.node))

    def next_advert(
        self, node: str, to: Collection[str], since: float, seconds: float
    ) -> Frame | None:
        """Wait for the node's first VRRP advert after `since`; None when there is none.

        It is sent to one of these addresses.
        """
        until = self._clock.now() + seconds
        with self._news:
            while True:
                for frame in self._frames:
                    if frame.t > since and frame.node == node and _is_advert(frame, to):
                        return frame
                left = until - self._clock.now()
                if left <= 0:
                    return None
                self._news.wait(left)

    def _read(self) -> None:
        while not self._over:
            with contextlib.suppress(TimeoutError):
                data, sender = self._socket.recvfrom(65535)
                node = self._node_of(sender[0])
                if sender[2] != _OUTGOING and node:
                    self._take(node, data)

    def _take(self, node: str, data: bytes) -> None:
        source, ethertype = data[6:12].hex(":"), int.from_bytes(data[12:14])
        frame = Frame(
            self._clock.now(), node, source, ethertype, _protocol(ethertype, data[14:]), data[14:]
        )
        with self._news:
            self._frames.append(frame)
            self._news.notify_all()


def _listen() -> socket.socket:
    listening = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING))
    listening.settimeout(0.1)
    return listening


def _is_advert(frame: Frame, to: Collection[str]) -> bool:
    return frame.is_advert and frame.destination in to


def _protocol(ethertype: int, payload: bytes) -> int:
    if ethertype == IPV4:
        return payload[9]
    if ethertype == ARP:
        return int.from_bytes(payload[6:8])
    if ethertype == IPV6:
        behind_options = payload[6] == 0
        return payload[40] if behind_options else payload[6]
    return 0
