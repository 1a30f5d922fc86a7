"""The instance metadata service, version 2 only: a token first, then plain text by path.

Source: AWS documentation, "Use the Instance Metadata Service to access instance metadata".
"""

from __future__ import annotations

import os

from cloudfail.errors import UnreachableError
from cloudfail.machine.metadata import RETRIES, TIMEOUT_SECONDS, MetadataClient

_TTL_SECONDS = "21600"
_OK, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 200, 401, 403, 404


def default_endpoint() -> str:
    """Return the service's URL, from the variables that AWS's own SDKs read."""
    explicit = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "")
    if explicit:
        return explicit.rstrip("/")
    mode = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "")
    return "http://[fd00:ec2::254]" if mode.lower() == "ipv6" else "http://169.254.169.254"


class Metadata(MetadataClient):
    """Reads one path at a time; threads take turns. Raises UnreachableError, never guesses."""

    def __init__(self, endpoint: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__(endpoint or default_endpoint(), timeout)
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
            raise self.unreachable(f"it answered HTTP {status} for {path}")
        return body.strip()

    def required(self, path: str) -> str:
        """Return the same, but an absent or empty answer is an UnreachableError."""
        text = self.text(path)
        if not text:
            raise self.unreachable(f"it has nothing at {path}")
        return text

    def lines(self, path: str) -> tuple[str, ...]:
        """Return the entries of a directory or list; none where there is nothing."""
        return tuple((self.text(path) or "").split())

    def _get(self, path: str) -> tuple[int, str]:
        headers = {"X-aws-ec2-metadata-token": self._token}
        status, _, body = self._ask("GET", f"/latest/{path}", headers)
        return status, body

    def _new_token(self) -> str:
        if os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
            raise self.unreachable("AWS_EC2_METADATA_DISABLED is set")
        headers = {"X-aws-ec2-metadata-token-ttl-seconds": _TTL_SECONDS}
        status, _, body = self._ask("PUT", "/latest/api/token", headers)
        if status == _FORBIDDEN:
            raise self.unreachable("it is switched off for this instance (HTTP 403)")
        if status != _OK or not body.strip():
            raise self.unreachable(f"it gave no IMDSv2 token (HTTP {status})")
        return body.strip()

    def unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"the instance metadata service at {self.endpoint} cannot be used: {why}. Is this an "
            "EC2 instance with IMDSv2 on (hop limit 2 in a container)? Elsewhere, give "
            "--interface-id, a region and credentials ([provider.aws] credentials_file or profile)",
            limit=RETRIES,
        )
