from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import Incoming

from cloudfail_azure.operations import is_mutating
from sweep.gate import Gate
from sweep.zygote import AZURE, Zygote


class Asked(msgspec.Struct, frozen=True):
    """A request of ARM."""

    what: str
    writes: bool


def _read(incoming: Incoming) -> Asked:
    return Asked(f"{incoming.method} {incoming.path}", is_mutating(incoming.method))


@pytest.fixture(scope="session")
def gate() -> Iterator[Gate]:
    """One cloud a worker; each sweep builds its world anew."""
    with EmbeddedAzure() as cloud:
        gate = Gate(cloud, _read, tls=cloud.tls)
        yield gate
        gate.close()


@pytest.fixture
def other_gate(gate: Gate) -> Iterator[Gate]:
    other = Gate(gate.cloud, _read, tls=gate.cloud.tls)
    yield other
    other.close()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    found = Zygote(AZURE)
    yield found
    found.close()


# What a dead process began goes on for a while: the next one meets it under way.
UNDER_WAY = Faults(operation_ms=60)
