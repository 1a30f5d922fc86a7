"""`Who has this address?`, asked by broadcast as a neighbour on the same segment would."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from vrrp.inside import in_network

_ARP = struct.Struct("!HHBBH6s4s6s4s")
_ICMPV6, _SOLICITATION = 58, 135


@dataclass(frozen=True, slots=True)
class Question:
    """`asker` and `mac` are whom the answer goes to: a peer's address, at the router's MAC."""

    target: str
    asker: str
    mac: str

    def ask(self, pid: int, device: str) -> None:
        """Send it from the network of `pid`, out of the device."""
        raw = in_network(pid, lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW))
        with raw:
            raw.bind((device, 0))
            raw.send(self._frame())

    def _frame(self) -> bytes:
        source, target, asker = self._mac, ip_address(self.target), ip_address(self.asker)
        if isinstance(target, IPv4Address):
            kind = (1, 0x0800, 6, 4, 1)  # Ethernet, IPv4, their lengths, a request
            arp = _ARP.pack(*kind, source, asker.packed, bytes(6), target.packed)
            return b"\xff" * 6 + source + b"\x08\x06" + arp
        group = IPv6Address("ff02::1:ff00:0").packed[:13] + target.packed[-3:]
        return b"\x33\x33" + group[-4:] + source + b"\x86\xdd" + self._solicitation(group)

    def _solicitation(self, group: bytes) -> bytes:
        source, target = ip_address(self.asker).packed, ip_address(self.target).packed
        behind_checksum = bytes(4) + target + b"\x01\x01" + self._mac
        length = 4 + len(behind_checksum)
        start = bytes((_SOLICITATION, 0))
        pseudo = source + group + struct.pack("!II", length, _ICMPV6)
        checksum = _checksum(pseudo + start + bytes(2) + behind_checksum)
        header = struct.pack("!IHBB", 6 << 28, length, _ICMPV6, 255)
        return header + source + group + start + struct.pack("!H", checksum) + behind_checksum

    @property
    def _mac(self) -> bytes:
        return bytes.fromhex(self.mac.replace(":", ""))


def _checksum(message: bytes) -> int:
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
