"""Nodes in an embedded Azure, over real sockets, and providers built for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import HttpService, Incoming, Reply
from cloudfail.lab.cloud.tls import Authority
from cloudfail.model import Peer

from cloudfail_azure import credentials, sdk
from cloudfail_azure.metadata import Metadata
from providers.azure.nodes import WORLD, Node, NodeMaker


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no file of whoever runs the tests says where Azure is, or who calls."""
    for name in [n for n in os.environ if n.startswith(("AZURE_", "IDENTITY_", "MSI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    # Nothing listens there: a test that forgets its metadata service hears of it at once.
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud in this process is none that hangs, however busy the machine is."""
    for module in (credentials, sdk):
        monkeypatch.setattr(module, "CONNECT_SECONDS", 30.0)
        monkeypatch.setattr(module, "READ_SECONDS", 30.0)
    monkeypatch.setattr(Metadata.__init__, "__defaults__", ("", 30.0))


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[EmbeddedAzure]:
    with EmbeddedAzure() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: EmbeddedAzure) -> Iterator[EmbeddedAzure]:
    running_cloud.build(WORLD)
    yield running_cloud
    assert running_cloud.violations == []
    running_cloud.faults = Faults()
    running_cloud.relax_iam()


@pytest.fixture
def peers() -> tuple[Peer, ...]:
    """The nodes besides `a` that belong to the instance; all others are strangers."""
    return (Peer(name="b", address=ip_address("10.0.1.11")),)


@pytest.fixture
def node_of(cloud: EmbeddedAzure, peers: tuple[Peer, ...]) -> NodeMaker:
    """Build the provider of a node; `a` with `b` for a peer, unless told otherwise."""

    def make(which: str = "a", /, **setup: Any) -> Node:
        return Node(cloud, which, **{"peers": peers, **setup})

    return make


@pytest.fixture
def strange(cloud: EmbeddedAzure) -> Iterator[Any]:
    """Something else that answers at the endpoint, with a certificate that is trusted."""
    authority = Authority()
    answers: list[Reply] = []

    def answer(_: Incoming) -> Reply:
        return answers[0]

    service = HttpService("127.0.0.1", 0, answer, tls=authority.context(["127.0.0.1"]))

    def make(reply: Reply) -> Node:
        answers[:] = [reply]
        settings = {"endpoint": service.url, "ca_file": str(authority.file)}
        return Node(cloud, "a", settings=settings)

    yield make
    service.close()
    authority.close()
