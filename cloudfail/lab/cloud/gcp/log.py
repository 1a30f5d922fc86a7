"""The log of calls and of contract violations."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.httpd import Incoming, Reply
from cloudfail.lab.cloud.records import Call

_FIRST_ERROR = 300


class CallLog:
    """Thread-safe."""

    def __init__(self) -> None:
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
        self._request: ComputeRequest | None = None

    def note(self, request: ComputeRequest) -> None:
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
                code=_code_of(reply),
                request_id=incoming.query.get("requestId", ""),
                number=number,
                service="compute",
                principal=request.user if request else "",
            )

        self._log.add(make)


def _code_of(reply: Reply | None) -> str:
    """Return the reason of a refusal, or the error that a finished operation has inside."""
    if reply is None:
        return ""
    if reply.status >= _FIRST_ERROR:
        return str(json.loads(reply.body)["error"]["errors"][0]["reason"])
    if b'"error"' not in reply.body:
        return ""
    errors = json.loads(reply.body).get("error", {}).get("errors", [])
    return str(errors[0]["code"]) if errors else ""
