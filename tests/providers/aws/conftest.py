"""A pair of nodes in an embedded AWS, over real sockets, and providers built for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built
from cloudfail.model import Peer

from cloudfail_aws import sdk
from cloudfail_aws.metadata import Metadata
from providers.aws.nodes import WORLD, Node, NodeMaker


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no file of whoever runs the tests says where AWS is, or who calls."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    # Nothing listens there: a test that forgets its metadata service hears of it at once.
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud in this process is none that hangs, however busy the machine is."""
    monkeypatch.setattr(sdk, "CONNECT_SECONDS", 30)
    monkeypatch.setattr(sdk, "READ_SECONDS", 30)
    monkeypatch.setattr(Metadata.__init__, "__defaults__", ("", 30.0))


@pytest.fixture(scope="session")
def running_cloud() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as cloud:
        yield cloud


@pytest.fixture
def cloud(running_cloud: EmbeddedAws) -> EmbeddedAws:
    running_cloud.build(WORLD)
    return running_cloud


@pytest.fixture
def built(cloud: EmbeddedAws) -> Built:
    return cloud.built


@pytest.fixture
def peers() -> tuple[Peer, ...]:
    """The nodes besides `a` that belong to the instance; `x` and `m` are strangers."""
    return (Peer(name="b", address=ip_address("10.0.1.11")),)


@pytest.fixture
def node_of(
    cloud: EmbeddedAws, peers: tuple[Peer, ...], monkeypatch: pytest.MonkeyPatch
) -> NodeMaker:
    """Build the provider of a node; `a` with `b` for a peer, unless told otherwise."""
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "")

    def make(which: str = "a", /, **setup: Any) -> Node:
        return Node(cloud, which, **{"peers": peers, **setup})

    return make
