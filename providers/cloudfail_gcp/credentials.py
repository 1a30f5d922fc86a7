"""As whom to call Compute, and the gate that every request passes right before it leaves."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cloudfail.errors import UnreachableError
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError

from cloudfail_gcp.credential_files import impersonated, of_file, require_private
from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.settings import GcpSettings

SCOPES = ("https://www.googleapis.com/auth/compute",)
_CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_CONNECTED = "https://compute-"
_TOKEN = "instance/service-accounts/default/token"  # noqa: S105 - a path
TOKEN_SECONDS = 5.0
Check = Callable[[str, str], None]


class MachineCredentials(Credentials):
    """The instance's service account, by our own client of the metadata server."""

    def __init__(self, metadata: Metadata, *, is_elsewhere: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._metadata = metadata
        self._is_elsewhere = is_elsewhere

    def refresh(self, request: Any) -> None:
        """Fetch a token. Raises UnreachableError."""
        del request
        try:
            found = self._metadata.json(_TOKEN)
        except UnreachableError as exc:
            if not self._is_elsewhere:
                raise
            raise DefaultCredentialsError(str(exc)) from exc  # type: ignore[no-untyped-call]
        self.token = found["access_token"]
        # google.auth compares with a naive UTC time.
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        self.expiry = now + datetime.timedelta(seconds=int(found["expires_in"]))


class Gate(Credentials):
    """Lets `check(verb, url)` speak last before a request is sent; then nothing was sent."""

    def __init__(self, inner: Credentials, check: Check) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner = inner
        self._check = check

    def refresh(self, request: Any) -> None:
        soon = partial(request, timeout=TOKEN_SECONDS)
        self._inner.refresh(soon)  # type: ignore[no-untyped-call]

    def before_request(self, request: Any, method: str, url: str, headers: Any) -> None:
        # google.auth itself would wait for two minutes.
        soon = partial(request, timeout=TOKEN_SECONDS)
        self._inner.before_request(soon, method, url, headers)  # type: ignore[no-untyped-call]
        self._check(method, url)


def find_credentials(
    settings: GcpSettings, metadata: Metadata, *, is_elsewhere: bool = False
) -> Credentials:
    """Return what the settings name, then the environment, then the instance's own.

    `is_elsewhere`: this may be no instance, so that no metadata server means no credentials. Raises ConfigError for a file that cannot be used, or that others may read.
    """
    # Impersonation is a call of another API, which Compute's scope does not cover.
    scopes = (_CLOUD,) if settings.impersonate else SCOPES
    source = _of_file(settings, scopes) or MachineCredentials(metadata, is_elsewhere=is_elsewhere)
    if not settings.impersonate:
        return source
    host = settings.iam_endpoint or iam_endpoint_of(settings.endpoint)
    url = f"{host.rstrip('/')}/v1/projects/-/serviceAccounts/{settings.impersonate}"
    return impersonated(source, f"{url}:generateAccessToken", SCOPES)


def iam_endpoint_of(endpoint: str) -> str:
    """Return where tokens of other accounts are had: by the same Private Service Connect endpoint.

    Its names are SERVICE-ENDPOINT.p.googleapis.com (vpc/docs/about-accessing-google-apis-endpoints).
    """
    if endpoint.startswith(_CONNECTED) and endpoint.rstrip("/").endswith(".p.googleapis.com"):
        return f"https://iamcredentials-{endpoint.removeprefix(_CONNECTED)}"
    return "https://iamcredentials.googleapis.com"


def _of_file(settings: GcpSettings, scopes: tuple[str, ...]) -> Credentials | None:
    if settings.credentials_file:
        key = "[provider.gcp] credentials_file"
        require_private(Path(settings.credentials_file), key)
        return of_file(Path(settings.credentials_file), key, scopes)
    if file := os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", ""):
        return of_file(Path(file), "GOOGLE_APPLICATION_CREDENTIALS", scopes)
    return None
