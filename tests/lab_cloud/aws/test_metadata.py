from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import boto3
import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.aws.worlds import OWN_B, VIP

TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read().decode()


class Imds:
    def __init__(self, base: str) -> None:
        self.base = base
        self.token = self.new_token(60)

    def new_token(self, seconds: int) -> str:
        status, token = ask(
            f"{self.base}/latest/api/token", "PUT", **{TTL.replace("-", "_"): str(seconds)}
        )
        assert status == 200
        return token

    def get(self, path: str, token: str | None = None) -> tuple[int, str]:
        given = self.token if token is None else token
        return ask(f"{self.base}/latest/{path}", **{TOKEN.replace("-", "_"): given})

    def text(self, path: str) -> str:
        status, text = self.get(path)
        assert status == 200
        return text


@pytest.fixture
def imds(cloud: EmbeddedAws) -> Imds:
    return Imds(cloud.metadata_endpoint("a"))


def interface(imds: Imds, built: Built, leaf: str, node: str = "a") -> str:
    return imds.text(f"meta-data/network/interfaces/macs/{built.nodes[node].mac}/{leaf}")


def test_without_a_token_nothing_is_told(imds: Imds) -> None:
    assert ask(f"{imds.base}/latest/meta-data/instance-id") == (401, "")
    assert imds.get("meta-data/instance-id", token="made-up")[0] == 401


def test_a_token_ends_after_its_time(imds: Imds) -> None:
    short = imds.new_token(1)
    assert imds.get("meta-data/instance-id", token=short)[0] == 200
    began = time.monotonic()
    while imds.get("meta-data/instance-id", token=short)[0] == 200:
        assert time.monotonic() - began < 60
    assert imds.get("meta-data/instance-id", token=short)[0] == 401
    assert imds.get("meta-data/instance-id")[0] == 200


@pytest.mark.parametrize("ttl", ["", "0", "21601", "soon"])
def test_a_token_needs_a_time_between_one_second_and_six_hours(imds: Imds, ttl: str) -> None:
    url = f"{imds.base}/latest/api/token"
    assert ask(url, "PUT", **{TTL.replace("-", "_"): ttl})[0] == 400
    assert ask(url, "PUT")[0] == 400


def test_a_forwarded_request_gets_no_token(imds: Imds) -> None:
    url = f"{imds.base}/latest/api/token"
    headers = {TTL.replace("-", "_"): "60", "X_Forwarded_For": "10.0.0.1"}
    assert ask(url, "PUT", **headers)[0] == 403


def test_only_put_gives_tokens_and_only_get_gives_values(imds: Imds) -> None:
    assert ask(f"{imds.base}/latest/api/token")[0] == 405
    assert ask(f"{imds.base}/latest/meta-data/mac", "POST")[0] == 405


def test_the_node_is_told_who_and_where_it_is(imds: Imds, built: Built) -> None:
    node = built.nodes["a"]
    assert imds.text("meta-data/instance-id") == node.instance_id
    assert imds.text("meta-data/mac") == node.mac
    assert imds.text("meta-data/local-ipv4") == "10.0.1.10"
    assert imds.text("meta-data/placement/availability-zone") == "eu-central-1a"
    assert imds.text("meta-data/placement/region") == "eu-central-1"
    document = json.loads(imds.text("dynamic/instance-identity/document"))
    assert document["region"] == "eu-central-1"
    assert document["instanceId"] == node.instance_id
    assert document["accountId"] == built.account


def test_an_interface_tells_its_ids_and_addresses(imds: Imds, built: Built) -> None:
    node = built.nodes["a"]
    assert imds.text("meta-data/network/interfaces/macs/") == f"{node.mac}/"
    assert interface(imds, built, "interface-id") == node.interface_id
    assert interface(imds, built, "device-number") == "0"
    assert interface(imds, built, "subnet-id") == node.subnet_id
    assert interface(imds, built, "vpc-id") == node.vpc_id
    assert interface(imds, built, "owner-id") == built.account
    assert interface(imds, built, "subnet-ipv4-cidr-block") == "10.0.1.0/24"
    assert interface(imds, built, "local-ipv4s") == "10.0.1.10\n10.0.1.100"
    assert interface(imds, built, "public-ipv4s") == VIP
    assert interface(imds, built, f"ipv4-associations/{VIP}") == "10.0.1.10"
    assert interface(imds, built, "ipv6s") == "2001:db8:0:1::5"


