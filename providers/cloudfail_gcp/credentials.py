"""As whom to call Compute, and the gate that every request passes right before it leaves."""

from __future__ import annotations

import datetime
import json
import os
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cloudfail.errors import ConfigError
from google.auth import impersonated_credentials
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import credentials as user
from google.oauth2 import service_account

from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.settings import GcpSettings

SCOPES = ("https://www.googleapis.com/auth/compute",)
_CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_TOKEN = "instance/service-accounts/default/token"  # noqa: S105 - a path
Check = Callable[[str, str], None]


class MachineCredentials(Credentials):
    """The instance's service account, by our own client of the metadata server."""

    def __init__(self, metadata: Metadata) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._metadata = metadata

    def refresh(self, request: Any) -> None:
        """Fetch a token. Raises UnreachableError."""
        del request
        found = self._metadata.json(_TOKEN)
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
        self._inner.refresh(request)  # type: ignore[no-untyped-call]

    def before_request(self, request: Any, method: str, url: str, headers: Any) -> None:
        self._inner.before_request(request, method, url, headers)  # type: ignore[no-untyped-call]
        self._check(method, url)


def find_credentials(settings: GcpSettings, metadata: Metadata) -> Credentials:
    """Return what the settings name, then the environment, then the instance's own.

    Raises ConfigError for a file that cannot be used, or that others may read.
    """
    source = _source(settings, metadata)
    if not settings.impersonate:
        return source
    return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
        source_credentials=source,
        target_principal=settings.impersonate,
        target_scopes=list(SCOPES),
    )


def _source(settings: GcpSettings, metadata: Metadata) -> Credentials:
    # Impersonation is a call of another API, which Compute's scope does not cover.
    scopes = [_CLOUD] if settings.impersonate else list(SCOPES)
    file = settings.credentials_file or os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "")
    if not file:
        return MachineCredentials(metadata)
    key = "[provider.gcp] credentials_file" if settings.credentials_file else "credentials"
    try:
        if settings.credentials_file:
            _require_private(Path(file), key)
        info = json.loads(Path(file).read_text(encoding="utf-8"))
        return _KINDS[info["type"]](info, scopes)
    except OSError as exc:
        raise ConfigError(f"{key} {file}: {exc.strerror}; create it, or leave it out") from exc
    except (GoogleAuthError, ValueError, KeyError, TypeError) as exc:
        raise ConfigError(
            f"{key} {file}: not Google credentials of type {' or '.join(_KINDS)} "
            f"({type(exc).__name__})"
        ) from exc


def _service_account(info: Any, scopes: list[str]) -> Credentials:
    found: Credentials = service_account.Credentials.from_service_account_info(info, scopes=scopes)  # type: ignore[no-untyped-call]
    return found


def _user(info: Any, scopes: list[str]) -> Credentials:
    found: Credentials = user.Credentials.from_authorized_user_info(info, scopes=scopes)  # type: ignore[no-untyped-call]
    return found


_KINDS: Mapping[str, Callable[[Any, list[str]], Credentials]] = {
    "service_account": _service_account,
    "authorized_user": _user,
}


def _require_private(path: Path, key: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(f"{key} {path}: others may read it (mode {mode:04o}); chmod 600 {path}")
