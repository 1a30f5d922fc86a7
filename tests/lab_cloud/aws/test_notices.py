"""Spot interruption notices and rebalance recommendations."""

from __future__ import annotations

import datetime
import json

import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.client import CloudControl

from lab_cloud.aws.test_metadata import Imds

ACTION = "meta-data/spot/instance-action"
REBALANCE = "meta-data/events/recommendations/rebalance"


def seconds_from_now(text: str) -> float:
    then = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
    return (then - datetime.datetime.now(datetime.UTC)).total_seconds()


def test_nothing_is_there_until_something_is_announced(cloud: EmbeddedAws) -> None:
    imds = Imds(cloud.metadata_endpoint("a"))
    assert [imds.get(path)[0] for path in (ACTION, REBALANCE)] == [404, 404]
    assert "spot/" not in imds.text("meta-data/").split()
    cloud.announce("b", "terminate")
    assert imds.get(ACTION)[0] == 404


def test_an_interruption_says_what_comes_and_when(cloud: EmbeddedAws) -> None:
    imds = Imds(cloud.metadata_endpoint("a"))
    cloud.announce("a", "terminate", 120)
    said = json.loads(imds.text(ACTION))
    assert said["action"] == "terminate"
    assert 60 < seconds_from_now(said["time"]) <= 120
    assert imds.text("meta-data/spot/termination-time") == said["time"]
    cloud.withdraw("a")
    cloud.announce("a", "stop")
    assert json.loads(imds.text(ACTION))["action"] == "stop"
    assert imds.get("meta-data/spot/termination-time")[0] == 404


def test_a_rebalance_recommendation_says_when_it_was_made(cloud: EmbeddedAws) -> None:
    imds = Imds(cloud.metadata_endpoint("a"))
    cloud.announce("a", "rebalance", 600)
    assert -60 < seconds_from_now(json.loads(imds.text(REBALANCE))["noticeTime"]) <= 1
    assert imds.get(ACTION)[0] == 404


def test_the_lab_knows_when_a_node_saw_what(cloud: EmbeddedAws) -> None:
    imds = Imds(cloud.metadata_endpoint("a"))
    cloud.announce("a", "rebalance")
    cloud.announce("a", "hibernate")
    imds.text(ACTION)
    rebalance, hibernate = cloud.announced
    assert (rebalance.seen, rebalance.kind) == (0, "rebalance")
    assert hibernate.seen > hibernate.announced
    imds.text(ACTION)
    assert cloud.announced[1].seen == hibernate.seen
    cloud.withdraw("a", "hibernate")
    assert [notice.kind for notice in cloud.announced] == ["rebalance"]


def test_another_process_announces_too(cloud: EmbeddedAws) -> None:
    control = CloudControl(cloud.control, object)
    made = control.announce("a", "stop", 30)
    assert [notice.id for notice in control.announced()] == [made.id]
    assert [notice.id for notice in cloud.announced] == [made.id]
    control.withdraw("a")
    assert control.announced() == []


@pytest.mark.parametrize(
    ("node", "kind", "words"),
    [("z", "stop", "there are a, b, c"), ("a", "Freeze", "there are terminate, stop")],
)
def test_what_cannot_be_announced_is_said(
    cloud: EmbeddedAws, node: str, kind: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        cloud.announce(node, kind)
