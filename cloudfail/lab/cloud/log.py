"""The log of calls and of contract violations."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from cloudfail.lab.cloud.httpd import Incoming, Reply
from cloudfail.lab.cloud.records import Call


class Request(Protocol):
    """A request of any cloud, once it could be read."""

    @property
    def method(self) -> str:
        """The call's name, like `instances.get`."""
        ...

    @property
    def writes(self) -> bool: ...
    @property
    def words(self) -> Mapping[str, str]:
        """Everything that was asked, flat."""
        ...

    @property
    def user(self) -> str: ...
    @property
    def request_id(self) -> str: ...


class CallLog:
    """Thread-safe. `code_of` reads the error code of an answer, "" of one that has none."""

    def __init__(self, service: str, code_of: Callable[[Reply], str]) -> None:
        self.service = service
        self.code_of = code_of
        self._calls: list[Call] = []
        self._violations: list[str] = []
        self._lock = threading.Lock()

    def clear(self) -> None:
        """Forget the calls, and the violations."""
        with self._lock:
            self._calls, self._violations = [], []

    def begin(self, incoming: Incoming) -> Entry:
        return Entry(self, incoming)

    def since(self, number: int) -> list[Call]:
        with self._lock:
            return self._calls[max(number, 0) :]

    def violate(self, words: str) -> None:
        with self._lock:
            self._violations.append(words)

    @property
    def violations(self) -> list[str]:
        with self._lock:
            return list(self._violations)

    def add(self, make: Any) -> None:
        """Add the call that `make` builds of its number."""
        with self._lock:
            self._calls.append(make(len(self._calls) + 1))


class Entry:
    """A call that is being answered."""

    def __init__(self, log: CallLog, incoming: Incoming) -> None:
        self._log = log
        self._incoming = incoming
        self._arrived = time.monotonic()
        self._request: Request | None = None

    def note(self, request: Request) -> None:
        """Take the request, once it could be read."""
        self._request = request

    def end(self, reply: Reply | None) -> None:
        """Write the call down; without a reply its connection was cut."""
        request, incoming = self._request, self._incoming

        def make(number: int) -> Call:
            return Call(
                t=self._arrived,
                operation=request.method if request else f"{incoming.method} {incoming.path}",
                mutating=request.writes if request else incoming.method != "GET",
                status=reply.status if reply else 0,
                seconds=time.monotonic() - self._arrived,
                params=request.words if request else incoming.query,
                source=incoming.source,
                code=self._log.code_of(reply) if reply else "",
                request_id=request.request_id if request else "",
                number=number,
                service=self._log.service,
                principal=request.user if request else "",
            )

        self._log.add(make)
