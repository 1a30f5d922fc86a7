"""Which interface this machine takes claims with."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any, ClassVar

import pytest
from cloudfail.errors import ConfigError, UnreachableError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.provider import Setup

from cloudfail_gcp.identity import find_node
from cloudfail_gcp.metadata import Metadata
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import NodeMaker
from providers.scripted import Answer, Asked, Scripted, serving

SELF = "projects/lab-project/zones/europe-west1-b/instances/a"


def found(cloud: EmbeddedGcp, **setup: Any) -> Any:
    return find_node(
        Metadata(cloud.metadata_endpoint("a")), Setup(**{"settings": GcpSettings(), **setup})
    )


def test_a_machine_knows_its_interface(cloud: EmbeddedGcp) -> None:
    node = found(cloud, name="left")
    assert (node.ref, node.name) == (f"{SELF}/networkInterfaces/nic0", "left")
    assert node.ref == cloud.built.nodes["a"].interface_id
    six = ip_address("2001:db8:1::a")
    assert node.addresses == (ip_address("10.0.1.10"), ip_address("10.0.1.111"), six)
    assert node.facts == {
        "project": "lab-project",
        "zone": "europe-west1-b",
        "region": "europe-west1",
        "instance": SELF,
        "instance_id": node.facts["instance_id"],
        "nic": "nic0",
        "mac": "42:01:0a:00:01:0a",
        "network": "lab",
        "primary": "10.0.1.10",
        "identity": "metadata",
    }


def test_the_interface_is_told_by_id_address_or_device(
    cloud: EmbeddedGcp, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    assert found(cloud, address=ip_address("10.8.0.10")).facts["nic"] == "nic1"
    assert found(cloud, address=ip_address("10.9.9.9")).facts["nic"] == "nic0"
    by_id = found(cloud, interface_id=f"{SELF}/networkInterfaces/nic1")
    assert by_id.facts["network"] == "other"
    monkeypatch.setattr("cloudfail.machine.device.SYS_CLASS_NET", tmp_path)
    (tmp_path / "ens5").mkdir()
    (tmp_path / "ens5" / "address").write_text("42:01:0A:08:00:0A\n")
    assert found(cloud, interface="ens5").facts["nic"] == "nic1"
    assert found(cloud, interface="ens6").facts["nic"] == "nic0"
    assert found(cloud, interface="../ens5").facts["nic"] == "nic0"


def test_what_disagrees_with_the_configuration_is_named(cloud: EmbeddedGcp) -> None:
    with pytest.raises(ConfigError, match="project to lab-project"):
        found(cloud, settings=GcpSettings(project="other"))
    with pytest.raises(ConfigError, match=r"not an interface of this instance, which has .*nic1"):
        found(cloud, interface_id=f"{SELF}/networkInterfaces/nic7")
    assert found(cloud, settings=GcpSettings(project="lab-project")).facts["project"]


def test_no_metadata_server_is_said_as_such(cloud: EmbeddedGcp, node_of: NodeMaker) -> None:
    cloud.faults = Faults(metadata_down=True)
    with pytest.raises(UnreachableError, match="Is this a Compute Engine instance") as caught:
        node_of("a").provider.identify()
    assert caught.value.limit == 3
    cloud.faults = Faults()
    node = node_of("a")
    assert node.provider.identify() == node.provider.identify()


class Foreign(BaseHTTPRequestHandler):
    """Something else that answers in the metadata server's place."""

    answers: ClassVar[dict[str, tuple[int, str, str]]] = {}

    def do_GET(self) -> None:
        status, flavor, body = self.answers["any"]
        self.send_response(status)
        if flavor:
            self.send_header("Metadata-Flavor", flavor)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Silent."""


def test_a_machine_may_have_ipv6_only() -> None:
    class Six(Scripted):
        def answer(self, asked: Asked) -> Answer:
            nic = {"mac": "42:01:0a:00:01:0a", "network": "n/lab", "ipv6s": ["2001:db8:1::a"]}
            instance = {
                "id": 1,
                "name": "a",
                "zone": "z/europe-west1-b",
                "networkInterfaces": [nic],
            }
            body = "p" if asked.path.endswith("project-id") else json.dumps(instance)
            return Answer(body=body, headers={"Metadata-Flavor": "Google"})

    with serving(Six()) as url:
        node = find_node(Metadata(url), Setup(settings=GcpSettings()))
    assert (node.addresses, node.facts["primary"]) == (
        (ip_address("2001:db8:1::a"),),
        "2001:db8:1::a",
    )


@pytest.mark.parametrize(
    ("status", "flavor", "body", "words"),
    [
        (200, "", "{}", "what answers there is not Google's"),
        (500, "Google", "", "HTTP 500"),
        (404, "Google", "", "it has nothing at"),
        (200, "Google", "<html>", "is no JSON"),
        (200, "Google", "[]", "cannot be read"),
        (
            200,
            "Google",
            json.dumps({"id": 1, "name": "a", "zone": "z", "networkInterfaces": []}),
            "no network interface",
        ),
        (
            200,
            "Google",
            json.dumps({"id": 1, "name": "a", "zone": "z", "networkInterfaces": [{"mac": "m"}]}),
            "of no address of nic0",
        ),
    ],
)
def test_what_is_no_metadata_server_is_not_believed(
    status: int, flavor: str, body: str, words: str
) -> None:
    Foreign.answers = {"any": (status, flavor, body)}
    server = HTTPServer(("127.0.0.1", 0), Foreign)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        metadata = Metadata(f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(UnreachableError, match=words):
            find_node(metadata, Setup(settings=GcpSettings()))
        metadata.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_connection_that_was_closed_meanwhile_is_opened_again(cloud: EmbeddedGcp) -> None:
    metadata = Metadata(cloud.metadata_endpoint("a"))
    assert metadata.text("instance/name") == "a"
    assert metadata._connection is not None
    assert metadata._connection.sock is not None
    metadata._connection.sock.close()
    assert metadata.text("instance/name") == "a"
    assert metadata.text("instance/nothing") is None
