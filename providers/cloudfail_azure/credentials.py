"""As whom to call Azure: one configured way, never a guess; and a token that outlives a hiccup."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from azure.core.credentials import AccessTokenInfo
from cloudfail.clock import wall_clock
from cloudfail.errors import ConfigError, UnreachableError

from cloudfail_azure.metadata import Metadata
from cloudfail_azure.settings import AzureSettings

CONNECT_SECONDS, READ_SECONDS = 2.0, 5.0
_SECRET = ("AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH")
# Nobody begins a request with a token that may end on its way.
_LAST_SECONDS = 60
# A refresh that failed is not tried again before, while the token is still good.
_PAUSE_SECONDS = 30
# Azure took back what is older; what is newer it never took.
_NEW_SECONDS = 30


class Source(Protocol):
    """What azure-core takes for a credential."""

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo: ...


class ManagedIdentity:
    """A managed identity of this virtual machine, by our own client of its metadata service."""

    def __init__(self, metadata: Metadata, client_id: str) -> None:
        self._metadata = metadata
        self._client_id = client_id

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        """Fetch a token. Raises DeniedError, UnreachableError."""
        del options
        resource = scopes[0].removesuffix("/.default")
        found = self._metadata.token(resource, self._client_id)
        try:
            now, lasts = int(wall_clock()), int(found["expires_in"])
            # As Microsoft's libraries do: one that lasts long is refreshed half way.
            early = now + lasts // 2 if lasts >= 2 * 3600 else None
            return AccessTokenInfo(str(found["access_token"]), now + lasts, refresh_on=early)
        except (KeyError, TypeError, ValueError) as exc:
            raise self._metadata.unreachable("its token cannot be read") from exc


class KeptToken:
    """A credential that asks its source early, and lives with the old token while that is good."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._token: AccessTokenInfo | None = None
        self._again = self._fetched = 0.0
        self._lock = threading.Lock()

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        """Return the token at hand, or a new one. Raises what the source raises when none is good."""
        with self._lock:
            kept = self._token
            # Claims are a challenge of Azure's: the token at hand does not meet them.
            if kept is not None and not (options or {}).get("claims") and not self._is_due(kept):
                return kept
            try:
                self._token = self._source.get_token_info(*scopes, options=options or {})
            except Exception:
                self._again = wall_clock() + _PAUSE_SECONDS
                if kept is None or kept.expires_on - _LAST_SECONDS <= wall_clock():
                    raise
                return kept
            self._fetched = wall_clock()
            return self._token

    def forget(self, refused: str) -> bool:
        """Ask anew next time: Azure did not take this token. True unless that was just fetched."""
        with self._lock:
            if self._token is None or self._token.token != refused:
                return True  # another thread was told before
            self._token = None
            return wall_clock() - self._fetched >= _NEW_SECONDS

    def _is_due(self, token: AccessTokenInfo) -> bool:
        now = wall_clock()
        if token.expires_on - _LAST_SECONDS <= now:
            return True
        due = token.refresh_on or token.expires_on - 5 * _LAST_SECONDS
        return due <= now and self._again <= now


def find_credentials(settings: AzureSettings, metadata: Metadata) -> KeptToken:
    """Return the configured credential. Raises ConfigError for variables that are not there."""
    return KeptToken(_SOURCES[settings.credential](settings, metadata))


def _managed(settings: AzureSettings, metadata: Metadata) -> Source:
    return ManagedIdentity(metadata, settings.client_id)


def _workload(settings: AzureSettings, _: Metadata) -> Source:
    _require(settings, "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE")
    client_id = settings.client_id or _require(settings, "AZURE_CLIENT_ID")
    from azure.identity import WorkloadIdentityCredential

    return _Outside(WorkloadIdentityCredential(client_id=client_id, **_options(settings)))


def _principal(settings: AzureSettings, _: Metadata) -> Source:
    _require(settings, "AZURE_TENANT_ID", "AZURE_CLIENT_ID")
    if not any(os.environ.get(name) for name in _SECRET):
        raise ConfigError(
            f'credential = "environment" in [provider.azure] needs {" or ".join(_SECRET)}: put it '
            "into the agent's environment, or use a managed identity"
        )
    from azure.identity import EnvironmentCredential

    return _Outside(EnvironmentCredential(**_options(settings)))


class _Outside:
    """A credential of azure-identity, whose errors are said in our words."""

    def __init__(self, inner: Source) -> None:
        self._inner = inner

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        from azure.core.exceptions import AzureError, ClientAuthenticationError

        try:
            return self._inner.get_token_info(*scopes, options=options)
        except (AzureError, OSError) as exc:
            # That nobody answered is wrapped as well: only the cause tells.
            if isinstance(exc, ClientAuthenticationError) and not _is_of_the_wire(exc.__cause__):
                raise
            raise UnreachableError(
                f"no token for Azure: {type(exc).__name__}: {exc}: this node needs a way to the "
                "authority that no claim carries; check DNS, the proxy and AZURE_AUTHORITY_HOST"
            ) from exc


def _is_of_the_wire(exc: BaseException | None) -> bool:
    from azure.core.exceptions import ServiceRequestError, ServiceResponseError

    return isinstance(exc, ServiceRequestError | ServiceResponseError | OSError)


def _require(settings: AzureSettings, *names: str) -> str:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise ConfigError(
            f'credential = "{settings.credential}" in [provider.azure] needs '
            f"{' and '.join(missing)}: put it into the agent's environment, or use a managed identity"
        )
    return os.environ[names[0]]


def _options(settings: AzureSettings) -> dict[str, Any]:
    """Return what every credential of azure-identity is to keep to: one retry layer, ours."""
    authority = os.environ.get("AZURE_AUTHORITY_HOST") or AUTHORITIES[settings.cloud]
    return {
        "authority": authority,
        # It would ask another host whether this one is to be trusted.
        "disable_instance_discovery": True,
        "retry_total": 0,
        "connection_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
    }


AUTHORITIES: Mapping[str, str] = {
    "public": "login.microsoftonline.com",
    "usgovernment": "login.microsoftonline.us",
    "china": "login.chinacloudapi.cn",
}
_SOURCES: Mapping[str, Callable[[AzureSettings, Metadata], Source]] = {
    "managed-identity": _managed,
    "workload-identity": _workload,
    "environment": _principal,
}
