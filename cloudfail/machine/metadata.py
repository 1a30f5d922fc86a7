"""The way to a cloud's metadata service: one keep-alive connection of the standard library.

No proxy, which would answer for another machine.
"""

from __future__ import annotations

import abc
import http.client
import threading
import weakref
from collections.abc import Mapping
from urllib.parse import urlsplit

from cloudfail.errors import UnreachableError

TIMEOUT_SECONDS = 1.5
# The service is local to the host: it is up after a few tries, or this is no such machine.
RETRIES = 3
# Bytes of an answer: the longest that a cloud documents, all of an instance's metadata, is far shorter.
LONGEST_ANSWER = 4_194_304


class MetadataClient(abc.ABC):
    """What a cloud's own client is made of. Whoever calls `_ask` holds `_lock`."""

    def __init__(self, endpoint: str, timeout: float) -> None:
        self.endpoint = endpoint
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._closing: weakref.finalize[[], MetadataClient] | None = None

    def close(self) -> None:
        with self._lock:
            self._drop()

    @abc.abstractmethod
    def unreachable(self, why: str) -> UnreachableError:
        """Return the error that names the service and what to do."""

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        """Return status, headers and body. Raises `unreachable`, never guesses.

        It may be sent twice.
        """
        fresh = self._connection is None
        try:
            return self._once(method, path, headers, body)
        except (OSError, http.client.HTTPException) as exc:
            self._drop()
            # A kept-alive connection may have been closed meanwhile; a timeout is no such thing.
            if fresh or isinstance(exc, TimeoutError):
                raise self.unreachable(_reason(exc)) from exc
        try:
            return self._once(method, path, headers, body)
        except (OSError, http.client.HTTPException) as exc:
            self._drop()
            raise self.unreachable(_reason(exc)) from exc

    def _once(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None
    ) -> tuple[int, http.client.HTTPMessage, str]:
        if self._connection is None:
            parts = urlsplit(self.endpoint)
            self._connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port or 80, timeout=self._timeout
            )
            # A provider has no end that it is told of; its connection must not outlive it.
            self._closing = weakref.finalize(self, self._connection.close)
        self._connection.request(method, path, body, dict(headers))
        response = self._connection.getresponse()
        content = response.read(LONGEST_ANSWER + 1)
        if len(content) > LONGEST_ANSWER:
            raise http.client.HTTPException(f"its answer is longer than {LONGEST_ANSWER} bytes")
        return response.status, response.headers, content.decode("utf-8", "replace")

    def _drop(self) -> None:
        if self._closing is not None:
            self._closing()
        self._connection = self._closing = None


def _reason(exc: BaseException) -> str:
    return "no answer in time" if isinstance(exc, TimeoutError) else str(exc) or type(exc).__name__
