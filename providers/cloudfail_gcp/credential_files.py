"""Files of Google credentials, by their type. A file also says where its tokens are had."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudfail.errors import ConfigError
from google.auth import impersonated_credentials
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import credentials as user
from google.oauth2 import service_account

_CLOUD = "https://www.googleapis.com/auth/cloud-platform"
_AWS = "urn:ietf:params:aws:token-type:aws4_request"
_TOKENS = "https://oauth2.googleapis.com/token"
_ACTION = ":generateAccessToken"
Scopes = Sequence[str]


def of_file(path: Path, key: str, scopes: Scopes) -> Credentials:
    """Return the file's credentials; `key` names in errors where the path is from.

    Raises ConfigError for a file that cannot be read, or is none of Google's.
    """
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
        return _of_info(info, scopes)
    except OSError as exc:
        raise ConfigError(f"{key} {path}: {exc.strerror}; create it, or leave it out") from exc
    except _UnsupportedError as exc:
        raise ConfigError(f"{key} {path}: {exc}") from exc
    # Whatever is missing or of another form in a file: its text may be a secret.
    except (GoogleAuthError, ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ConfigError(
            f"{key} {path}: not Google credentials of type {' or '.join(_KINDS)} "
            f"({type(exc).__name__}); make it anew with gcloud"
        ) from exc


def impersonated(
    source: Credentials, url: str, scopes: Scopes, delegates: Scopes = ()
) -> Credentials:
    """Return credentials of the account that `url` gives tokens of, to the `source`."""
    return impersonated_credentials.Credentials(  # type: ignore[no-untyped-call]
        source_credentials=source,
        target_principal=url.rpartition("/")[2].removesuffix(_ACTION),
        target_scopes=list(scopes),
        delegates=list(delegates),
        iam_endpoint_override=url,
    )


def require_private(path: Path, key: str) -> None:
    """Raises ConfigError for a file that others may read. One that is not there is no matter."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        raise ConfigError(f"{key} {path}: others may read it (mode {mode:04o}); chmod 600 {path}")


class _UnsupportedError(Exception):
    """What google.auth could do, and a failover should not."""


def _of_info(info: Any, scopes: Scopes) -> Credentials:
    return _KINDS[info["type"]](info, scopes)


def _service_account(info: Any, scopes: Scopes) -> Credentials:
    found: Credentials = service_account.Credentials.from_service_account_info(info, scopes=scopes)  # type: ignore[no-untyped-call]
    return found


def _user(info: Any, _: Scopes) -> Credentials:
    """A person's login; its scopes are those that were granted to it."""
    return user.Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=info["refresh_token"],
        client_id=info["client_id"],
        client_secret=info["client_secret"],
        token_uri=info.get("token_uri") or _TOKENS,
        quota_project_id=info.get("quota_project_id"),
    )


def _impersonated(info: Any, scopes: Scopes) -> Credentials:
    """google.auth's own reader calls Google's public endpoint, whatever the file's URL is."""
    url = str(info["service_account_impersonation_url"])
    if not url.endswith(_ACTION):
        raise ValueError(url)
    source = _of_info(info["source_credentials"], [_CLOUD])
    return impersonated(source, url, scopes, info.get("delegates") or ())


def _external(info: Any, scopes: Scopes) -> Credentials:
    """Workload identity federation: a token of another provider, exchanged."""
    from google.auth import aws, identity_pool  # not in the way of a promotion

    source = info["credential_source"]
    if "executable" in source:
        raise _UnsupportedError(
            "a credential_source that runs an executable is not used: it would start a process "
            "while nobody serves; use one with a file or a url"
        )
    kind: Any = aws if info["subject_token_type"] == _AWS else identity_pool
    found: Credentials = kind.Credentials.from_info(info, scopes=scopes)
    return found


_KINDS: Mapping[str, Callable[[Any, Scopes], Credentials]] = {
    "service_account": _service_account,
    "authorized_user": _user,
    "impersonated_service_account": _impersonated,
    "external_account": _external,
}
