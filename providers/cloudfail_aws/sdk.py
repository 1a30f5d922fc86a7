"""Clients of the vendor's SDK, made as fast as its documented parts allow.

boto3's own core, botocore, is used directly: what boto3 adds (resources, S3 transfers) costs a
third of its start and is not used. A loader with only our operations stands in for the full
model; when botocore will not have it, the full one is loaded.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    RefreshableCredentials,
)
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from cloudfail.errors import DeniedError

from cloudfail_aws.credentials import Keys, needs_chain, static_keys
from cloudfail_aws.settings import AwsSettings

CONNECT_SECONDS = 2
READ_SECONDS = 5
_DATA = Path(__file__).parent / "sdk_model" / "data"
# What an older or newer botocore may raise over data that it did not ship.
_REFUSALS = (BotoCoreError, KeyError, TypeError, ValueError, AttributeError)


class TrimmedLoader(Loader):
    """Finds our part of botocore's data, and nothing else."""

    def __init__(self) -> None:
        super().__init__(extra_search_paths=[str(_DATA)], include_default_search_paths=False)

    def is_builtin_path(self, path: str) -> bool:
        """Say yes: these are botocore's endpoints, so its rules apply to them as they are."""
        return Path(path).is_relative_to(_DATA)


class Clients:
    """One EC2 client a role, made at first use; `drop` makes the next use fetch credentials.

    `role_keys` reads the instance role's keys now; it is asked again before they expire.
    """

    def __init__(
        self,
        settings: AwsSettings,
        *,
        region: Callable[[], str],
        role_keys: Callable[[], Keys | None],
        width: int = 16,
    ) -> None:
        self._settings = settings
        self._region = region
        self._role_keys = role_keys
        self._width = width
        self._lock = threading.RLock()
        self._clients: dict[str, Any] = {}
        self._session: Any = None
        self._hooks: list[Callable[[Any], None]] = []

    def on_new(self, hook: Callable[[Any], None]) -> None:
        """Let `hook` see every client before its first use, to register event handlers."""
        self._hooks.append(hook)

    def ec2(self, role_arn: str = "") -> Any:
        """Return the client that acts as `role_arn`, or as the one of the settings."""
        arn = role_arn or self._settings.role_arn
        with self._lock:
            if arn not in self._clients:
                self._clients[arn] = self._new_ec2(arn)
            return self._clients[arn]

    def drop(self) -> None:
        """Forget clients and credentials: the next call starts with fresh ones."""
        with self._lock:
            self._clients.clear()
            self._session = None

    def _new_ec2(self, role_arn: str) -> Any:
        options: dict[str, Any] = {}
        if role_arn:
            keys = self._assume(role_arn)
            session = self._new_session(_refreshable(keys, lambda: self._assume(role_arn)))
        else:
            session = self._own_session()
        if self._settings.endpoint:
            options["endpoint_url"] = self._settings.endpoint
        return self._client(session, "ec2", options)

    def _assume(self, role_arn: str) -> Keys:
        options: dict[str, Any] = {}
        if self._settings.endpoint and not _is_aws(self._settings.endpoint):
            options["endpoint_url"] = self._settings.endpoint
        client = self._client(self._own_session(), "sts", options)
        answer = client.assume_role(RoleArn=role_arn, RoleSessionName="cloudfail")["Credentials"]
        return Keys(
            access_key=answer["AccessKeyId"],
            secret_key=answer["SecretAccessKey"],
            token=answer["SessionToken"],
            expires=answer["Expiration"].isoformat(),
        )

    def _client(self, session: Any, service: str, options: Mapping[str, Any]) -> Any:
        client = self._bare_client(session, service, options)
        for hook in self._hooks:
            hook(client)
        return client

    def _bare_client(self, session: Any, service: str, options: Mapping[str, Any]) -> Any:
        arguments = {
            "region_name": self._region() or None,
            "config": self._config(),
            "verify": self._settings.ca_bundle or None,
            **options,
        }
        try:
            return session.create_client(service, **arguments)
        except _REFUSALS:
            if not isinstance(session.get_component("data_loader"), TrimmedLoader):
                raise
        session.register_component("data_loader", Loader())
        return session.create_client(service, **arguments)

    def _config(self) -> Config:
        return Config(
            retries={"total_max_attempts": 1, "mode": "standard"},
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=max(self._width, 1),
            parameter_validation=True,
        )

    def _own_session(self) -> Any:
        if self._session is None:
            self._session = self._new_session(self._own_credentials())
        return self._session

    def _own_credentials(self) -> Any:
        keys = static_keys(self._settings)
        if keys is not None:
            return _credentials(keys)
        if needs_chain(self._settings):
            # SSO and the like make clients of their own: they get botocore's whole data.
            return botocore.session.Session(
                profile=self._settings.profile or None
            ).get_credentials()
        keys = self._role_keys()
        return None if keys is None else _refreshable(keys, self._role_keys)

    def _new_session(self, credentials: Any) -> Any:
        session = botocore.session.Session(profile=self._settings.profile or None)
        if not os.environ.get("AWS_DATA_PATH"):
            session.register_component("data_loader", TrimmedLoader())
        session.register_component("credential_provider", CredentialResolver([_Known(credentials)]))
        return session


class _Known(CredentialProvider):
    """Hands out credentials that were found already."""

    METHOD = "cloudfail"

    def __init__(self, credentials: Any) -> None:
        super().__init__()
        self._found = credentials

    def load(self) -> Any:
        return self._found


def _credentials(keys: Keys) -> Any:
    return Credentials(keys.access_key, keys.secret_key, keys.token or None)


def _refreshable(keys: Keys, again: Callable[[], Keys | None]) -> Any:
    def refresh() -> dict[str, str]:
        fresh = again()
        if fresh is None:
            raise DeniedError("the instance has no role any more: attach one that may call EC2")
        return _as_metadata(fresh)

    return RefreshableCredentials.create_from_metadata(
        metadata=_as_metadata(keys), refresh_using=refresh, method="cloudfail"
    )


def _as_metadata(keys: Keys) -> dict[str, str]:
    return {
        "access_key": keys.access_key,
        "secret_key": keys.secret_key,
        "token": keys.token,
        "expiry_time": keys.expires,
    }


def _is_aws(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
