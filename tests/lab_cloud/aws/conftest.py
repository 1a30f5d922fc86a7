from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built

from lab_cloud.aws.worlds import PAIR


@pytest.fixture(scope="session")
def running() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as cloud:
        yield cloud


@pytest.fixture
def built(running: EmbeddedAws) -> Built:
    """The pair's ids, in a cloud that was just built."""
    return running.build(PAIR)


@pytest.fixture
def cloud(running: EmbeddedAws, built: Built) -> EmbeddedAws:
    assert running.built is built
    return running


@pytest.fixture(scope="session")
def shared_client(running: EmbeddedAws) -> Any:
    return running.client()


@pytest.fixture
def ec2(shared_client: Any, built: Built) -> Any:
    """A client of the cloud that holds the pair."""
    assert built.nodes
    return shared_client


@pytest.fixture
def eni(built: Built) -> dict[str, str]:
    """Node name -> its first interface's id."""
    return {name: node.interface_id for name, node in built.nodes.items()}
