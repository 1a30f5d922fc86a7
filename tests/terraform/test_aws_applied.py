"""An example as the real terraform and hashicorp/aws provider apply it, and the pair that it makes.

Played once, in one lab (aws_lab.py); each test looks at a part of what was seen there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

from terraform.aws_provider import MISSING, provider
from vrrp.conftest import need_namespaces

with warnings.catch_warnings():
    # parliament leaves the files that it reads at import to the garbage collector.
    warnings.simplefilter("ignore", ResourceWarning)
    import parliament

if provider() is None:
    pytest.skip(MISSING, allow_module_level=True)

pytestmark = [pytest.mark.netns, pytest.mark.timeout(420)]

TESTS = Path(__file__).parents[1]
Seen = dict[str, Any]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    need_namespaces()
    played = subprocess.run(
        [sys.executable, "-m", "terraform.aws_lab", str(tmp_path_factory.mktemp("lab"))],
        cwd=TESTS,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert played.returncode == 0, played.stderr[-4000:]
    found: Seen = json.loads(played.stdout)
    return found


@pytest.fixture
def interfaces(seen: Seen) -> dict[str, str]:
    """The interfaces that terraform made, by the nodes that have them."""
    nodes = seen["outputs"]["nodes"]
    return {name: node["network_interface_id"] for name, node in nodes.items()}


@pytest.fixture
def policy(seen: Seen) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(seen["outputs"]["policy"])
    return found


def test_the_applied_address_is_taken_from_nobody_and_follows_the_master(
    seen: Seen, interfaces: dict[str, str]
) -> None:
    assert seen["holders"] == [interfaces[node] for node in ("a", "b", "a")]


def test_after_each_failover_the_next_plan_is_empty(seen: Seen) -> None:
    assert seen["plans"] == [[], []]


def test_destroy_leaves_nothing(seen: Seen) -> None:
    assert seen["left"] == []


@pytest.mark.parametrize("node", ["a", "b"])
def test_the_doctor_finds_nothing_wrong_on_a_node(seen: Seen, node: str) -> None:
    said = seen[f"doctor on {node}"]
    assert (said["code"], failed(said)) == (0, {})
    assert {one["status"] for one in checks(said)} >= {"ok"}


def checks(said: Seen) -> list[dict[str, str]]:
    found: list[dict[str, str]] = json.loads(said["said"])["checks"]
    return found


def failed(said: Seen) -> dict[str, str]:
    return {one["subject"]: one["message"] for one in checks(said) if one["status"] == "failed"}


def test_a_plan_that_is_checked_says_that_the_standby_could_take_the_address(
    seen: Seen, interfaces: dict[str, str]
) -> None:
    there = {node: json.loads(seen[f"plan on {node}"]["said"]) for node in ("a", "b")}
    assert {node: plan["node"]["ref"] for node, plan in there.items()} == interfaces
    assert {node: plan["exit_code"] for node, plan in there.items()} == {"a": 0, "b": 2}


def test_the_failovers_need_no_more_than_the_applied_policy(
    seen: Seen, policy: dict[str, Any]
) -> None:
    calls = seen["calls"]
    granted = {action for statement in policy["Statement"] for action in statement["Action"]}
    assert {f"ec2:{call['what']}" for call in calls} == granted
    assert {call["code"] for call in calls} == {""}
    assert len([call for call in calls if call["what"] == "AssociateAddress"]) == 2
    assert {call["who"].split("/")[1] for call in calls} == {seen["role"]}


def test_each_action_of_each_statement_is_missed_where_it_is_taken_out(
    seen: Seen, policy: dict[str, Any]
) -> None:
    granted = [
        (number, action)
        for number, statement in enumerate(policy["Statement"])
        for action in statement["Action"]
    ]
    assert len(granted) == 3
    for number, action in granted:
        said = seen["without"][f"{number} {action}"]
        assert (said["code"], action in said["said"]) == (77, True), said


def test_the_applied_policy_names_what_was_applied_and_is_clean(
    seen: Seen, policy: dict[str, Any], interfaces: dict[str, str]
) -> None:
    analyzed = parliament.analyze_policy_string(json.dumps(policy))
    assert [str(finding) for finding in analyzed.findings] == []
    account = f"arn:aws:ec2:eu-central-1:{seen['account']}"
    named = [resource for one in policy["Statement"] for resource in one["Resource"]]
    assert {resource for resource in named if resource != "*"} == {
        f"{account}:elastic-ip/{seen['allocation']}",
        *(f"{account}:network-interface/{interface}" for interface in interfaces.values()),
    }
