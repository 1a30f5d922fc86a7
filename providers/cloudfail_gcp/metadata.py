"""The metadata server: JSON by path, of one keep-alive connection.

Own client: no proxy (a proxy would answer for another machine), and nothing to import but the
standard library. Source: compute/docs/metadata/querying-metadata.
"""

from __future__ import annotations

import http.client
import json
import os
import threading
import weakref
from typing import Any
from urllib.parse import urlsplit

from cloudfail.errors import UnreachableError

TIMEOUT_SECONDS = 1.5
# The server is local to the host: it is up after a few tries, or this is no instance.
RETRIES = 3
_PREFIX = "/computeMetadata/v1/"
_OK, _NOT_FOUND = 200, 404


def default_endpoint() -> str:
    """Return the server's URL, from the variables that Google's own libraries read."""
    host = os.environ.get("GCE_METADATA_HOST") or os.environ.get("GCE_METADATA_IP")
    return f"http://{host or '169.254.169.254'}"


class Metadata:
    """Reads one path at a time; threads take turns. Raises UnreachableError, never guesses."""

    def __init__(self, endpoint: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        self.endpoint = endpoint or default_endpoint()
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._closing: weakref.finalize[[], Metadata] | None = None

    def text(self, path: str) -> str | None:
        """Return what is at a path, stripped; None where there is nothing (404)."""
        with self._lock:
            status, flavor, body = self._ask(_PREFIX + path)
        if status == _NOT_FOUND:
            return None
        if status != _OK:
            raise self.unreachable(f"it answered HTTP {status} for {path}")
        if flavor != "Google":
            raise self.unreachable("what answers there is not Google's")
        return body.strip()

    def json(self, path: str) -> Any:
        """Return the JSON at a path; an absent one, or another thing, is an UnreachableError."""
        text = self.text(path)
        if text is None:
            raise self.unreachable(f"it has nothing at {path}")
        try:
            return json.loads(text)
        except ValueError as exc:
            raise self.unreachable(f"what it has at {path} is no JSON") from exc

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _ask(self, path: str) -> tuple[int, str, str]:
        fresh = self._connection is None
        try:
            return self._once(path)
        except (OSError, http.client.HTTPException) as exc:
            self._drop()
            # A kept-alive connection may have been closed meanwhile; a timeout is no such thing.
            if fresh or isinstance(exc, TimeoutError):
                raise self.unreachable(_reason(exc)) from exc
        try:
            return self._once(path)
        except (OSError, http.client.HTTPException) as exc:
            self._drop()
            raise self.unreachable(_reason(exc)) from exc

    def _once(self, path: str) -> tuple[int, str, str]:
        if self._connection is None:
            parts = urlsplit(self.endpoint)
            self._connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port or 80, timeout=self._timeout
            )
            # A provider has no end that it is told of; its connection must not outlive it.
            self._closing = weakref.finalize(self, self._connection.close)
        self._connection.request("GET", path, headers={"Metadata-Flavor": "Google"})
        response = self._connection.getresponse()
        body = response.read().decode("utf-8", "replace")
        return response.status, response.headers.get("Metadata-Flavor", ""), body

    def _drop(self) -> None:
        if self._closing is not None:
            self._closing()
        self._connection = self._closing = None

    def unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"the metadata server at {self.endpoint} cannot be used: {why}. Is this a Compute "
            "Engine instance?",
            limit=RETRIES,
        )


def _reason(exc: BaseException) -> str:
    return "no answer in time" if isinstance(exc, TimeoutError) else str(exc) or type(exc).__name__
