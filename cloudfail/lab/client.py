"""The user: a client behind the router that sends numbered packets and counts the missing ones."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from queue import Queue

import msgspec

from cloudfail.clock import Clock
from cloudfail.lab import kernel
from cloudfail.lab.node import ECHO_PORT
from cloudfail.lab.timeline import Kind, Timeline

INTERVAL = 0.01  # 100 Hz
_LATE = 0.25  # seconds: a frozen node answers what it got, when it goes on; nobody waits for that
_DARK_AFTER = 5  # missing in a row before it is worth a line
_NUMBER = struct.Struct("!Q")
CLIENT = "client"


class Packet(msgspec.Struct, frozen=True):
    """`sent` is CLOCK_MONOTONIC in seconds."""

    sent: float
    answered: bool


class Client:
    """Calls `address` 100 times a second from a network namespace of its own."""

    def __init__(self, address: str, timeline: Timeline) -> None:
        self._address = (address, ECHO_PORT)
        self._timeline = timeline
        self._clock: Clock = timeline.clock
        self._sent: list[float] = []
        self._answered: set[int] = set()
        self._last = -1
        self._dark = False
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._socket: socket.socket | None = None

    def open(self, plug: Callable[[int], None]) -> None:
        """Start calling; `plug` gets the id of the thread whose network namespace is the client's.

        Raises OSError when the kernel refuses that namespace.
        """
        born: Queue[int | OSError] = Queue()
        plugged = threading.Event()
        self._start(lambda: self._call(born, plugged))
        answer = born.get()
        if isinstance(answer, OSError):
            raise answer
        plug(answer)  # not in the client's thread: what that starts is in the client's network
        plugged.set()
        self._start(self._receive)

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(2)
        if self._socket is not None:
            self._socket.close()

    @property
    def is_served(self) -> bool:
        """True while answers come."""
        return bool(self._sent) and not self._dark and self._last >= 0

    def packets(self) -> tuple[Packet, ...]:
        """Return what was sent, but for what may still be answered."""
        settled = self._clock.now() - _LATE
        return tuple(
            Packet(sent, number in self._answered)
            for number, sent in enumerate(list(self._sent))
            if sent < settled
        )

    def _start(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="client", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _call(self, born: Queue[int | OSError], plugged: threading.Event) -> None:
        try:
            kernel.unshare(kernel.NEWNET)  # of this thread alone
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.settimeout(0.2)
        except OSError as exc:
            born.put(exc)
            return
        born.put(threading.get_native_id())
        plugged.wait()
        following = self._clock.now()
        while not self._over.is_set():
            self._sent.append(self._clock.now())
            with contextlib.suppress(OSError):  # the router answers that it knows no way
                self._socket.sendto(_NUMBER.pack(len(self._sent) - 1), self._address)
            self._judge()
            following = max(following + INTERVAL, self._clock.now())
            self._clock.sleep(max(0.0, following - self._clock.now()))

    def _receive(self) -> None:
        while not self._over.is_set() and self._socket is not None:
            try:
                data = self._socket.recv(64)
            except OSError:
                continue
            number = _NUMBER.unpack(data)[0]
            if self._clock.now() - self._sent[number] > _LATE:
                continue
            self._answered.add(number)
            self._last = max(self._last, number)
            if self._dark:
                self._dark = False
                self._timeline.add(CLIENT, Kind.CLIENT, "answers are back", detail="served")

    def _judge(self) -> None:
        if not self._dark and self._last >= 0 and len(self._sent) - self._last > _DARK_AFTER + 1:
            self._dark = True
            since = self._sent[self._last + 1]
            self._timeline.add(CLIENT, Kind.CLIENT, "no more answers", detail="dark", t=since)
