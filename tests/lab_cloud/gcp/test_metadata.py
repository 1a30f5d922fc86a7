"""The metadata server."""

from __future__ import annotations

import base64
import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import Built

from lab_cloud.gcp.clients import Compute, Machine
from lab_cloud.gcp.worlds import EDGE, PAIR, REGION, VIP

ROOT = "/computeMetadata/v1"


def fetch(
    url: str, path: str, flavor: str = "Google", method: str = "GET", **headers: str
) -> tuple[int, str, Any]:
    link = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    sent = {**({"Metadata-Flavor": flavor} if flavor else {}), **headers}
    link.request(method, path, headers=sent)
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    return answer.status, text, answer.headers


@pytest.fixture
def read(cloud: EmbeddedGcp) -> Any:
    """Read a path on a node."""

    def call(path: str, node: str = "a") -> str:
        status, text, _ = fetch(cloud.metadata_endpoint(node), f"{ROOT}/{path}")
        assert status == 200
        return text

    return call


def test_it_needs_its_header_and_gives_it(cloud: EmbeddedGcp) -> None:
    url = cloud.metadata_endpoint("a")
    assert fetch(url, f"{ROOT}/instance/id", flavor="")[0] == 403
    assert fetch(url, f"{ROOT}/instance/id", flavor="AWS")[0] == 403
    assert fetch(url, f"{ROOT}/instance/id", **{"X-Forwarded-For": "1.2.3.4"})[0] == 403
    status, _, headers = fetch(url, f"{ROOT}/instance/id")
    assert (status, headers["Metadata-Flavor"]) == (200, "Google")
    status, text, headers = fetch(url, "/", flavor="")
    assert (status, text, headers["Metadata-Flavor"]) == (200, "computeMetadata/\n", "Google")
    assert fetch(url, f"{ROOT}/instance/nothing")[0] == 404
    assert fetch(url, f"{ROOT}/instance/id/deeper")[0] == 404
    assert fetch(url, "/latest/meta-data")[0] == 404
    assert fetch(url, f"{ROOT}/instance/id", method="POST")[0] == 404


def test_a_machine_knows_itself(read: Any, built: Built, compute: Compute) -> None:
    assert read("instance/name") == "a"
    assert read("instance/zone").endswith("/zones/europe-west1-b")
    assert read("instance/hostname") == f"a.europe-west1-b.c.{built.project}.internal"
    assert read("project/project-id") == built.project
    assert read("instance/zone").split("/")[1] == read("project/numeric-project-id")
    assert read("universe/universe_domain") == "googleapis.com"
    where = {"project": built.project, "zone": "europe-west1-b", "instance": "a"}
    assert read("instance/id") == str(compute.instances.get(**where).id)


def test_interfaces_are_told_whole(read: Any, built: Built) -> None:
    nics = json.loads(read("instance/network-interfaces/?recursive=true"))
    assert [nic["mac"] for nic in nics] == [item.mac for item in built.nodes["a"].interfaces]
    assert nics[0] == {
        "accessConfigs": [],
        "dnsServers": ["169.254.169.254"],
        "forwardedIps": [EDGE],
        "forwardedIpv6s": ["2001:db8:ff::9"],
        "gateway": "10.0.1.1",
        "ip": "10.0.1.10",
        "ipAliases": ["10.0.1.100/32", "10.4.1.0/28"],
        "mac": "42:01:0a:00:01:0a",
        "mtu": 1460,
        "network": nics[0]["network"],
        "subnetmask": "255.255.255.0",
        "targetInstanceIps": [],
    }
    assert nics[0]["network"].endswith("/networks/lab")
    assert (nics[1]["forwardedIps"], nics[1]["ip"]) == ([], "10.8.0.10")
    assert json.loads(read("instance/network-interfaces/0/?recursive=true", "b"))["ipv6s"] == [
        "2001:db8:1::b"
    ]


