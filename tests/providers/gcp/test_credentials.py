"""As whom Compute is called."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloudfail.errors import CloudfailError, ConfigError, DeniedError, UnreachableError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import ForwardingRule, Owner
from google.auth import impersonated_credentials
from google.auth.transport.requests import Request
from google.oauth2 import credentials as user

from cloudfail_gcp.credentials import Gate, MachineCredentials, _now, find_credentials
from cloudfail_gcp.errors import Context, translate
from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import NodeMaker
from providers.scripted import Answer, Asked, Scripted, serving

EDGE = ForwardingRule(name="edge")
USER = {
    "type": "authorized_user",
    "client_id": "c",
    "client_secret": "s",
    "refresh_token": "r",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(USER))
    path.chmod(0o600)
    return path


def test_the_instances_account_is_the_default(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.enforce_iam([{"includedPermissions": [f"compute.{p}.list" for p in PARTS]}])
    node_of("a").provider.observe([EDGE])
    assert {call.principal for call in cloud.calls} == {cloud.built.email}


PARTS = ("forwardingRules", "targetInstances", "instances")


def test_without_metadata_there_is_no_token(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    node = node_of("a")
    node.provider.identify()
    cloud.faults = Faults(metadata_down=True)
    with pytest.raises(UnreachableError, match="metadata server"):
        node.provider.observe([EDGE])


def test_a_token_serves_to_its_end_while_no_new_one_is_to_be_had(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    node.provider.observe([EDGE])
    gate: Any = node.provider._api._clients._gate
    soon = timedelta(seconds=120)  # google.auth renews it for 225 s before its end
    gate._inner.expiry = _now() + soon
    cloud.faults = Faults(metadata_down=True)
    assert node.provider.observe([EDGE])[0].owner is Owner.PEER
    gate._inner.expiry = _now()
    with pytest.raises(UnreachableError, match="metadata server"):
        node.provider.observe([EDGE])
    cloud.faults = Faults()
    assert node.provider.observe([EDGE])[0].owner is Owner.PEER
    assert gate._inner.expiry > _now() + soon


def test_many_calls_at_once_ask_once_for_a_token_that_is_not_to_be_had(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    node.provider.observe([EDGE])
    gate: Any = node.provider._api._clients._gate
    gate._inner.expiry = _now() + timedelta(seconds=120)
    asked: list[str] = []

    def silent(path: str) -> str:
        asked.append(path)
        raise UnreachableError("silent")

    gate._inner._metadata.text = silent
    node.provider.observe([EDGE])  # four calls in parallel
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (Answer(404), DeniedError, "attach a service account"),
        (Answer(200, "{}"), UnreachableError, "its token cannot be read"),
        (Answer(200, "<html>"), UnreachableError, "its token cannot be read"),
        (Answer(503), UnreachableError, "it answered HTTP 503"),
    ],
)
def test_what_the_metadata_server_says_instead_of_a_token_is_told(
    answer: Answer, error: type[CloudfailError], words: str
) -> None:
    class Service(Scripted):
        def answer(self, asked: Asked) -> Answer:
            del asked
            return answer._replace(headers={"Metadata-Flavor": "Google"})

    with serving(Service()) as url:
        credentials = MachineCredentials(Metadata(url))
        with pytest.raises(Exception) as caught:  # noqa: PT011 - google.auth's or our own
            credentials.refresh(None)
    told = translate(caught.value, Context(operation="routes.list"))
    assert (type(told), words in str(told)) == (error, True)


def test_a_token_is_fetched_once_and_again_when_it_is_refused(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    node.provider.observe([EDGE])
    node.provider.observe([EDGE])
    cloud.enforce_iam([])
    cloud.api.iam.sessions.clear()
    with pytest.raises(DeniedError, match="permission compute"):
        node.provider.observe([EDGE])


def test_a_file_of_the_settings_or_the_environment_is_used(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = Metadata("http://127.0.0.1:9")
    named = GcpSettings(credentials_file=str(file))
    assert isinstance(find_credentials(named, metadata), user.Credentials)
    assert isinstance(find_credentials(GcpSettings(), metadata), MachineCredentials)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))
    assert isinstance(find_credentials(GcpSettings(), metadata), user.Credentials)
    other = GcpSettings(impersonate="cloudfail@p.iam.gserviceaccount.com")
    found = find_credentials(other, metadata)
    assert isinstance(found, impersonated_credentials.Credentials)


def test_a_file_that_cannot_be_used_is_named(file: Path, tmp_path: Path) -> None:
    metadata = Metadata("http://127.0.0.1:9")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        find_credentials(GcpSettings(credentials_file=str(file)), metadata)
    file.chmod(0o600)
    file.write_text("{}")
    with pytest.raises(ConfigError, match="not Google credentials"):
        find_credentials(GcpSettings(credentials_file=str(file)), metadata)
    with pytest.raises(ConfigError, match="No such file"):
        find_credentials(GcpSettings(credentials_file=str(tmp_path / "absent")), metadata)


def test_the_gate_speaks_last_and_nothing_is_sent(cloud: EmbeddedGcp) -> None:
    passed: list[tuple[str, str]] = []
    inner = MachineCredentials(Metadata(cloud.metadata_endpoint("a")))
    gate = Gate(inner, lambda verb, url: passed.append((verb, url)))
    headers: dict[str, str] = {}
    gate.before_request(Request(), "POST", "http://x/setTarget", headers)
    assert headers["authorization"].startswith("Bearer ya29.")
    assert passed == [("POST", "http://x/setTarget")]
