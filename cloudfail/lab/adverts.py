"""The router's ear for VRRP: who advertises when, seen on the wire and not by polling."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Mapping

import msgspec

from cloudfail.clock import Clock

_ETH_P_IP = 0x0800
_PACKET_OUTGOING = 4
_VRRP = 112
_HEADER = 20
_BEHIND_PRIORITY = 3
_MEMORY = 1000


class Advert(msgspec.Struct, frozen=True):
    """`t` is CLOCK_MONOTONIC in seconds, when the router got it."""

    t: float
    node: str
    priority: int


class Ear:
    """Listens on every port of the router for what comes from the nodes."""

    def __init__(self, names: Mapping[str, str], clock: Clock) -> None:
        self._names = names  # by address
        self._clock = clock
        self._last: dict[str, Advert] = {}
        self._heard: deque[Advert] = deque(maxlen=_MEMORY)
        self._news = threading.Condition()
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        self._socket.settimeout(0.2)
        self._thread = threading.Thread(target=self._listen, name="adverts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        if self._socket is not None and self._thread is not None:
            listening, self._socket = self._socket, None
            self._thread.join(2)
            listening.close()

    def next_of(self, node: str, seconds: float) -> Advert | None:
        """Wait for the node's next advert; None when there is none within `seconds`."""
        until = self._clock.now() + seconds
        with self._news:
            before = self._last.get(node)
            while self._last.get(node) is before:
                left = until - self._clock.now()
                if left <= 0:
                    return None
                self._news.wait(left)
            return self._last[node]

    def last_of(self, node: str) -> Advert | None:
        with self._news:
            return self._last.get(node)

    def first_since(self, t: float) -> str:
        """Return the node whose advert was the first after `t`; "" when none came, or too many."""
        with self._news:
            later = [advert for advert in self._heard if advert.t > t]
            return "" if not later or len(later) == _MEMORY else later[0].node

    def _listen(self) -> None:
        while (listening := self._socket) is not None:
            try:
                packet, sender = listening.recvfrom(2048)
            except OSError:
                continue
            if sender[2] != _PACKET_OUTGOING:
                self._take(packet)

    def _take(self, packet: bytes) -> None:
        length = (packet[0] & 15) * 4
        if len(packet) < max(_HEADER, length + _BEHIND_PRIORITY) or packet[9] != _VRRP:
            return
        node = self._names.get(socket.inet_ntoa(packet[12:16]), "")
        if not node:
            return
        with self._news:
            self._last[node] = Advert(self._clock.now(), node, packet[length + 2])
            self._heard.append(self._last[node])
            self._news.notify_all()
