"""Which credentials to use, decided from what is on this machine, before any SDK is loaded.

The order is AWS's own. What needs no more than reading it (a credentials file that the
configuration names, the environment, the instance's role) is read here; everything else
(profiles, SSO, containers, web identity) is left to the SDK's chain.
"""

from __future__ import annotations

import configparser
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cloudfail.errors import ConfigError

from cloudfail_aws.metadata import Metadata
from cloudfail_aws.settings import AwsSettings

_ROLE_PATH = "meta-data/iam/security-credentials/"
_CHAIN_VARIABLES = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)
_CHAIN_FILES = (
    ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    ("AWS_CONFIG_FILE", "~/.aws/config"),
)


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """An access key; `expires` is AWS's own timestamp, empty for keys that do not."""

    access_key: str
    secret_key: str
    token: str = ""
    expires: str = ""

    def __repr__(self) -> str:
        return f"Keys(access_key={self.access_key!r}, ***)"


def static_keys(settings: AwsSettings, environ: Mapping[str, str] = os.environ) -> Keys | None:
    """Return keys that are written down; None when the chain or the instance's role has them.

    Under systemd the configured file may be one that only root can read: its LoadCredential= copy,
    which has the file's name, is read then. Raises ConfigError when the configured file cannot be used, or others may read it.
    """
    if settings.credentials_file:
        path = Path(settings.credentials_file)
        return _from_file(path, _loaded(path, environ) or path, settings.profile or "default")
    if settings.profile:
        return None
    access_key = environ.get("AWS_ACCESS_KEY_ID", "")
    secret_key = environ.get("AWS_SECRET_ACCESS_KEY", "")
    if not access_key or not secret_key:
        return None
    token = environ.get("AWS_SESSION_TOKEN", "")
    return Keys(access_key=access_key, secret_key=secret_key, token=token)


def needs_chain(settings: AwsSettings, environ: Mapping[str, str] = os.environ) -> bool:
    """True when only the SDK's chain can tell: a profile, a container, web identity, SSO."""
    if settings.profile or any(environ.get(name) for name in _CHAIN_VARIABLES):
        return True
    # os.path, not Path: a home that may not be entered, or that nobody has, is no file.
    return any(
        os.path.exists(os.path.expanduser(environ.get(name) or default))  # noqa: PTH110, PTH111
        for name, default in _CHAIN_FILES
    )


def role_keys(metadata: Metadata) -> Keys | None:
    """Return the instance role's keys, None without a role.

    Raises UnreachableError when there is no metadata service.
    """
    names = metadata.lines(_ROLE_PATH)
    text = metadata.text(_ROLE_PATH + names[0]) if names else None
    try:
        found = json.loads(text or "{}")
        return Keys(
            access_key=found["AccessKeyId"],
            secret_key=found["SecretAccessKey"],
            token=found["Token"],
            expires=found["Expiration"],
        )
    except (ValueError, KeyError, TypeError):
        return None


def _loaded(path: Path, environ: Mapping[str, str]) -> Path | None:
    """Return systemd's copy of the file for this unit (systemd.exec(5)), None where there is none."""
    directory = environ.get("CREDENTIALS_DIRECTORY", "")
    copy = Path(directory, path.name)
    # os.path, not Path: a directory that may not be entered has no copy.
    return copy if directory and os.path.isfile(copy) else None  # noqa: PTH113


def _from_file(path: Path, read: Path, profile: str) -> Keys:
    key = f"[provider.aws] credentials_file {path}"
    try:
        mode = stat.S_IMODE(read.stat().st_mode)
        # A copy of systemd's is the unit's alone, by an access list that shows as the group's mode.
        if read == path and mode & 0o077:
            raise ConfigError(f"{key}: others may read it (mode {mode:04o}); chmod 600 {path}")
        parser = configparser.RawConfigParser()
        parser.read_string(read.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"{key}: {exc.strerror}; {_remedy(exc, path)}") from exc
    except (configparser.Error, UnicodeDecodeError) as exc:
        raise ConfigError(f"{key}: not an AWS credentials file; write it as INI") from exc
    try:
        section = parser[profile]
        return Keys(
            access_key=section["aws_access_key_id"],
            secret_key=section["aws_secret_access_key"],
            token=section.get("aws_session_token", ""),
        )
    except KeyError as exc:
        raise ConfigError(
            f"{key}: no {exc.args[0]!r} in it; needs [{profile}] with aws_access_key_id and "
            "aws_secret_access_key"
        ) from exc


def _remedy(error: OSError, path: Path) -> str:
    if not isinstance(error, PermissionError):
        return "create it, or leave the key out"
    return (
        f"make it this user's own, or let the agent have it: [agent] load_credential = "
        f'["{path.name}:{path}"]'
    )
