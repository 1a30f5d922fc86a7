"""The instance metadata service, version 2 only: a token first, then plain text by path.

Own client: one keep-alive connection, no proxy (a proxy would answer for another machine), and
nothing to import but the standard library.
Source: AWS documentation, "Use the Instance Metadata Service to access instance metadata".
"""

from __future__ import annotations

import http.client
import os
import threading
import weakref
from urllib.parse import urlsplit

from cloudfail.errors import UnreachableError

TIMEOUT_SECONDS = 1.5
# The service is local to the host: it is up after a few tries, or this is no EC2 instance.
RETRIES = 3
_TTL_SECONDS = "21600"
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404


def default_endpoint() -> str:
    """Return the service's URL, from the variables that AWS's own SDKs read."""
    explicit = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "")
    if explicit:
        return explicit.rstrip("/")
    mode = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "")
    return "http://[fd00:ec2::254]" if mode.lower() == "ipv6" else "http://169.254.169.254"


class Metadata:
    """Reads one path at a time; threads take turns. Raises UnreachableError, never guesses."""

    def __init__(self, endpoint: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        self.endpoint = endpoint or default_endpoint()
        self._timeout = timeout
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._closing: weakref.finalize[[], Metadata] | None = None
        self._token = ""

    def text(self, path: str) -> str | None:
        """Return what is at `/latest/PATH`, stripped; None where there is nothing (404)."""
        with self._lock:
            if not self._token:
                self._token = self._new_token()
            status, body = self._get(path)
            if status == _UNAUTHORIZED:
                self._token = self._new_token()
                status, body = self._get(path)
        if status == _NOT_FOUND:
            return None
        if status != _OK:
            raise self._unreachable(f"it answered HTTP {status} for {path}")
        return body.strip()

    def required(self, path: str) -> str:
        """Return the same, but an absent or empty answer is an UnreachableError."""
        text = self.text(path)
        if not text:
            raise self._unreachable(f"it has nothing at {path}")
        return text

    def lines(self, path: str) -> tuple[str, ...]:
        """Return the entries of a directory or list; none where there is nothing."""
        return tuple((self.text(path) or "").split())

    def close(self) -> None:
        with self._lock:
            self._drop()

    def _get(self, path: str) -> tuple[int, str]:
        return self._ask("GET", f"/latest/{path}", {"X-aws-ec2-metadata-token": self._token})

    def _new_token(self) -> str:
        if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            raise self._unreachable("AWS_EC2_METADATA_DISABLED is set")
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": _TTL_SECONDS}
        status, body = self._ask("PUT", "/latest/api/token", headers)
        if status == _FORBIDDEN:
            raise self._unreachable("it is switched off for this instance (HTTP 403)")
        if status != _OK or not body.strip():
            raise self._unreachable(f"it gave no IMDSv2 token (HTTP {status})")
        return body.strip()

    def _ask(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        fresh = self._connection is None
        try:
            return self._once(method, path, headers)
        except (OSError, http.client.HTTPException) as exc:
            self._drop()
            # A kept-alive connection may have been closed meanwhile; a timeout is no such thing.
            if fresh or isinstance(exc, TimeoutError):
                raise self._unreachable(_reason(exc)) from exc
        try:
            return self._once(method, path, headers)
        except (OSError, http.client.HTTPException) as exc:
            self._drop()
            raise self._unreachable(_reason(exc)) from exc

    def _once(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        if self._connection is None:
            parts = urlsplit(self.endpoint)
            self._connection = http.client.HTTPConnection(
                parts.hostname or "", parts.port or 80, timeout=self._timeout
            )
            # A provider has no end that it is told of; its connection must not outlive it.
            self._closing = weakref.finalize(self, self._connection.close)
        self._connection.request(method, path, headers=headers)
        response = self._connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")

    def _drop(self) -> None:
        if self._closing is not None:
            self._closing()
        self._connection = self._closing = None

    def _unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"the instance metadata service at {self.endpoint} cannot be used: {why}. Is this an "
            "EC2 instance with IMDSv2 on (hop limit 2 in a container)? Elsewhere, give "
            "--interface-id and a region",
            limit=RETRIES,
        )


def _reason(exc: BaseException) -> str:
    return "no answer in time" if isinstance(exc, TimeoutError) else str(exc) or type(exc).__name__
