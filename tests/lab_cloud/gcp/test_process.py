"""The embedded Google Cloud as a process, and worlds that Google would not allow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.client import CloudControl
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import (
    Built,
    World,
    WorldForwardingRule,
    WorldInterface,
    WorldNode,
    WorldRoute,
)

from lab_cloud.gcp.clients import Compute, reason
from lab_cloud.gcp.worlds import EDGE, PAIR, REGION


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    world = tmp_path_factory.mktemp("world") / "pair.json"
    world.write_bytes(msgspec.json.encode(PAIR))
    command = [sys.executable, "-m", "cloudfail.lab.cloud", "gcp"]
    options = ["--world", str(world), "--metadata", "127.0.0.1:0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield dict(json.loads(process.stdout.readline()))
        process.terminate()
        assert process.wait(60) == 0


def test_everything_is_reached_from_another_process(urls: dict[str, str]) -> None:
    control = CloudControl(urls["control"], Built)
    built = control.built()
    compute = Compute(urls["endpoint"])
    began = compute.rules.set_target_unary(
        project=built.project,
        region=REGION,
        forwarding_rule="edge",
        target_reference_resource={"target": built.nodes["b"].target_instance},
    )
    compute.wait(began, built.project)
    (change,) = control.changes(wait=60)
    assert (change.kind, change.node) == ("forwarding-rule", "b")
    assert [call.operation for call in control.calls()] == [
        "forwardingRules.setTarget",
        "regionOperations.wait",
    ]
    assert control.violations() == []
    control.set_faults(Faults(operation_ms=5, quota={"lists": 0}))
    assert reason(compute.routes.list, project=built.project) == (403, "rateLimitExceeded")
    control.terminate_node("b")
    moved = {item.target.rpartition(" ")[2]: item.node for item in control.holders()}
    assert moved[EDGE] == ""
    assert control.build(PAIR).nodes == built.nodes
    assert control.calls() == []
    control.reset()
    with pytest.raises(UsageError, match="no world was built"):
        control.built()


def changed(**fields: Any) -> World:
    return msgspec.structs.replace(PAIR, **fields)


def lone(**fields: Any) -> World:
    node = WorldNode("a", (WorldInterface("10.0.1.10", "one", **fields),))
    return changed(nodes=(node,), routes=(), forwarding_rules=())


@pytest.mark.parametrize(
    ("world", "words"),
    [
        (changed(routes=(WorldRoute("x", "10.0.1.0/25", "a"),)), "hides the address space"),
        (changed(routes=(WorldRoute("x", "10.98.0.0/16", "z"),)), "'z'"),
        (
            changed(forwarding_rules=(WorldForwardingRule("x", EDGE, "a", region="us-east1"),)),
            "a is not in us-east1",
        ),
        (lone(aliases=("10.9.0.0/28",)), "must be within the range 10.0.1.0/24"),
        (lone(aliases=("10.0.1.10",)), "already being used"),
    ],
)
def test_a_world_against_googles_rules_is_refused(world: World, words: str) -> None:
    cloud = EmbeddedGcp()
    with pytest.raises(UsageError, match=words):
        cloud.build(world)


def test_a_cloud_answers_only_while_it_runs(tmp_path: Path) -> None:
    assert tmp_path.exists()
    cloud = EmbeddedGcp()
    with pytest.raises(UsageError, match="use it in a `with`"):
        assert cloud.endpoint
    with pytest.raises(UsageError, match="no world was built"):
        assert cloud.built.nodes
    with cloud:
        cloud.build(PAIR)
        with pytest.raises(UsageError, match="there are a, b, c"):
            cloud.terminate_node("z")
