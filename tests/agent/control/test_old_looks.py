"""What the agent saw too long ago says nothing, and the check says so."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec
import pytest
from cloudfail.cli.answer_looks import _verdict
from cloudfail.config import Instance
from cloudfail.config.agent.model import AgentSettings
from cloudfail.model import PublicIp

from agent.metrics.views import backup, claims, master

EDGE = Instance(name="edge", provider="fake", claims=(PublicIp(address=ip_address("203.0.113.7")),))


@pytest.mark.parametrize(
    ("age", "word", "told"),
    [
        (None, "UNKNOWN", "holds public-ip 203.0.113.7: the agent has not looked yet"),
        (61.4, "UNKNOWN", "holds public-ip 203.0.113.7: the agent's last look is 61 s old"),
        (59.0, "CRITICAL", "MASTER, but public-ip 203.0.113.7: eni-0a is Failed"),
    ],
)
def test_an_old_look_is_no_reason_of_the_clouds(age: float | None, word: str, told: str) -> None:
    seen = msgspec.structs.replace(claims("peer", reason="eni-0a is Failed")[0], age=age)
    verdict = _verdict(EDGE, master(claims=(seen,)), AgentSettings())
    assert (verdict.word, verdict.line.split(" | ")[0].endswith(told)) == (word, True)


@pytest.mark.parametrize(("age", "code"), [(299.0, 0), (901.0, 3)])
def test_a_backup_that_looks_seldom_is_judged_by_its_own_interval(age: float, code: int) -> None:
    seen = msgspec.structs.replace(claims("peer")[0], age=age)
    verdict = _verdict(EDGE, backup(claims=(seen,)), AgentSettings(standby_interval=300.0))
    assert verdict.code == code
