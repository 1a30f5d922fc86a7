"""Which interface this machine takes claims with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from threading import Thread
from typing import Any, ClassVar

import pytest
from cloudfail.errors import ConfigError, NotFoundError, UnreachableError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults

from cloudfail_azure.identity import read_instance
from cloudfail_azure.metadata import Metadata
from providers.azure.nodes import SECOND, NodeMaker, edit

FIRST = "00000000-1ab0-4000-8000-000000000001"


def test_a_machine_knows_its_interface(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    node = node_of("a", name="left")
    found = node.provider.identify()
    assert (found.ref, found.name) == (cloud.built.nodes["a"].interface_id, "left")
    assert found.addresses == (ip_address("10.0.1.10"), ip_address("10.0.1.111"))
    built = cloud.built.nodes["a"]
    assert found.facts == {
        "subscription": FIRST,
        "group": "lab",
        "location": "westeurope",
        "zone": "1",
        "machine": built.vm,
        "instance_id": built.vm_id,
        "mac": built.mac.lower().replace("-", ":"),
        "network": cloud.built.networks["lab"],
        "subnet": cloud.built.subnets["one"],
        "primary": "10.0.1.10",
        "identity": "metadata",
    }
    assert node.provider.identify() is found
    assert node.operations == ["networkInterfaces.list"]


def test_the_interface_is_told_by_id_address_or_device(
    cloud: EmbeddedAzure, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    first, second = cloud.built.nodes["a"].interfaces

    def found(**setup: Any) -> str:
        return str(node_of("a", **setup).provider.identify().ref)

    assert found(address=ip_address("10.0.2.10")) == second.interface_id
    assert found(address=ip_address("10.9.9.9")) == first.interface_id
    assert found(interface_id=second.interface_id) == second.interface_id
    monkeypatch.setattr("cloudfail.machine.device.SYS_CLASS_NET", tmp_path)
    (tmp_path / "eth1").mkdir()
    mac = second.mac.lower().replace("-", ":")
    (tmp_path / "eth1" / "address").write_text(f"{mac}\n")
    assert found(interface="eth1") == second.interface_id
    assert found(interface="eth7") == first.interface_id


def test_what_disagrees_with_the_configuration_is_named(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    with pytest.raises(ConfigError, match=f"subscription to {FIRST}"):
        node_of(settings={"subscription": SECOND}).provider.identify()
    theirs = cloud.built.nodes["b"].interface_id
    with pytest.raises(ConfigError, match="is not an interface of this virtual machine"):
        node_of(interface_id=theirs).provider.identify()
    with pytest.raises(ConfigError, match="az network nic list"):
        node_of(interface_id="eni-0a").provider.identify()
    uniform = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute"
    uniform += "/virtualMachineScaleSets/v/virtualMachines/0/networkInterfaces/n"
    with pytest.raises(ConfigError, match="uniform orchestration"):
        node_of(interface_id=uniform).provider.identify()
    with pytest.raises(ConfigError, match='cloud to "public"'):
        node_of(settings={"cloud": "china", "endpoint": ""}).provider.identify()
    with pytest.raises(NotFoundError, match="resource group apart has no network interface of"):
        node_of(settings={"resource_group": "apart"}).provider.identify()
    both = {"subscription": FIRST.upper(), "resource_group": "LAB"}
    assert node_of(settings=both).provider.identify().facts["group"] == "LAB"


def test_an_interface_of_another_group_is_found_by_its_id(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    own = cloud.built.nodes["a"].interface_id
    node = node_of(interface_id=own, settings={"resource_group": "apart"})
    found = node.provider.identify()
    assert (found.ref, found.facts["group"]) == (own, "apart")


def test_without_metadata_the_configuration_may_tell(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    own = cloud.built.nodes["a"].interface_id
    node = node_of(interface_id=own, settings={"subscription": FIRST})
    token = node.provider._api._client
    node.provider.identify()
    cloud.faults = Faults(metadata_down=True)
    other = node_of(interface_id=own, settings={"subscription": FIRST})
    other.provider._api._client = token
    found = other.provider.identify()
    assert (found.ref, found.facts["identity"]) == (own, "configuration")
    assert "zone" not in found.facts
    wrong = node_of(
        interface_id=own, settings={"subscription": FIRST}, address=ip_address("10.7.7.7")
    )
    wrong.provider._api._client = token
    with pytest.raises(ConfigError, match=r"10\.7\.7\.7 is none of the addresses of"):
        wrong.provider.identify()
    with pytest.raises(ConfigError, match=f"is not of subscription {SECOND}"):
        node_of(interface_id=own, settings={"subscription": SECOND}).provider.identify()


def test_no_metadata_service_is_said_as_such(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    cloud.faults = Faults(metadata_down=True)
    with pytest.raises(UnreachableError, match="Is this a virtual machine of Azure") as caught:
        node_of("a").provider.identify()
    assert caught.value.limit == 3


def test_an_instance_of_a_scale_set_is_told_what_it_lacks(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    for interface in cloud.built.nodes["a"].interfaces:
        edit(
            cloud,
            interface.interface_id,
            lambda document: document["properties"].pop("virtualMachine"),
        )
    with pytest.raises(NotFoundError, match="give the node its interface_id"):
        node_of("a").provider.identify()


class Foreign(BaseHTTPRequestHandler):
    """Something else that answers in the metadata service's place."""

    answer: ClassVar[tuple[int, str]]

    def do_GET(self) -> None:
        status, body = self.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: Any) -> None:
        """Silent."""


@contextmanager
def foreign(status: int, body: str) -> Iterator[Metadata]:
    Foreign.answer = (status, body)
    server = HTTPServer(("127.0.0.1", 0), Foreign)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    metadata = Metadata(f"http://127.0.0.1:{server.server_port}")
    try:
        yield metadata
    finally:
        metadata.close()
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, "", "HTTP 500"),
        (200, "", "is no JSON"),
        (200, "<html>", "is no JSON"),
        (200, "[]", "cannot be read"),
        (200, json.dumps({"compute": {"name": "a"}}), "cannot be read"),
    ],
)
def test_what_is_no_metadata_service_is_not_believed(status: int, body: str, words: str) -> None:
    with foreign(status, body) as metadata, pytest.raises(UnreachableError, match=words):
        read_instance(metadata.instance(), metadata.endpoint)


@pytest.mark.parametrize("status", [410, 429, 503])
@pytest.mark.parametrize("body", ["", "{}", "<html>"])
def test_a_busy_metadata_service_is_asked_for_as_long_as_there_is_time(
    status: int, body: str
) -> None:
    with foreign(status, body) as metadata:
        for ask in (metadata.instance, partial(metadata.token, "https://management.azure.com")):
            with pytest.raises(UnreachableError, match=f"HTTP {status}.*asked again") as busy:
                ask()
            assert busy.value.limit == 0


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [(503, "{}", "HTTP 503 when asked for a token"), (200, "<html>", "is no JSON")],
)
def test_a_token_that_is_none_is_not_believed(status: int, body: str, words: str) -> None:
    with foreign(status, body) as metadata, pytest.raises(UnreachableError, match=words):
        metadata.token("https://management.azure.com")
