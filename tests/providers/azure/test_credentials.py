"""As whom Azure is called: one configured way, with errors that say what to do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessTokenInfo
from cloudfail.errors import CloudfailError, ConfigError, DeniedError, UnreachableError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import HttpService, Incoming, Reply
from cloudfail.lab.cloud.tls import Authority
from cloudfail.testing.runs import ready_run

from cloudfail_azure.api import Api
from cloudfail_azure.credentials import KeptToken, ManagedIdentity, find_credentials
from cloudfail_azure.metadata import Metadata
from cloudfail_azure.settings import AzureSettings
from providers.azure.nodes import NodeMaker

SCOPE = "https://management.azure.com/.default"
USER = "11111111-1111-1111-1111-111111111111"


def managed(cloud: EmbeddedAzure, client_id: str = "") -> ManagedIdentity:
    return ManagedIdentity(Metadata(cloud.metadata_endpoint("a")), client_id)


def test_a_machine_is_its_system_assigned_identity_or_the_named_one(cloud: EmbeddedAzure) -> None:
    node = cloud.built.nodes["a"]
    own = managed(cloud).get_token_info(SCOPE)
    named = managed(cloud, USER).get_token_info(SCOPE)
    sessions = [cloud.tokens.find(one.token) for one in (own, named)]
    principals = [session.principal for session in sessions if session is not None]
    assert principals == [node.principal, node.principals[USER]]
    assert own.refresh_on is not None
    assert own.refresh_on < own.expires_on


def test_an_identity_that_the_machine_has_not_is_named(cloud: EmbeddedAzure) -> None:
    other = "22222222-2222-2222-2222-222222222222"
    with pytest.raises(DeniedError, match=f"no token for client_id {other}.*az vm identity"):
        managed(cloud, other).get_token_info(SCOPE)


def test_a_token_is_asked_for_once(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    node = node_of("a", settings={"client_id": USER})
    node.provider.identify()
    # Metadata is gone, and the token is still good.
    cloud.faults = Faults(metadata_down=True)
    assert node.provider.observe([]) == []
    assert node.provider._api.pages("networkInterfaces.list", nics(cloud))


def nics(cloud: EmbeddedAzure) -> str:
    return str(cloud.built.nodes["a"].interface_id.rpartition("/")[0])


class Clock:
    """A wall clock that a test sets."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("cloudfail_azure.credentials.wall_clock", lambda: self.now)


