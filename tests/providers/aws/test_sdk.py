from __future__ import annotations

import gc
import json
import sys
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import botocore
import botocore.session
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.loaders import Loader
from cloudfail import process
from cloudfail.errors import DeniedError, ProviderMissingError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.model import PublicIp
from cloudfail.provider import Setup

from cloudfail_aws import SPEC, sdk
from cloudfail_aws.arn import is_aws
from cloudfail_aws.credentials import Keys
from cloudfail_aws.operations import OPERATIONS
from cloudfail_aws.sdk import Clients, TrimmedLoader
from cloudfail_aws.sdk_model import generate
from cloudfail_aws.settings import AwsSettings
from providers.aws.nodes import NodeMaker

KEYS = Keys(access_key="AKIA", secret_key="s")


def clients(settings: AwsSettings | None = None, region: str = "eu-central-1") -> Clients:
    return Clients(
        settings or AwsSettings(), region=lambda: region, role_keys=lambda: None, width=7
    )


def shipped() -> dict[str, Any]:
    return {
        str(path.relative_to(generate.DATA)): json.loads(path.read_text())
        for path in generate.DATA.rglob("*.json")
    }


def is_part_of(part: Any, whole: Any) -> bool:
    """True when everything in `part` is in `whole`; what newer SDKs add does not count."""
    if isinstance(part, dict):
        return all(key in whole and is_part_of(part[key], whole[key]) for key in part)
    if isinstance(part, list) and part and isinstance(part[0], dict):
        return len(part) <= len(whole) and all(map(is_part_of, part, whole))
    return bool(part == whole)


def test_the_shipped_model_is_what_the_installed_sdk_makes() -> None:
    """Run `python -m cloudfail_aws.sdk_model.generate` when this fails."""
    made = {name: json.loads(text) for name, text in generate.files().items()}
    ours = shipped()
    assert set(ours) == set(made)
    if ours.pop("made_from.json") == made.pop("made_from.json"):
        assert ours == made
        return
    for name in ours:
        if name.endswith("service-2.json"):
            assert is_part_of(ours[name], made[name]), name


def test_writing_the_model_writes_those_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "DATA", tmp_path)
    generate.main()
    written = {str(p.relative_to(tmp_path)): p.read_text() for p in tmp_path.rglob("*.json")}
    assert written == dict(generate.files())


