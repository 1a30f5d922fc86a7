"""How long a node that preempts stays away, and when the cloud may begin."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cloudfail.agent import handbrake
from cloudfail.agent.handbrake import handover_file
from cloudfail.agent.notices.announced import Announced
from cloudfail.agent.notices.hold import LONGEST, Hold
from cloudfail.agent.notices.resting import Resting
from cloudfail.agent.role.standing import Mastering, Standing
from cloudfail.notice import Notice
from cloudfail.role import Role

from agent.notices.node import Skipping

PEER = Mastering(address=ip_address("10.0.0.2"), priority=100, better=False, age=0.2)
SERVED = Standing(role=Role.FAULT, peers=(PEER,))


class Heard:
    def __init__(self) -> None:
        self.now = SERVED

    def standing(self, now: float) -> Standing:
        del now
        return self.now


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def hold(heard: Heard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hold:
    monkeypatch.setattr(handbrake, "DIRECTORY", tmp_path)
    handover_file("edge").write_text("1\n")
    member: Any = SimpleNamespace(
        name="edge", keeper=heard, subject=SimpleNamespace(advert_int=1.0)
    )
    return Hold(member, 100.0)


def test_it_goes_on_while_it_is_announced_and_a_peer_serves(hold: Hold) -> None:
    assert hold.why_over(100.0 + LONGEST, is_announced=True) == ""
    assert "announced any more" in hold.why_over(101.0, is_announced=False)


def test_what_never_comes_is_not_waited_for(hold: Hold) -> None:
    assert "did not come within 2 h" in hold.why_over(100.1 + LONGEST, is_announced=True)


def test_it_ends_with_the_peer(hold: Hold, heard: Heard) -> None:
    heard.now = Standing(role=Role.FAULT)
    assert "no peer advertises" in hold.why_over(100.1, is_announced=True)


def test_after_this_machine_stood_still_a_peer_has_time_for_its_next_advert(
    hold: Hold, heard: Heard
) -> None:
    heard.now = Standing(role=Role.FAULT, wakes=1)
    assert hold.why_over(130.0, is_announced=True) == ""
    assert hold.why_over(131.4, is_announced=True) == ""
    assert "no peer advertises" in hold.why_over(131.6, is_announced=True)


def test_a_brake_that_cannot_be_released_is_told(hold: Hold) -> None:
    assert hold.release() == ""
    assert handover_file("edge").read_text() == "0\n"
    handover_file("edge").unlink()
    assert "stays in FAULT" in hold.release()


def test_the_cloud_waits_for_every_instance() -> None:
    announced = Announced("azure", Notice(id="1", kind="Freeze", waits=True))
    assert not announced.may_begin([])
    announced.settle("edge", "was handed over")
    assert announced.may_begin(["edge"])
    assert not announced.may_begin(["edge", "web"])
    announced.settle("web", "was not handed over", well=False)
    assert not announced.may_begin(["edge", "web"])
    announced.settle("web", "was handed over")
    assert announced.may_begin(["edge", "web"])


def test_an_announcement_in_one_sentence() -> None:
    notice = Notice(id="602d", kind="Freeze", begins="Mon, 30 Nov 2026 18:29:47 GMT", text="moved")
    assert Announced("azure", notice).sentence == (
        "azure announces Freeze of this node, not before Mon, 30 Nov 2026 18:29:47 GMT: moved (602d)"
    )
    begun = Notice(id="602d", kind="Reboot", has_begun=True)
    assert (
        Announced("azure", begun).sentence
        == "azure announces Reboot of this node, which has begun (602d)"
    )


def test_each_failure_in_a_row_doubles_the_rest_up_to_an_hour() -> None:
    clock = Skipping()
    resting = Resting(clock)
    lengths = []
    for _ in range(9):
        resting.begin("edge")
        lengths.append(int(resting.text("edge").split()[2]))
        assert resting.text("web") == ""
        clock.skipped += lengths[-1]
        assert resting.text("edge") == ""
    assert lengths == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    resting.end("edge")
    resting.begin("edge")
    assert "for 60 s" in resting.text("edge")
    resting.end("edge")
    assert resting.text("edge") == ""
