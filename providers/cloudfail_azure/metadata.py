"""The Instance Metadata Service: this machine, and tokens of its managed identities.

Sources: virtual-machines/instance-metadata-service, and
entra/identity/managed-identities-azure-resources/how-to-use-vm-token.
"""

from __future__ import annotations

import json
import os
from typing import Any
from urllib.parse import urlencode

from cloudfail.errors import DeniedError, UnreachableError
from cloudfail.machine.metadata import RETRIES, MetadataClient

TIMEOUT_SECONDS = 1.0
_INSTANCE = "/metadata/instance?api-version=2021-12-13"
_TOKEN = "/metadata/identity/oauth2/token"  # noqa: S105 - a path
_TOKEN_VERSION = "2018-02-01"  # noqa: S105 - of the API
_OK, _BAD_REQUEST, _FORBIDDEN, _SERVER_ERROR = 200, 400, 403, 500
# how-to-use-vm-token, "Retry guidance".
_BUSY = frozenset({410, 429})


def default_endpoint() -> str:
    """Return the service's URL, from the variable that Microsoft's own libraries read."""
    return os.environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST") or "http://169.254.169.254"


class Metadata(MetadataClient):
    """Asks one question at a time; threads take turns. Raises UnreachableError, never guesses."""

    def __init__(self, endpoint: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        super().__init__(endpoint or default_endpoint(), timeout)

    def instance(self) -> Any:
        """Return what the service says of this machine, as JSON."""
        status, document = self._json(_INSTANCE)
        if status != _OK:
            raise self._refused(status, "the instance")
        return document

    def token(self, resource: str, client_id: str = "") -> Any:
        """Return a token's JSON for the system-assigned identity, or the one of this client id.

        Raises DeniedError when the machine has no such identity.
        """
        asked = {"api-version": _TOKEN_VERSION, "resource": resource}
        if client_id:
            asked["client_id"] = client_id
        status, document = self._json(f"{_TOKEN}?{urlencode(asked)}")
        if status in {_BAD_REQUEST, _FORBIDDEN}:
            raise _no_identity(document, client_id)
        if status != _OK:
            raise self._refused(status, "a token")
        return document

    def _json(self, path: str) -> tuple[int, Any]:
        with self._lock:
            status, _, body = self._ask("GET", path, {"Metadata": "true"})
        try:
            return status, json.loads(body) if body or status == _OK else None
        except ValueError as exc:
            if status in _BUSY or status >= _SERVER_ERROR:
                return status, None
            raise self.unreachable(f"what it has at {path.partition('?')[0]} is no JSON") from exc

    def _refused(self, status: int, what: str) -> UnreachableError:
        """What is busy, or is just updated (410, for about 70 s), is there: it is asked again."""
        if status in _BUSY or status >= _SERVER_ERROR:
            return UnreachableError(
                f"the instance metadata service at {self.endpoint} answered HTTP {status} when "
                f"asked for {what}; it is asked again"
            )
        return self.unreachable(f"it answered HTTP {status} when asked for {what}")

    def unreachable(self, why: str) -> UnreachableError:
        return UnreachableError(
            f"the instance metadata service at {self.endpoint} cannot be used: {why}. Is this a "
            "virtual machine of Azure?",
            limit=RETRIES,
        )


def _no_identity(document: Any, client_id: str) -> DeniedError:
    said = document.get("error_description", "") if isinstance(document, dict) else ""
    if client_id:
        return DeniedError(
            f"this virtual machine gets no token for client_id {client_id} ({said}): assign that "
            "identity to it (az vm identity assign --identities), or correct client_id in "
            "[provider.azure]"
        )
    return DeniedError(
        f"this virtual machine gets no token ({said}): give it an identity (az vm identity "
        "assign), or name a user-assigned one by client_id in [provider.azure]"
    )
