"""Google's clients, as they are built here."""

from __future__ import annotations

import msgspec
import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import WorldForwardingRule
from cloudfail.model import ForwardingRule
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from providers.gcp.nodes import WORLD, NodeMaker

AT_ONCE = 20  # more than the ten that the SDK keeps


def test_each_call_at_once_keeps_its_connection(
    cloud: EmbeddedGcp, node_of: NodeMaker, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"more{number}" for number in range(AT_ONCE)]
    rules = [WorldForwardingRule(n, f"198.51.100.{at}", "b") for at, n in enumerate(names, 1)]
    cloud.build(msgspec.structs.replace(WORLD, forwarding_rules=tuple(rules)))
    cloud.faults = Faults(latency_ms=100)
    claims = [ForwardingRule(name=name) for name in names]
    node = node_of("a", width=AT_ONCE)
    assert promote(node.provider, claims, ready_run(width=AT_ONCE)).exit_code == 0
    assert "Connection pool is full" not in caplog.text
