"""An embedded cloud behind a gate that sees each request before and after its effect."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, Protocol

import msgspec
from cloudfail.lab.cloud.aws.request import read_request
from cloudfail.lab.cloud.httpd import ConnectionCutError, HttpService, Incoming, Reply


class When(StrEnum):
    """On which side of a request's effect."""

    BEFORE = "before"
    AFTER = "after"


class Request(Protocol):
    """What a gate has to know of a request."""

    @property
    def writes(self) -> bool: ...


class Moment(msgspec.Struct, frozen=True):
    """One side of the n-th request that a gate let through (the first is 1)."""

    number: int
    when: When
    request: Request


Watch = Callable[[Moment], None]


class Gate:
    """Requests to `endpoint` reach the cloud through `watch`, which may kill or hold the caller.

    `watch` is called on the request's own thread, so holding one request holds no other. When it
    raises ConnectionCutError the caller gets no answer.
    """

    def __init__(
        self,
        cloud: Any,
        read: Callable[[Incoming], Request] = read_request,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.cloud = cloud
        self._read = read
        self.watch: Watch = _let_pass
        self._lock = threading.Lock()
        self._count = 0
        self._service = HttpService("127.0.0.1", 0, self._handle, tls=tls)

    @property
    def endpoint(self) -> str:
        return self._service.url

    def close(self) -> None:
        self._service.close()

    @contextmanager
    def watched(self, watch: Watch) -> Iterator[None]:
        """Count anew, and ask `watch` about each request of this block."""
        with self._lock:
            self._count, self.watch = 0, watch
        try:
            yield
        finally:
            self.watch = _let_pass

    def _handle(self, incoming: Incoming) -> Reply:
        watch, request = self.watch, self._read(incoming)
        with self._lock:
            self._count += 1
            number = self._count
        watch(Moment(number, When.BEFORE, request))
        reply: Reply = self.cloud.api.handle(incoming)
        watch(Moment(number, When.AFTER, request))
        return reply


class Assassin:
    """Kills its victim with SIGKILL at one moment; nobody gets an answer from then on."""

    def __init__(self, number: int, when: When) -> None:
        self._number = number
        self._when = when
        self._kill: Callable[[], None] | None = None
        self._ready = threading.Event()
        self.struck: Moment | None = None

    def aim(self, kill: Callable[[], None]) -> None:
        """Say how to kill; `kill` returns when the victim is dead."""
        self._kill = kill
        self._ready.set()

    def __call__(self, moment: Moment) -> None:
        if self.struck is not None:
            raise ConnectionCutError
        if (moment.number, moment.when) != (self._number, self._when):
            return
        self.struck = moment
        self._ready.wait()
        if self._kill is not None:
            self._kill()
        raise ConnectionCutError


def _let_pass(moment: Moment) -> None:
    del moment
