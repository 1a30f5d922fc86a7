"""A pair of nodes in an embedded Google Cloud, over real sockets, and providers built for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Peer

from cloudfail_gcp import credentials
from cloudfail_gcp.api import Api
from cloudfail_gcp.metadata import Metadata
from providers.gcp.nodes import WORLD, Node, NodeMaker


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no file of whoever runs the tests says where Google is, or who calls."""
    for name in [n for n in os.environ if n.startswith(("GOOGLE_", "GCE_", "CLOUDSDK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    # Nothing listens there: a test that forgets its metadata server hears of it at once.
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.1:9")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud in this process is none that hangs, however busy the machine is."""
    defaults: Any = Api.call.__kwdefaults__
    monkeypatch.setitem(defaults, "timeout", 30.0)
    monkeypatch.setattr(credentials, "TOKEN_SECONDS", 30.0)
    monkeypatch.setattr(Metadata.__init__, "__defaults__", ("", 30.0))


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[EmbeddedGcp]:
    with EmbeddedGcp() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: EmbeddedGcp) -> Iterator[EmbeddedGcp]:
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
def node_of(cloud: EmbeddedGcp, peers: tuple[Peer, ...]) -> NodeMaker:
    """Build the provider of a node; `a` with `b` for a peer, unless told otherwise."""

    def make(which: str = "a", /, **setup: Any) -> Node:
        return Node(cloud, which, **{"peers": peers, **setup})

    return make
