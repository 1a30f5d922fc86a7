"""Each type of credentials, and the requests by which it comes by a token, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from cloudfail.errors import ConfigError, DeniedError, UnreachableError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import ForwardingRule
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth import jwt
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import Request

from cloudfail_gcp import credentials
from cloudfail_gcp.credentials import TOKEN_SECONDS, Gate, find_credentials, iam_endpoint_of
from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import NodeMaker
from providers.gcp.token_server import TokenServer, token_server

COMPUTE = "https://www.googleapis.com/auth/compute"
TARGET = "cloudfail@p.iam.gserviceaccount.com"
GENERATE = f"/v1/projects/-/serviceAccounts/{TARGET}:generateAccessToken"
JWT = "urn:ietf:params:oauth:token-type:jwt"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
NOWHERE = Metadata("http://127.0.0.1:9")
Info = Mapping[str, Any]


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with token_server() as found:
        yield found


def account(server: TokenServer) -> Info:
    pem = KEY.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "client_email": "nodes@p.iam.gserviceaccount.com",
        "private_key_id": "1",
        "private_key": pem.decode(),
        "token_uri": server.url("/token"),
    }


def person(server: TokenServer) -> Info:
    return {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "token_uri": server.url("/token"),
    }


def federated(server: TokenServer, source: Info, **more: str) -> Info:
    return {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/x",
        "subject_token_type": JWT,
        "token_url": server.url("/sts"),
        "credential_source": source,
        **more,
    }


def write(tmp_path: Path, info: object) -> str:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(info))
    path.chmod(0o600)
    return str(path)


def token_of(settings: GcpSettings, metadata: Metadata = NOWHERE) -> str:
    """Return the token that a call of Compute would leave with."""
    headers: dict[str, str] = {}
    found = find_credentials(settings, metadata)
    found.before_request(Request(), "GET", "http://x/", headers)  # type: ignore[no-untyped-call]
    return headers["authorization"].removeprefix("Bearer ")


def test_a_service_account_signs_for_computes_scope(server: TokenServer, tmp_path: Path) -> None:
    settings = GcpSettings(credentials_file=write(tmp_path, account(server)))
    assert token_of(settings) == "token-1"
    (asked,) = server.asked
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    claims = jwt.decode(asked.fields["assertion"], certs=public, verify=False)  # type: ignore[no-untyped-call]
    assert (claims["iss"], claims["scope"]) == ("nodes@p.iam.gserviceaccount.com", COMPUTE)


def test_a_persons_login_is_refreshed(
    server: TokenServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", write(tmp_path, person(server)))
    assert token_of(GcpSettings()) == "token-1"
    assert server.asked[0].fields["grant_type"] == "refresh_token"
    assert server.asked[0].fields["refresh_token"] == "r"


@pytest.mark.parametrize("make", [account, person])
def test_an_impersonated_account_is_asked_for_where_the_file_says(
    server: TokenServer, tmp_path: Path, make: Any
) -> None:
    info = {
        "type": "impersonated_service_account",
        "source_credentials": make(server),
        "service_account_impersonation_url": server.url(GENERATE),
        "delegates": ["between@p.iam.gserviceaccount.com"],
    }
    settings = GcpSettings(credentials_file=write(tmp_path, info))
    assert token_of(settings) == "token-2"
    source, generated = server.asked
    assert (source.path, generated.path) == ("/token", GENERATE)
    assert generated.bearer == "token-1"
    assert generated.fields["scope"] == [COMPUTE]
    assert generated.fields["delegates"] == info["delegates"]


def test_a_token_of_another_provider_is_exchanged(server: TokenServer, tmp_path: Path) -> None:
    (tmp_path / "subject").write_text("of another provider")
    sources: list[Info] = [
        {"file": str(tmp_path / "subject")},
        {
            "url": server.url("/s"),
            "format": {"type": "json", "subject_token_field_name": "id_token"},
        },
    ]
    for number, source in enumerate(sources, 1):
        settings = GcpSettings(credentials_file=write(tmp_path, federated(server, source)))
        assert token_of(settings) == f"token-{number}"
        assert server.asked[-1].path == "/sts"
        assert server.asked[-1].fields["subject_token"] == "of another provider"
        assert server.asked[-1].fields["scope"] == COMPUTE


def test_an_exchanged_token_may_be_for_another_account(server: TokenServer, tmp_path: Path) -> None:
    (tmp_path / "subject").write_text("of another provider")
    url = {"service_account_impersonation_url": server.url(GENERATE)}
    info = federated(server, {"file": str(tmp_path / "subject")}, **url)
    assert token_of(GcpSettings(credentials_file=write(tmp_path, info))) == "token-2"
    assert [asked.path for asked in server.asked] == ["/sts", GENERATE]


def test_the_instances_account_may_act_as_another(server: TokenServer, cloud: EmbeddedGcp) -> None:
    settings = GcpSettings(impersonate=TARGET, iam_endpoint=server.url())
    assert token_of(settings, Metadata(cloud.metadata_endpoint("a"))) == "token-1"
    (asked,) = server.asked
    assert (asked.path, asked.fields["scope"]) == (GENERATE, [COMPUTE])
    assert asked.bearer.startswith("ya29.")


def test_a_file_may_act_as_another(server: TokenServer, tmp_path: Path) -> None:
    file = write(tmp_path, account(server))
    settings = GcpSettings(credentials_file=file, impersonate=TARGET, iam_endpoint=server.url("/"))
    assert token_of(settings) == "token-2"
    claims = jwt.decode(server.asked[0].fields["assertion"], certs=None, verify=False)  # type: ignore[no-untyped-call]
    assert claims["scope"] == "https://www.googleapis.com/auth/iam"
    assert server.asked[1].path == GENERATE


def test_tokens_come_by_the_private_endpoint_of_compute() -> None:
    connected = "https://compute-edge.p.googleapis.com"
    assert iam_endpoint_of(connected) == "https://iamcredentials-edge.p.googleapis.com"
    for endpoint in ("", "https://compute.googleapis.com", "http://127.0.0.1:80"):
        assert iam_endpoint_of(endpoint) == "https://iamcredentials.googleapis.com"


def test_a_refused_token_is_a_denial_before_anything_is_sent(
    server: TokenServer, cloud: EmbeddedGcp, node_of: NodeMaker, tmp_path: Path
) -> None:
    server.refuses = True
    file = write(tmp_path, person(server))
    settings = GcpSettings(endpoint=cloud.endpoint, credentials_file=file)
    with pytest.raises(DeniedError, match="invalid_grant") as caught:
        node_of("a", settings=settings).provider.observe([ForwardingRule(name="edge")])
    assert "credentials_file in" in str(caught.value)
    assert cloud.calls == []


def test_token_endpoints_that_are_not_there_are_named(
    cloud: EmbeddedGcp, node_of: NodeMaker, tmp_path: Path
) -> None:
    info = {
        "type": "authorized_user",
        "client_id": "c",
        "client_secret": "s",
        "refresh_token": "r",
        "token_uri": "http://127.0.0.1:9/token",
    }
    settings = GcpSettings(endpoint=cloud.endpoint, credentials_file=write(tmp_path, info))
    with pytest.raises(UnreachableError, match=r"what gives tokens cannot be reached .*port=9"):
        node_of("a", settings=settings).provider.observe([ForwardingRule(name="edge")])
    assert cloud.calls == []


def test_a_token_is_not_waited_for_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "TOKEN_SECONDS", TOKEN_SECONDS)
    asked: list[float] = []

    class Slow(AnonymousCredentials):
        def before_request(self, request: Any, *_: Any) -> None:
            request(url="http://x/token", method="POST")

        refresh = before_request

    def request(timeout: float = 120.0, **_: Any) -> None:
        asked.append(timeout)

    gate = Gate(Slow(), lambda *_: None, request)  # type: ignore[no-untyped-call]
    gate.before_request(None, "GET", "http://x/", {})
    gate.refresh(None)
    assert asked == [TOKEN_SECONDS, TOKEN_SECONDS]


def test_a_token_is_asked_for_once_a_time() -> None:
    gate = Gate(AnonymousCredentials(), lambda *_: None)  # type: ignore[no-untyped-call]
    session: Any = gate._request.func.session  # type: ignore[attr-defined]
    assert session.get_adapter("https://oauth2.example").max_retries.total == 0


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({}, "not Google credentials of type service_account or authorized_user or"),
        ([], "not Google credentials"),
        ({"type": "gdch_service_account"}, "not Google credentials"),
        ({"type": "service_account"}, "not Google credentials"),
        ({"type": "authorized_user", "client_id": "c"}, "not Google credentials"),
        (
            {
                "type": "impersonated_service_account",
                "source_credentials": {},
                "service_account_impersonation_url": "https://x/y",
            },
            "not Google credentials",
        ),
        (
            {"type": "external_account", "credential_source": {"executable": {"command": "/x"}}},
            "runs an executable is not used",
        ),
    ],
)
def test_a_file_of_another_form_is_named(tmp_path: Path, info: object, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        find_credentials(GcpSettings(credentials_file=write(tmp_path, info)), NOWHERE)
    assert str(tmp_path) in str(caught.value)


def test_what_the_environment_names_is_named_in_its_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "absent"))
    with pytest.raises(ConfigError, match=r"GOOGLE_APPLICATION_CREDENTIALS .*No such file"):
        find_credentials(GcpSettings(), NOWHERE)
