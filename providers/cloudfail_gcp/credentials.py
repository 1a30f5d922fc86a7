"""As whom to call Compute, and the gate that every request passes right before it leaves."""

from __future__ import annotations

import datetime
import json
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from cloudfail.clock import wall_clock
from cloudfail.errors import UnreachableError
from google.auth.credentials import Credentials
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import Request

from cloudfail_gcp.credential_files import impersonated, of_file, require_private
from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.settings import GcpSettings

SCOPES = ("https://www.googleapis.com/auth/compute",)
_CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_CONNECTED = "https://compute-"
_TOKEN = "instance/service-accounts/default/token"  # noqa: S105 - a path
TOKEN_SECONDS = 5.0
# Nobody begins a request with a token that may end on its way.
_LAST = datetime.timedelta(seconds=60)
# A refresh that failed is not tried again before, while the token is still good.
_PAUSE = datetime.timedelta(seconds=30)
Check = Callable[[str, str], None]


class MachineCredentials(Credentials):
    """The instance's service account, by our own client of the metadata server."""

    def __init__(self, metadata: Metadata, *, is_elsewhere: bool = False) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._metadata = metadata
        self._is_elsewhere = is_elsewhere

    def refresh(self, request: Any) -> None:
        """Fetch a token. Raises UnreachableError, DefaultCredentialsError."""
        del request
        try:
            text = self._metadata.text(_TOKEN)
        except UnreachableError as exc:
            if not self._is_elsewhere:
                raise
            raise DefaultCredentialsError(str(exc)) from exc  # type: ignore[no-untyped-call]
        if text is None:
            raise DefaultCredentialsError("this instance has none")  # type: ignore[no-untyped-call]
        try:
            found = json.loads(text)
            self.token, lasts = str(found["access_token"]), int(found["expires_in"])
        except (ValueError, KeyError, TypeError) as exc:
            raise self._metadata.unreachable("its token cannot be read") from exc
        self.expiry = _now() + datetime.timedelta(seconds=lasts)


class Gate(Credentials):
    """Lets `check(verb, url)` speak last before a request is sent; then nothing was sent.

    A token is renewed early, and lived with to its end while no new one is to be had.
    """

    def __init__(self, inner: Credentials, check: Check, send: Any = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._inner = inner
        self._check = check
        self._again = _now()
        self._lock = threading.Lock()
        # That of google.auth's session would send three times more by itself, and wait for two minutes.
        self._request = partial(send or Request(), timeout=TOKEN_SECONDS)

    def refresh(self, request: Any) -> None:
        del request
        self._inner.refresh(self._request)  # type: ignore[no-untyped-call]

    def before_request(self, request: Any, method: str, url: str, headers: Any) -> None:
        del request
        with self._lock:  # one asks for a new token, and the others get it
            self._authorize(method, url, headers)
        self._check(method, url)

    def _authorize(self, method: str, url: str, headers: Any) -> None:
        if _now() < self._again and self._is_good():
            self._inner.apply(headers)  # type: ignore[no-untyped-call]
            return
        try:
            self._inner.before_request(self._request, method, url, headers)  # type: ignore[no-untyped-call]
        except (GoogleAuthError, UnreachableError):
            self._again = _now() + _PAUSE
            if not self._is_good():
                raise
            self._inner.apply(headers)  # type: ignore[no-untyped-call]

    def _is_good(self) -> bool:
        """True while the token at hand will not end on a request's way."""
        token, ends = self._inner.token, self._inner.expiry
        return bool(token and ends is not None and ends - _LAST > _now())


def _now() -> datetime.datetime:
    """Return the time as google.auth compares it: UTC, and naive."""
    return datetime.datetime.fromtimestamp(wall_clock(), datetime.UTC).replace(tzinfo=None)


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
