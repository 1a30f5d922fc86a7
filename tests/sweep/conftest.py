from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws

from sweep.gate import Gate
from sweep.zygote import Zygote


@pytest.fixture(scope="session")
def gate() -> Iterator[Gate]:
    """One cloud a worker; each sweep builds its world anew."""
    with EmbeddedAws() as cloud:
        gate = Gate(cloud)
        yield gate
        gate.close()


@pytest.fixture(scope="session")
def ec2(gate: Gate) -> Iterator[Any]:
    """A client of the cloud, past the gate."""
    client = gate.cloud.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    found = Zygote()
    yield found
    found.close()


@pytest.fixture
def other_gate(gate: Gate) -> Iterator[Gate]:
    """A second way to the same cloud, for a second node."""
    other = Gate(gate.cloud)
    yield other
    other.close()
