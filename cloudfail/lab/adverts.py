"""The router's ear for VRRP: who advertises when, seen on the wire and not by polling."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from ipaddress import ip_address

import msgspec

from cloudfail.clock import Clock
from cloudfail.keepalived import wire

_MEMORY = 1000
_SLICE = 0.2


class Advert(msgspec.Struct, frozen=True):
    """`t` is CLOCK_MONOTONIC in seconds, when the router got it."""

    t: float
    node: str
    priority: int


class Ear:
    """Listens on every port of the router for what comes from the nodes."""

    def __init__(self, names: Mapping[str, str], clock: Clock) -> None:
        self._names = {ip_address(address): name for address, name in names.items()}
        self._clock = clock
        self._last: dict[str, Advert] = {}
        self._heard: deque[Advert] = deque(maxlen=_MEMORY)
        self._news = threading.Condition()
        self._listener = wire.Listener("", clock)
        self._is_open = False
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        self._listener.open()
        self._is_open = True
        self._thread = threading.Thread(target=self._listen, name="adverts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._is_open = False
        if self._thread is not None:
            self._thread.join(2)
            self._listener.close()

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
        while self._is_open:
            advert = self._listener.read(_SLICE)
            if advert is not None and not advert.outgoing:
                self._take(advert)

    def _take(self, advert: wire.Advert) -> None:
        node = self._names.get(advert.source, "")
        if not node:
            return
        with self._news:
            self._last[node] = Advert(advert.t, node, advert.priority)
            self._heard.append(self._last[node])
            self._news.notify_all()