def test_directories_are_listed_and_leaves_are_text(cloud: EmbeddedGcp, read: Any) -> None:
    assert read("instance/network-interfaces/") == "0/\n1/\n2/\n"
    assert read("instance/network-interfaces/0/ip-aliases/") == "0\n1\n"
    assert read("instance/network-interfaces/0/ip-aliases/0") == "10.0.1.100/32"
    assert "access-configs/\n" in read("instance/network-interfaces/0/")
    external = "instance/network-interfaces/0/access-configs/0/external-ip"
    assert read(external, "b") == "198.51.100.2"
    status, _, headers = fetch(cloud.metadata_endpoint("a"), f"{ROOT}/instance")
    assert (status, headers["Location"]) == (301, f"{ROOT}/instance/")
    assert json.loads(read("instance/id?alt=json")) == int(read("instance/id"))


def test_metadata_follows_what_moves(
    cloud: EmbeddedGcp, read: Any, built: Built, compute: Compute
) -> None:
    began = compute.rules.set_target_unary(
        project=built.project,
        region=REGION,
        forwarding_rule="edge",
        target_reference_resource={"target": built.nodes["b"].target_instance},
    )
    compute.wait(began, built.project)
    Machine(compute, built.project, "a").add(VIP)
    assert read("instance/network-interfaces/0/forwarded-ips/0", "b") == EDGE
    (nic, *_) = json.loads(read("instance/network-interfaces/?recursive=true"))
    assert nic["accessConfigs"] == [{"externalIp": VIP, "type": "ONE_TO_ONE_NAT"}]
    assert nic["forwardedIps"] == []
    cloud.terminate_node("a")
    assert fetch(cloud.metadata_endpoint("a"), f"{ROOT}/instance/id")[0] == 404


def test_metadata_may_be_late_slow_or_down(
    cloud: EmbeddedGcp, read: Any, built: Built, compute: Compute
) -> None:
    cloud.faults = Faults(metadata_stale_ms=60_000, metadata_latency_ms=10)
    Machine(compute, built.project, "a").add(VIP)
    assert read("instance/network-interfaces/0/access-configs/") == ""
    cloud.faults = Faults()
    assert read("instance/network-interfaces/0/access-configs/0/external-ip") == VIP
    cloud.faults = Faults(metadata_down=True)
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        read("instance/id")


def test_the_service_account_has_a_token_and_an_identity(
    cloud: EmbeddedGcp, read: Any, built: Built
) -> None:
    account = "instance/service-accounts"
    assert read(f"{account}/default/email") == built.email
    assert read(f"{account}/default/scopes").endswith("/auth/cloud-platform\n")
    assert read(f"{account}/") == f"default/\n{built.email}/\n"
    token = json.loads(read(f"{account}/default/token"))
    assert token["token_type"] == "Bearer"
    assert json.loads(read(f"{account}/{built.email}/token")) == token
    assert json.loads(read(f"{account}/default/token", "b")) != token
    parts = read(f"{account}/default/identity?audience=https://me&format=full").split(".")
    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "==="))
    assert (claims["aud"], claims["email"]) == ("https://me", built.email)
    assert claims["google"]["compute_engine"]["instance_name"] == "a"
    url = cloud.metadata_endpoint("a")
    assert fetch(url, f"{ROOT}/{account}/default/identity")[0] == 400
    assert fetch(url, f"{ROOT}/{account}/nobody/token")[0] == 404
    assert fetch(url, f"{ROOT}/{account}/default/other")[0] == 404


def test_one_server_tells_nodes_apart_by_the_callers_address(cloud: EmbeddedGcp) -> None:
    url = cloud.serve_metadata("127.0.0.1", 0)
    assert fetch(url, f"{ROOT}/instance/name")[0] == 404
    assert [cloud.node_at(address) for address in ("10.0.1.11", "10.8.0.10", "10.9.9.9")] == [
        "b",
        "a",
        "",
    ]
    assert cloud.node_at("2001:db8:1::b") == "b"
    assert PAIR.node("b").name == "b"
    with pytest.raises(KeyError):
        PAIR.node("z")
