"""Clients of the vendor's SDK, made as fast as its documented parts allow.

boto3's own core, botocore, is used directly: what boto3 adds (resources, S3 transfers) costs a
third of its start and is not used. A loader with only our operations stands in for the full
model; when botocore will not have it, the full one is loaded.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config
from botocore.credentials import (
    CredentialProvider,
    CredentialResolver,
    Credentials,
    RefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, NoCredentialsError
from botocore.loaders import Loader
from botocore.parsers import ResponseParserError
from cloudfail import __version__
from cloudfail.clock import wall_clock
from cloudfail.errors import DeniedError

from cloudfail_aws.arn import is_aws
from cloudfail_aws.credentials import Keys, needs_chain, static_keys
from cloudfail_aws.settings import AwsSettings

CONNECT_SECONDS = 2
READ_SECONDS = 5
# Past botocore's advisory refresh (15 minutes before the end): one question a quarter of an hour.
_WHILE_SECONDS = 30 * 60
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
        private = self._settings.endpoint and not is_aws(self._settings.endpoint)
        if private and not os.environ.get("AWS_ENDPOINT_URL_STS"):
            options["endpoint_url"] = self._settings.endpoint
        client = self._client(self._own_session(), "sts", options)
        try:
            answer = client.assume_role(RoleArn=role_arn, RoleSessionName="cloudfail")[
                "Credentials"
            ]
        except KeyError as exc:
            raise ResponseParserError(f"no {exc} in the answer to AssumeRole") from exc
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
            # botocore would put its own together twice a request: a tenth of a call's own time.
            user_agent=f"cloudfail/{__version__}",
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
            found = self._by_chain()
            if found is not None:
                return found
        keys = self._role_keys()
        if keys is None:  # an instance that was just started, or given a role, has them later
            raise NoCredentialsError
        return _refreshable(keys, self._role_keys, extend=True)

    def _by_chain(self) -> Any:
        # SSO and the like make clients of their own: they get botocore's whole data.
        session = botocore.session.Session(profile=self._settings.profile or None)
        session.set_default_client_config(self._config())
        # The instance's role is asked for by our own client: the SDK's would go through HTTP_PROXY.
        session.get_component("credential_provider").remove("iam-role")
        return session.get_credentials()

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


def _refreshable(keys: Keys, again: Callable[[], Keys | None], *, extend: bool = False) -> Any:
    """Return credentials that are fetched again in time.

    With `extend`, keys that even when asked for again are about to end are used on, and asked
    for again a little later: while AWS cannot renew an instance's keys, it honours the old ones. Source:
    AWS SDKs and Tools reference, "IMDS credential provider" (static stability).
    """
    ends = _at_least_a_while if extend else _as_said

    def refresh() -> dict[str, str]:
        fresh = again()
        if fresh is None:
            raise DeniedError("the instance has no role any more: attach one that may call EC2")
        return _as_metadata(fresh, ends(fresh.expires))

    return RefreshableCredentials.create_from_metadata(
        metadata=_as_metadata(keys, keys.expires),
        refresh_using=refresh,
        method="cloudfail",
    )


def _as_said(expires: str) -> str:
    return expires


def _at_least_a_while(expires: str) -> str:
    soonest = datetime.fromtimestamp(wall_clock() + _WHILE_SECONDS, UTC)
    try:
        said = datetime.fromisoformat(expires)
    except ValueError:
        return expires
    return max(said, soonest).isoformat() if said.tzinfo else expires


def _as_metadata(keys: Keys, ends: str) -> dict[str, str]:
    return {
        "access_key": keys.access_key,
        "secret_key": keys.secret_key,
        "token": keys.token,
        "expiry_time": ends,
    }
