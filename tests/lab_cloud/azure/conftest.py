from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from azure.mgmt.network import NetworkManagementClient
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import Nic, client_of
from lab_cloud.azure.worlds import PAIR


@pytest.fixture(scope="session")
def running() -> Iterator[EmbeddedAzure]:
    with EmbeddedAzure() as cloud:
        yield cloud


@pytest.fixture
def built(running: EmbeddedAzure) -> Built:
    """The pair's ids, in a cloud that was just built."""
    return running.build(PAIR)


@pytest.fixture
def cloud(running: EmbeddedAzure, built: Built) -> Iterator[EmbeddedAzure]:
    assert running.built is built
    yield running
    assert running.violations == []
    running.faults = Faults()


@pytest.fixture
def sdk(cloud: EmbeddedAzure) -> Iterator[NetworkManagementClient]:
    """Microsoft's client of the cloud that holds the pair."""
    with client_of(cloud) as client:
        yield client


@pytest.fixture
def nic(cloud: EmbeddedAzure) -> Callable[[str], Nic]:
    """The first interface of a node, by the node's name."""
    return lambda node: Nic(cloud, node)
