"""The metadata server: JSON by path. Source: compute/docs/metadata/querying-metadata."""

from __future__ import annotations

import json
import os
from typing import Any

from cloudfail.errors import UnreachableError
from cloudfail.machine.metadata import RETRIES, TIMEOUT_SECONDS, MetadataClient

_PREFIX, _FLAVOR = "/computeMetadata/v1/", "Metadata-Flavor"
_OK, _NOT_FOUND = 200, 404


def default_endpoint() -> str:
    """Return the server's URL, from the variables that Google's own libraries read."""
    host = os.environ.get("GCE_METADATA_HOST") or os.environ.get("GCE_METADATA_IP")
    return f"http://{host or '169.254.169.254'}"


class Metadata(MetadataClient):
    """Reads one path at a time; threads take turns. Raises UnreachableError, never guesses."""

    def __init__(self, endpoint: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__(endpoint or default_endpoint(), timeout)

    def text(self, path: str) -> str | None:
        """Return what is at a path, stripped; None where there is nothing (404)."""
        with self._lock:
            status, headers, body = self._ask("GET", _PREFIX + path, {_FLAVOR: "Google"})
        if status == _NOT_FOUND:
            return None
        if status != _OK:
            raise self.unreachable(f"it answered HTTP {status} for {path}")
        if headers.get(_FLAVOR) != "Google":
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

    def unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"the metadata server at {self.endpoint} cannot be used: {why}. Is this a Compute "
            "Engine instance?",
            limit=RETRIES,
        )
