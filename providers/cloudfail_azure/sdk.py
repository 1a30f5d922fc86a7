"""azure-mgmt-network's client: one pipeline, its retries off, the role asked right before the wire."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from azure.core import AzureClouds
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import (
    HeadersPolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import RequestsTransport
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from azure.mgmt.core.tools import get_arm_endpoints
from azure.mgmt.network import NetworkManagementClient
from cloudfail.errors import ConfigError
from cloudfail.provider import Setup
from requests import Session
from requests.adapters import HTTPAdapter

from cloudfail_azure.credentials import CONNECT_SECONDS, READ_SECONDS, KeptToken, find_credentials
from cloudfail_azure.metadata import Metadata
from cloudfail_azure.operations import is_mutating, operation_of

_CLOUDS: Mapping[str, AzureClouds] = {
    "public": AzureClouds.AZURE_PUBLIC_CLOUD,
    "usgovernment": AzureClouds.AZURE_US_GOVERNMENT,
    "china": AzureClouds.AZURE_CHINA_CLOUD,
}
# One connection a lane, and those of a look.
_LOOKS = 8
_UNAUTHENTICATED = 401


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """`path` begins with a slash, and may have a query of its own; `body` is JSON, None for none."""

    operation: str
    verb: str
    path: str
    query: Mapping[str, str] = {}
    body: Any = None
    headers: Mapping[str, str] = {}


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. `headers` by lower-case names; `body` is JSON, None when there is none.

    `is_stale`: it was refused for a token that was good once; the next request has a new one.
    """

    status: int
    headers: Mapping[str, str] = {}
    body: Any = None
    is_stale: bool = False

    @property
    def etag(self) -> str:
        """The resource's version, for `if_match`."""
        body = self.body if isinstance(self.body, dict) else {}
        return str(body.get("etag") or self.headers.get("etag", ""))


class RoleGate(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """Lets `check(operation)` speak last before a mutating request is sent; then nothing was sent."""

    def __init__(self, check: Callable[[str], None]) -> None:
        self._check = check

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        sent = request.http_request
        if is_mutating(sent.method):
            self._check(operation_of(sent.method, sent.url))


class Client:
    """Thread-safe; built when first used."""

    def __init__(self, setup: Setup, metadata: Metadata) -> None:
        self._setup = setup
        self._metadata = metadata
        self._lock = threading.Lock()
        self._built: NetworkManagementClient | None = None
        self._token: KeptToken | None = None

    @property
    def endpoint(self) -> str:
        settings = self._setup.settings
        own = get_arm_endpoints(_CLOUDS[settings.cloud])["resource_manager"]
        return str(settings.endpoint or own).rstrip("/")

    def send(self, request: Request) -> Reply:
        """Send it once. Raises what azure-core raises when nobody answered, and ConfigError."""
        asked = HttpRequest(
            request.verb,
            self.endpoint + request.path,
            params=dict(request.query),
            headers={"Accept": "application/json", **request.headers},
            json=request.body,
        )
        response = self._client().send_request(asked)
        return Reply(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            body=_json(response.read()),
            is_stale=response.status_code == _UNAUTHENTICATED and self._forget(response.request),
        )

    def _forget(self, refused: HttpRequest) -> bool:
        """Ask for a new token next time; true when that may do better."""
        _, _, used = refused.headers.get("Authorization", "").partition(" ")
        return self._token is not None and self._token.forget(used)

    def _client(self) -> NetworkManagementClient:
        with self._lock:
            if self._built is None:
                self._built = self._build()
            return self._built

    def _build(self) -> NetworkManagementClient:
        settings = self._setup.settings
        if not self.endpoint.lower().startswith("https://"):
            raise ConfigError(
                f"endpoint {self.endpoint} in [provider.azure] is not https: a token is never sent "
                "in the clear"
            )
        token = self._token = find_credentials(settings, self._metadata)
        scopes = get_arm_endpoints(_CLOUDS[settings.cloud])["credential_scopes"]
        policies = [
            RequestIdPolicy(),
            HeadersPolicy(),
            UserAgentPolicy("cloudfail"),
            ARMChallengeAuthenticationPolicy(token, *scopes),  # type: ignore[arg-type]
            RoleGate(self._setup.before_write),
        ]
        return NetworkManagementClient(
            token,  # type: ignore[arg-type]
            settings.subscription,
            self.endpoint,
            policies=policies,
            transport=self._transport(settings.ca_file),
        )

    def _transport(self, ca_file: str) -> RequestsTransport:
        _require_authorities(ca_file)
        session = Session()
        pool = HTTPAdapter(pool_maxsize=self._setup.width + _LOOKS, max_retries=0)
        session.mount("https://", pool)
        return RequestsTransport(
            session=session,
            session_owner=False,
            connection_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            connection_verify=ca_file or True,
        )


def _require_authorities(ca_file: str) -> None:
    """Raise ConfigError for a file that is none of authorities: no request would tell why."""
    try:
        ssl.create_default_context(cafile=ca_file or None)
    except OSError as exc:
        why = exc.strerror or str(exc)
        raise ConfigError(
            f"ca_file {ca_file} in [provider.azure]: {why}; name a PEM file with the authorities "
            "of the endpoint, or leave it out"
        ) from exc


def _json(content: bytes) -> Any:
    try:
        return json.loads(content) if content else None
    except ValueError:
        return None
