"""What the permissions API answers, and what is made of it: no failover is held up by nonsense."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloudfail.lab.cloud.httpd import Reply

from cloudfail_azure.linked import WRITE, Need, needs_of

JOIN = "Microsoft.Network/publicIPAddresses/join/action"
NEED = Need(
    JOIN, "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/publicIPAddresses/p"
)


@pytest.mark.parametrize(
    "answer",
    [
        [None],
        ["*"],
        [{"actions": "*"}],
        [{"actions": [None]}],
        [{"actions": ["*"], "notActions": {"none": 1}}],
    ],
    ids=str,
)
def test_permissions_that_cannot_be_read_are_no_obstacle(strange: Any, answer: Any) -> None:
    node = strange(Reply(200, json.dumps({"value": answer}).encode()))
    verdict = node.provider._grants.judge([NEED])
    assert verdict.missing == []
    assert "cannot be read" in str(verdict.unsaid[NEED])


@pytest.mark.parametrize(
    ("entries", "held"),
    [
        ([{"actions": ["*"]}], True),
        ([{"actions": ["microsoft.network/PUBLICIPADDRESSES/*"], "notActions": None}], True),
        ([{"actions": ["*"], "notActions": ["Microsoft.Network/*/join/action"]}], False),
        ([{"actions": ["*"], "notActions": ["*"]}, {"actions": [JOIN], "later": 1}], True),
        ([{"actions": ["*/read"]}, {"dataActions": ["*"]}], False),
        ([{"actions": None}], False),
        ([], False),
    ],
    ids=str,
)
def test_one_role_that_gives_it_is_enough(strange: Any, entries: Any, held: bool) -> None:
    node = strange(Reply(200, json.dumps({"value": entries}).encode()))
    assert (node.provider._grants.judge([NEED]) == {}) is held


def test_what_refers_to_nothing_needs_no_permission() -> None:
    properties: dict[str, Any] = {
        "networkSecurityGroup": {},
        "ipConfigurations": [{"properties": {"subnet": {}}}],
    }
    assert [need.action for need in needs_of({"id": "/n", "properties": properties})] == [WRITE]
