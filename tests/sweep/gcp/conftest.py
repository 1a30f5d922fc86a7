from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.httpd import Incoming

from cloudfail_gcp.operations import is_mutating
from sweep.gate import Gate
from sweep.zygote import GCP, Zygote


class Asked(msgspec.Struct, frozen=True):
    """A request of Compute."""

    what: str
    writes: bool


def _read(incoming: Incoming) -> Asked:
    what = f"{incoming.method} {incoming.path}"
    return Asked(what, is_mutating(incoming.method, incoming.path))


@pytest.fixture(scope="session")
def gate() -> Iterator[Gate]:
    """One cloud a worker; each sweep builds its world anew."""
    with EmbeddedGcp() as cloud:
        # What a dead process began goes on for a while: the next one meets it under way.
        cloud.faults = Faults(operation_ms=60)
        gate = Gate(cloud, _read)
        yield gate
        gate.close()


@pytest.fixture
def other_gate(gate: Gate) -> Iterator[Gate]:
    other = Gate(gate.cloud, _read)
    yield other
    other.close()


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    found = Zygote(GCP)
    yield found
    found.close()