class Source:
    """Gives tokens that last for 1000 s, or fails."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.asked = 0
        self.error: CloudfailError | None = None

    def get_token_info(self, *_: str, options: Any = None) -> AccessTokenInfo:
        del options
        self.asked += 1
        if self.error is not None:
            raise self.error
        return AccessTokenInfo(f"token {self.asked}", int(self.clock.now) + 1000)


def test_an_old_token_lives_on_while_there_is_no_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    source = Source(clock)
    kept = KeptToken(source)
    assert [kept.get_token_info(SCOPE).token for _ in range(3)] == ["token 1"] * 3
    clock.now += 720  # less than five minutes are left
    source.error = UnreachableError("the metadata service is gone")
    assert kept.get_token_info(SCOPE).token == "token 1"
    assert kept.get_token_info(SCOPE).token == "token 1"
    assert source.asked == 2  # not with every request
    clock.now += 31
    kept.get_token_info(SCOPE)
    assert source.asked == 3
    clock.now += 230
    with pytest.raises(UnreachableError, match="is gone"):
        kept.get_token_info(SCOPE)
    source.error = None
    assert kept.get_token_info(SCOPE).token == "token 5"
    assert not kept.forget("token 5")  # it is new: another one would be no better
    assert kept.get_token_info(SCOPE).token == "token 6"
    assert kept.get_token_info(SCOPE, options={"claims": "{}"}).token == "token 7"
    clock.now += 31
    assert kept.forget("token 6")  # a thread that used an older one drops no newer one
    assert kept.get_token_info(SCOPE).token == "token 7"
    assert kept.forget("token 7")
    assert kept.get_token_info(SCOPE).token == "token 8"


def test_a_token_that_azure_does_not_take_is_replaced(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of("a")
    node.provider.identify()
    cloud.enforce_iam([{"Actions": ["*"]}])
    cloud.tokens.clear()  # all that were given out are none any more
    api = node.provider._api
    with pytest.raises(DeniedError, match="does not accept these credentials"):
        api.pages("networkInterfaces.list", nics(cloud))
    assert api.pages("networkInterfaces.list", nics(cloud))


def test_a_token_that_azure_took_back_is_replaced_within_the_call(
    cloud: EmbeddedAzure, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    node = node_of("a")
    node.provider.identify()
    clock.now += 31
    cloud.enforce_iam([{"Actions": ["*"]}])
    cloud.tokens.clear()
    api, run = node.provider._api, ready_run()
    assert run.ask(lambda: api.pages("networkInterfaces.list", nics(cloud)))


class Entra:
    """What azure-identity asks of an authority: where it is, and for a token."""

    def __init__(self, authority: Authority) -> None:
        self.asked: list[str] = []
        self.refuses = False
        self.service = HttpService(
            "127.0.0.1", 0, self.answer, tls=authority.context(["127.0.0.1"])
        )

    def answer(self, incoming: Incoming) -> Reply:
        json_ = {"Content-Type": "application/json"}
        if incoming.method == "GET":
            base = f"{self.service.url}/tenant"
            found = {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "issuer": f"{base}/v2.0",
            }
            return Reply(200, json.dumps(found).encode(), json_)
        self.asked.append(incoming.body.decode())
        if self.refuses:
            said = {"error": "invalid_client", "error_description": "AADSTS7000215: no such secret"}
            return Reply(401, json.dumps(said).encode(), json_)
        token = {"access_token": "from-entra", "expires_in": 3600, "token_type": "Bearer"}
        return Reply(200, json.dumps(token).encode(), json_)


@pytest.fixture
def entra(monkeypatch: pytest.MonkeyPatch) -> Iterator[Entra]:
    authority = Authority()
    found = Entra(authority)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.file))
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", found.service.url)
    monkeypatch.setenv("AZURE_TENANT_ID", "tenant")
    yield found
    found.service.close()
    authority.close()


def token_of(**settings: Any) -> str:
    found = find_credentials(AzureSettings(**settings), Metadata("http://127.0.0.1:9"))
    return str(found.get_token_info(SCOPE).token)


def test_a_service_principal_comes_from_the_environment(
    entra: Entra, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="needs AZURE_CLIENT_ID: put it"):
        token_of(credential="environment")
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    with pytest.raises(ConfigError, match="AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH"):
        token_of(credential="environment")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "secret")
    assert token_of(credential="environment") == "from-entra"
    assert "client_secret=secret" in entra.asked[0]
    assert "scope=https%3A%2F%2Fmanagement.azure.com%2F.default" in entra.asked[0]


def test_a_workload_identity_comes_from_a_federated_token(
    entra: Entra, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match="needs AZURE_FEDERATED_TOKEN_FILE"):
        token_of(credential="workload-identity")
    (tmp_path / "token").write_text("federated")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))
    assert token_of(credential="workload-identity", client_id=USER) == "from-entra"
    assert "client_assertion=federated" in entra.asked[0]
    assert f"client_id={USER}" in entra.asked[0]


def test_what_the_authority_says_is_passed_on(
    entra: Entra,
    cloud: EmbeddedAzure,
    node_of: NodeMaker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    entra.refuses = True
    node = node_of("a", settings={"credential": "environment"})
    with pytest.raises(DeniedError, match="AADSTS7000215"):
        node.provider.identify()
    entra.service.close()
    node = node_of("a", settings={"credential": "environment"})
    with pytest.raises(UnreachableError, match="a way to the authority that no claim carries"):
        node.provider.identify()
    assert not cloud.calls


def test_no_token_goes_over_plain_http(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    plain = cloud.endpoint.replace("https:", "http:")
    with pytest.raises(ConfigError, match="is not https"):
        node_of("a", settings={"endpoint": plain}).provider.identify()


@pytest.mark.parametrize(
    ("cloud_name", "endpoint", "resource"),
    [
        ("public", "https://management.azure.com", "https://management.azure.com"),
        (
            "usgovernment",
            "https://management.usgovcloudapi.net",
            "https://management.core.usgovcloudapi.net",
        ),
        ("china", "https://management.chinacloudapi.cn", "https://management.chinacloudapi.cn"),
    ],
)
def test_each_cloud_has_its_endpoint_and_its_audience(
    cloud: EmbeddedAzure, node_of: NodeMaker, cloud_name: str, endpoint: str, resource: str
) -> None:
    api: Api = node_of("a", settings={"cloud": cloud_name, "endpoint": ""}).provider._api
    assert api.endpoint == endpoint
    node = node_of("a", settings={"cloud": cloud_name})
    node.provider.identify()
    kept = node.provider._api._client._token
    assert kept is not None
    session = cloud.tokens.find(kept.get_token_info(f"{resource}/.default").token)
    assert session is not None
    assert session.audience.rstrip("/") == resource