def test_metadata_follows_what_the_api_does(
    ec2: Any, cloud: EmbeddedAws, imds: Imds, built: Built, eni: dict[str, str]
) -> None:
    ec2.assign_private_ip_addresses(
        NetworkInterfaceId=eni["b"], PrivateIpAddresses=["10.0.1.100"], AllowReassignment=True
    )
    ec2.associate_address(PublicIp=VIP, NetworkInterfaceId=eni["c"])
    assert interface(imds, built, "local-ipv4s") == "10.0.1.10"
    mac = built.nodes["a"].mac
    assert imds.get(f"meta-data/network/interfaces/macs/{mac}/public-ipv4s")[0] == 404
    other = Imds(cloud.metadata_endpoint("b"))
    assert interface(other, built, "local-ipv4s", "b") == "10.0.1.11\n10.0.1.100"
    assert interface(other, built, "public-ipv4s", "b") == OWN_B


def test_a_node_with_two_interfaces_tells_of_both(cloud: EmbeddedAws, built: Built) -> None:
    imds = Imds(cloud.metadata_endpoint("c"))
    first, second = built.nodes["c"].interfaces
    listed = imds.text("meta-data/network/interfaces/macs/").split("\n")
    assert listed == [f"{first.mac}/", f"{second.mac}/"]
    base = f"meta-data/network/interfaces/macs/{second.mac}"
    assert imds.text(f"{base}/device-number") == "1"
    assert imds.text(f"{base}/local-ipv4s") == "10.0.2.77"
    assert imds.text("meta-data/mac") == first.mac


def test_it_calls_itself_what_ec2_calls_it(imds: Imds) -> None:
    request = urllib.request.Request(
        f"{imds.base}/latest/meta-data/mac", headers={TOKEN: imds.token}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.headers.get_all("Server") == ["EC2ws"]
        assert len(answer.headers.get_all("Date")) == 1


def test_what_is_not_there_is_not_found(imds: Imds) -> None:
    assert imds.get("meta-data/no-such-thing")[0] == 404
    assert imds.get("meta-data/mac/deeper")[0] == 404


def test_boto3_takes_credentials_and_a_region_from_it(
    cloud: EmbeddedAws, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", cloud.metadata_endpoint("a"))
    client = boto3.Session().client("sts", "eu-central-1", endpoint_url=cloud.endpoint)
    identity = client.get_caller_identity()
    instance = built.nodes["a"].instance_id
    assert identity["Account"] == built.account
    assert identity["Arn"].endswith(f":assumed-role/cloudfail-node/{instance}")


def test_one_service_tells_nodes_apart_by_their_address(
    running: EmbeddedAws,
) -> None:
    from cloudfail.lab.cloud.aws.world import Subnet, World, WorldNode

    built = running.build(
        World(
            subnets=(Subnet("127.0.0.0/24", name="lo"),),
            nodes=(WorldNode("a", "127.0.0.1", "lo"), WorldNode("b", "127.0.0.2", "lo")),
            vpc_cidr="127.0.0.0/16",
        )
    )
    imds = Imds(running.serve_metadata("127.0.0.1", 0))
    assert imds.text("meta-data/instance-id") == built.nodes["a"].instance_id
    running.reset()
    assert imds.get("meta-data/instance-id")[0] == 404


def test_metadata_can_be_down_while_the_api_is_up(ec2: Any, cloud: EmbeddedAws, imds: Imds) -> None:
    cloud.faults = Faults(metadata_down=True)
    with pytest.raises(ConnectionResetError):
        imds.get("meta-data/mac")
    ec2.describe_addresses()
    cloud.faults = Faults(metadata_latency_ms=1)
    assert imds.get("meta-data/mac")[0] == 200
    cloud.faults = Faults()


def test_metadata_can_lag_behind_the_api(
    ec2: Any, cloud: EmbeddedAws, imds: Imds, built: Built, eni: dict[str, str]
) -> None:
    cloud.faults = Faults(metadata_stale_ms=60_000)
    ec2.associate_address(PublicIp=VIP, NetworkInterfaceId=eni["c"])
    assert interface(imds, built, "public-ipv4s") == VIP
    assert ec2.describe_addresses(PublicIps=[VIP])["Addresses"][0]["NetworkInterfaceId"] == eni["c"]
    cloud.faults = Faults()
    other = Imds(cloud.metadata_endpoint("c"))
    assert interface(other, built, "public-ipv4s", "c") == VIP
