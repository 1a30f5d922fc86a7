"""Interruption notices and rebalance recommendations, from a metadata service as AWS has it."""

from __future__ import annotations

import pytest
from cloudfail.errors import UnreachableError
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.notice import Notices

from cloudfail_aws import SPEC
from cloudfail_aws.metadata import Metadata
from cloudfail_aws.notices import AwsNotices


@pytest.fixture
def notices(cloud: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Notices:
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", cloud.metadata_endpoint("a"))
    assert SPEC.notices is not None
    return SPEC.notices(None)


def test_what_is_announced_to_this_instance_is_found_until_it_is_over(
    cloud: EmbeddedAws, notices: Notices
) -> None:
    cloud.announce("b", "terminate")
    assert notices.look() == ()
    cloud.announce("a", "rebalance")
    (rebalance,) = notices.look()
    assert (rebalance.kind, rebalance.begins, rebalance.waits) == ("rebalance", "", False)
    assert rebalance.text.endswith("an interruption of this Spot Instance is likely")
    cloud.announce("a", "stop")
    stop, other = notices.look()
    assert (stop.kind, other) == ("spot stop", rebalance)
    assert stop.id == f"spot stop {stop.begins}"
    assert stop.begins.endswith("Z")
    notices.acknowledge(stop)
    assert notices.look() == (stop, rebalance)
    cloud.withdraw("a")
    assert notices.look() == ()


class Odd(Metadata):
    """A service that says something else."""

    def text(self, path: str) -> str | None:
        return '{"time": 3}' if "spot" in path else None


def test_what_cannot_be_read_is_no_answer() -> None:
    with pytest.raises(UnreachableError, match="its notice cannot be read"):
        AwsNotices(Odd("http://127.0.0.1:9")).look()


class HalfBroken(Metadata):
    """Knows of an interruption, and has nothing readable beside it."""

    interruption = '{"action": "terminate", "time": "2026-11-30T05:00:00Z"}'

    def text(self, path: str) -> str | None:
        if "spot" in path:
            return self.interruption
        if self.interruption:
            raise self.unreachable("it answered HTTP 500")
        return "<html>"


def test_an_interruption_is_not_lost_with_a_recommendation_that_cannot_be_read() -> None:
    metadata = HalfBroken("http://127.0.0.1:9")
    (found,) = AwsNotices(metadata).look()
    assert found.kind == "spot terminate"
    metadata.interruption = ""
    with pytest.raises(UnreachableError, match="its notice cannot be read"):
        AwsNotices(metadata).look()