@pytest.mark.parametrize(
    "region",
    [
        "eu-central-1",
        "us-gov-west-1",
        "cn-north-1",
        "eu-isoe-west-1",
        "eusc-de-east-1",
        "xx-new-1",
    ],
)
@pytest.mark.parametrize("variables", [{}, {"AWS_USE_FIPS_ENDPOINT": "true"}])
@pytest.mark.parametrize("service", ["ec2", "sts"])
def test_endpoints_are_those_of_the_whole_sdk(
    region: str, variables: dict[str, str], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert sent_to(region, service, TrimmedLoader()) == sent_to(region, service, Loader())


CALLS: dict[str, tuple[str, dict[str, str]]] = {
    "ec2": ("describe_addresses", {}),
    "sts": (
        "assume_role",
        {"RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "xx"},
    ),
}


def sent_to(region: str, service: str, loader: Loader) -> str:
    """Return the URL that a request would go to; nothing is sent."""
    session = botocore.session.Session()
    session.register_component("data_loader", loader)
    client: Any = session.create_client(
        service, region_name=region, aws_access_key_id="a", aws_secret_access_key="b"
    )
    urls: list[str] = []

    def note(request: Any, **_: Any) -> Any:
        urls.append(request.url)
        raise KeyboardInterrupt

    client.meta.events.register("before-send", note)
    name, arguments = CALLS[service]
    with pytest.raises(KeyboardInterrupt):
        getattr(client, name)(**arguments)
    (url,) = urls
    return url


@pytest.fixture(autouse=True)
def patience() -> None:
    """The limits of time here are those of every day."""


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")


@pytest.mark.usefixtures("keys")
def test_a_client_knows_our_operations_and_is_made_for_failover() -> None:
    client = clients().ec2()
    assert set(client.meta.method_to_api_mapping.values()) == set(OPERATIONS["ec2"])
    config = client.meta.config
    assert config.retries == {"total_max_attempts": 1, "mode": "standard"}
    assert (config.connect_timeout, config.read_timeout) == (2, 5)
    assert config.max_pool_connections == 7


@pytest.mark.usefixtures("keys")
def test_a_model_that_the_sdk_refuses_is_replaced_by_its_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sdk, "_DATA", tmp_path)
    client = clients().ec2()
    assert "run_instances" in dir(client)


@pytest.mark.usefixtures("keys")
def test_a_data_path_of_the_operator_is_respected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_DATA_PATH", str(tmp_path))
    assert "run_instances" in dir(clients().ec2())


@pytest.mark.usefixtures("keys")
def test_one_client_a_role_is_kept_until_it_is_dropped() -> None:
    kept = clients()
    first = kept.ec2()
    assert kept.ec2() is first
    kept.drop()
    assert kept.ec2() is not first


def test_a_profile_is_resolved_by_the_sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "aws-credentials"
    path.write_text("[ops]\naws_access_key_id = AKIAPROFILE\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    assert access_key(clients(AwsSettings(profile="ops"))) == "AKIAPROFILE"


def access_key(clients: Clients) -> str:
    """Return whose signature a request bears; nothing is sent."""
    client = clients.ec2()
    seen: list[str] = []

    def note(request: Any, **_: Any) -> Any:
        seen.append(str(request.headers["Authorization"]))
        raise KeyboardInterrupt

    client.meta.events.register("before-send", note)
    with pytest.raises(KeyboardInterrupt):
        client.describe_addresses()
    return seen[0].partition("Credential=")[2].partition("/")[0]


def test_the_instance_role_is_used_and_refreshed_before_it_ends() -> None:
    handed = [
        Keys(access_key="ASIAOLD", secret_key="s", token="t", expires="2020-01-01T00:00:00Z"),
        Keys(access_key="ASIANEW", secret_key="s", token="t", expires="2999-01-01T00:00:00Z"),
    ]
    rotating = Clients(
        AwsSettings(), region=lambda: "eu-central-1", role_keys=lambda: handed.pop(0), width=1
    )
    assert access_key(rotating) == "ASIANEW"


def test_keys_that_aws_cannot_renew_are_used_on() -> None:
    """AWS honours an instance's keys past their date while it cannot renew them."""
    stale = Keys(access_key="ASIA", secret_key="s", token="t", expires="2020-01-01T00:00:00Z")
    asked: list[Keys] = []

    def role_keys() -> Keys:
        asked.append(stale)
        return stale

    kept = Clients(AwsSettings(), region=lambda: "eu-central-1", role_keys=role_keys)
    assert access_key(kept) == "ASIA"
    count = len(asked)
    kept._own_session().get_credentials().get_frozen_credentials()
    assert len(asked) == count  # not asked for anew at every call


@pytest.mark.parametrize(
    ("said", "kept"),
    [("2999-01-01T00:00:00Z", "2999-01-01T00:00:00+00:00"), ("soon", "soon"), ("2020-01-01",) * 2],
)
def test_a_date_that_is_far_off_or_none_stays(said: str, kept: str) -> None:
    assert sdk._at_least_a_while(said) == kept


def test_keys_of_the_chain_come_before_the_roles_and_the_role_is_asked_by_our_own_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK's own look at the metadata service would go through HTTP_PROXY."""
    config = tmp_path / "config"
    config.write_text("[default]\nregion = eu-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    role = Keys(access_key="ASIAROLE", secret_key="s", token="t", expires="2999-01-01T00:00:00Z")
    both = Clients(AwsSettings(), region=lambda: "eu-central-1", role_keys=lambda: role)
    assert access_key(both) == "ASIAROLE"
    config.write_text("[default]\naws_access_key_id = AKIAFILE\naws_secret_access_key = s\n")
    both.drop()
    assert access_key(both) == "AKIAFILE"


def test_the_chains_own_calls_keep_to_the_time_limits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A profile that assumes a role calls STS by a client of the SDK's own making."""
    config = tmp_path / "config"
    config.write_text(
        "[profile ops]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = base\n"
        "[profile base]\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    made: list[Any] = []
    create = botocore.session.Session.create_client

    def note(session: Any, service: str, *args: Any, **more: Any) -> Any:
        client = create(session, service, *args, **more)
        made.append((service, client.meta.config))
        raise KeyboardInterrupt

    monkeypatch.setattr(botocore.session.Session, "create_client", note)
    with pytest.raises(KeyboardInterrupt):
        clients(AwsSettings(profile="ops"))._by_chain().get_frozen_credentials()
    ((service, limits),) = made
    assert service == "sts"
    assert (limits.connect_timeout, limits.read_timeout) == (2, 5)
    assert limits.retries["total_max_attempts"] == 1


def test_the_variable_for_sts_beats_a_private_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    arn = "arn:aws:iam::123456789012:role/x"
    role = Keys(access_key="A", secret_key="s", token="t", expires="2999-01-01T00:00:00Z")
    split = Clients(
        AwsSettings(endpoint="http://127.0.0.1:1", role_arn=arn),
        region=lambda: "eu-central-1",
        role_keys=lambda: role,
    )
    with pytest.raises(EndpointConnectionError, match=r"127\.0\.0\.1:9"):
        split.ec2()


def test_a_role_that_was_taken_away_is_a_denial() -> None:
    handed = [
        Keys(access_key="ASIA", secret_key="s", token="t", expires="2020-01-01T00:00:00Z"),
        None,
    ]
    gone = Clients(
        AwsSettings(), region=lambda: "eu-central-1", role_keys=lambda: handed.pop(0), width=1
    )
    with pytest.raises(DeniedError, match="no role any more"):
        gone.ec2().describe_addresses()


def test_the_role_of_the_settings_is_assumed_for_every_call(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    arn = f"arn:aws:iam::{cloud.built.account}:role/failover"
    node = node_of(settings=AwsSettings(endpoint=cloud.endpoint, role_arn=arn))
    node.provider.observe([PublicIp(address=ip_address("203.0.113.7"))])
    assert [call.operation for call in cloud.calls] == ["AssumeRole", "DescribeAddresses"]
    assert cloud.calls[0].params["RoleArn"] == arn
    # Every request is reported, the one to STS too.
    assert node.operations == ["AssumeRole", "DescribeAddresses"]


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://vpce-1.ec2.eu-central-1.vpce.amazonaws.com", True),
        ("https://ec2.cn-north-1.amazonaws.com.cn", True),
        ("https://ec2.eu-central-1.api.aws", True),
        ("https://ec2.us-iso-east-1.c2s.ic.gov", True),
        ("http://127.0.0.1:5000", False),
        ("https://amazonaws.com.example.org", False),
    ],
)
def test_a_private_endpoint_of_aws_serves_ec2_only(url: str, ours: bool) -> None:
    assert is_aws(url) is ours


PROBE = """
import sys
import cloudfail_aws
cloudfail_aws.SPEC.validate([]), cloudfail_aws.SPEC.permissions([])
print([name for name in sys.modules if name.startswith(("boto", "urllib3", "http.client"))])
"""


def test_the_spec_is_there_without_loading_any_sdk() -> None:
    done = process.run(
        [sys.executable, "-c", PROBE], stdout=process.PIPE, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


FAST_PATH = """
import sys
from cloudfail.provider import Setup
from cloudfail_aws import SPEC
provider = SPEC.build(Setup(settings=SPEC.settings(region="eu-central-1")))
print([name for name in sys.modules if name.startswith(("boto3", "s3transfer"))])
"""


def test_promoting_never_loads_what_boto3_adds() -> None:
    done = process.run(
        [sys.executable, "-c", FAST_PATH], stdout=process.PIPE, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("on", [True, False])
def test_the_collector_is_left_as_it_was_found(on: bool) -> None:
    was_on = gc.isenabled()
    (gc.enable if on else gc.disable)()
    try:
        SPEC.build(Setup(settings=AwsSettings(region="eu-central-1")))
        assert gc.isenabled() is on
    finally:
        (gc.enable if was_on else gc.disable)()


def test_a_missing_sdk_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cloudfail_aws"]:
        if name not in ("cloudfail_aws", "cloudfail_aws.settings"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(ProviderMissingError, match=r"pip install 'cloudfail\[aws\]'"):
        SPEC.build(Setup(settings=AwsSettings()))
