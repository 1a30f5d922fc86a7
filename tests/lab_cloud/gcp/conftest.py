from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import Built

from lab_cloud.gcp.clients import Compute, Machine
from lab_cloud.gcp.worlds import PAIR


@pytest.fixture(scope="session")
def running() -> Iterator[EmbeddedGcp]:
    with EmbeddedGcp() as cloud:
        yield cloud


@pytest.fixture
def built(running: EmbeddedGcp) -> Built:
    """The pair's paths, in a cloud that was just built."""
    return running.build(PAIR)


@pytest.fixture
def cloud(running: EmbeddedGcp, built: Built) -> Iterator[EmbeddedGcp]:
    assert running.built is built
    yield running
    assert running.violations == []
    running.faults = Faults()


@pytest.fixture(scope="session")
def shared_client(running: EmbeddedGcp) -> Compute:
    return Compute(running.endpoint)


@pytest.fixture
def compute(shared_client: Compute, cloud: EmbeddedGcp) -> Compute:
    """Google's client of the cloud that holds the pair."""
    assert cloud.endpoint
    return shared_client


@pytest.fixture
def machine(compute: Compute, built: Built) -> Callable[..., Machine]:
    """The calls about a node, by its name."""
    return lambda name, nic="nic0": Machine(compute, built.project, name, nic)
