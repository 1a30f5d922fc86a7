"""What is announced becomes a handover, and the cloud begins after it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from cloudfail.agent import handbrake
from cloudfail.agent.handbrake import handover_file
from cloudfail.agent.notices import watch
from cloudfail.errors import RefusedError
from cloudfail.notice import Notice
from cloudfail.role import Role

from agent.notices.node import FREEZE, LOWER, PEER, node
from agent.work.bench import ADDRESS, bench


@pytest.fixture(autouse=True)
def brake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handbrake, "DIRECTORY", tmp_path)
    monkeypatch.setattr(watch, "PERIOD", 0.02)
    handover_file("edge").write_text("0\n")


def test_a_master_hands_over_and_the_cloud_begins_once_the_peer_holds(tmp_path: Path) -> None:
    with node(tmp_path, holder="a") as made:
        made.announce(FREEZE)
        made.leaves()
        made.saw()
        assert made.cloud.acknowledged == []
        assert made.done == "is being handed over"
        made.one.world.held[ADDRESS] = "b"
        made.until(lambda: made.cloud.acknowledged)
        made.until(lambda: made.view.notices[0].acknowledged)
        assert made.cloud.acknowledged == ["1"]
        assert "was handed over to 10.0.0.2" in made.done
        assert not made.is_braked  # with nopreempt it stands by
        assert (made.view.handed_over, made.view.failed) == (1, 0)
        made.announce()
        assert made.view.notices == ()
        assert made.said("announces Freeze no more")


@pytest.mark.parametrize("role", [Role.BACKUP, Role.FAULT, Role.STOP])
def test_the_cloud_need_not_wait_for_a_node_that_does_not_master(
    tmp_path: Path, role: Role
) -> None:
    with node(tmp_path) as made:
        made.one.become(role)
        made.announce(FREEZE)
        made.until(lambda: made.cloud.acknowledged)
        assert made.done == f"{role}: nothing to hand over"
        assert made.said("announces Freeze of this node, not before Mon, 30 Nov 2026 18:29:47 GMT")
        assert made.said("may begin with Freeze")
        assert made.view.handed_over == 0


def test_what_nobody_knows_is_waited_for(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.one.doubt("no advert of ours left")
        made.announce(FREEZE)
        assert made.done == "doubtful: waited for"
        assert made.cloud.acknowledged == []
        made.one.become(Role.BACKUP)
        made.until(lambda: made.cloud.acknowledged)


def test_of_a_paused_instance_nothing_moves_until_it_is_resumed(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.pauses.pause(["edge"], "ann", "subnets")
        made.announce(FREEZE)
        made.saw()
        assert "not handed over: paused by ann" in made.done
        assert made.cloud.acknowledged == []
        assert not made.is_braked
        told = [text for _, text in made.one.notes.notes if "it is paused by ann" in text]
        assert len(told) == 1
        made.pauses.resume(["edge"])
        made.leaves()
        made.until(lambda: made.cloud.acknowledged)


def test_the_only_living_node_tries_once_and_the_cloud_has_to_wait(tmp_path: Path) -> None:
    with node(tmp_path, advert=0.25) as made:
        made.announce(FREEZE)
        made.until(lambda: made.is_braked)
        made.one.become(Role.FAULT)
        made.until(lambda: made.view.failed)
        assert not made.is_braked
        assert "no peer advertised" in made.done
        assert made.said("Freeze will be a failover")
        made.one.become(Role.MASTER)
        made.saw()
        assert not made.is_braked
        assert made.cloud.acknowledged == []
        for id_ in ("2", "3", "4"):  # a name of its own at each poll, and still no peer
            made.announce(msgspec.structs.replace(FREEZE, id=id_))
            assert not made.is_braked
            assert made.done == "not handed over: resting for 60 s after a handover that failed"
        made.clock.skipped += 60
        made.leaves()
        made.until(lambda: made.cloud.acknowledged == ["4"])


def test_what_masters_again_is_not_given_to_the_cloud(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.one.become(Role.BACKUP)
        made.saw()
        made.cloud.broken_acknowledging = True
        made.announce(FREEZE)
        made.until(lambda: made.maintenance.problems)
        assert "fake could not be told that Freeze may begin" in made.maintenance.problems[0]
        made.one.become(Role.MASTER)  # the peer died
        made.saw()
        made.cloud.broken_acknowledging = False
        made.saw()
        assert made.cloud.acknowledged == []
        assert made.maintenance.problems == ()
        made.one.become(Role.BACKUP)
        made.until(lambda: made.cloud.acknowledged)


def test_the_cloud_waits_for_an_instance_that_masters_again_meanwhile(tmp_path: Path) -> None:
    with node(tmp_path, holder="a") as made, bench(tmp_path / "web", paused="nothing") as other:
        web = SimpleNamespace(**{**vars(made.member), "name": "web", "keeper": other.role})
        made.members["web"] = web
        made.announce(FREEZE)
        made.leaves()
        other.become(Role.MASTER)  # a standby when it was announced; then its master died
        made.one.world.held[ADDRESS] = "b"
        made.until(lambda: made.view.handed_over)
        made.saw()
        assert made.cloud.acknowledged == []
        other.become(Role.BACKUP)
        made.until(lambda: made.cloud.acknowledged)


def test_what_is_announced_while_the_agent_ends_begins_nothing(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.saw()
        (watch_,) = made.maintenance._watches.values()

        async def end() -> None:
            asyncio.get_running_loop().call_soon(made.maintenance._told, watch_, (FREEZE,))
            made.maintenance.stop()
            await asyncio.sleep(0.01)
            assert not made.is_braked

        made.loop.run_until_complete(end())


def test_a_handover_of_somebody_else_is_waited_for(tmp_path: Path) -> None:
    with node(tmp_path, preempts=True) as made:
        made.one.become(Role.FAULT)
        made.handing_over._under_way.add("edge")
        made.announce(FREEZE)
        made.saw()
        assert made.done == ""
        assert made.cloud.acknowledged == []
        made.handing_over._under_way.clear()
        made.until(lambda: made.cloud.acknowledged)


def test_without_an_announcement_a_node_that_preempts_is_not_handed_over(tmp_path: Path) -> None:
    with node(tmp_path, preempts=True) as made:
        with pytest.raises(RefusedError, match="this node preempts"):
            made.loop.run_until_complete(made.handing_over.hand_over(made.member))
        assert not made.is_braked


def test_a_mistake_of_ours_is_no_end_of_notices(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.member.worker = None
        made.announce(FREEZE)
        made.until(lambda: made.view.failed)
        assert "a mistake in the agent" in made.done
        made.announce()
        assert made.view.notices == ()


@pytest.mark.parametrize(
    "notice",
    [
        msgspec.structs.replace(FREEZE, has_begun=True),
        Notice(id="spot terminate", kind="spot terminate"),
    ],
)
def test_only_what_the_cloud_waits_with_is_acknowledged(tmp_path: Path, notice: Notice) -> None:
    with node(tmp_path) as made:
        made.announce(notice)
        made.leaves()
        made.until(lambda: made.view.handed_over)
        made.saw()
        assert made.cloud.acknowledged == []


def test_a_cloud_that_does_not_answer_is_told_later(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.announce(FREEZE)
        made.cloud.broken = True
        made.leaves()
        made.until(lambda: made.view.handed_over)
        made.saw()
        assert made.view.notices[0].id == "1"  # not known to be over
        made.cloud.broken = False
        made.until(lambda: made.cloud.acknowledged)


# ---- a node that preempts


def test_a_node_that_preempts_stays_in_fault_until_it_is_over(tmp_path: Path) -> None:
    with node(tmp_path, preempts=True) as made:
        made.announce(FREEZE)
        made.leaves()
        made.until(lambda: made.cloud.acknowledged)
        made.announce(msgspec.structs.replace(FREEZE, has_begun=True))
        assert made.is_braked
        assert made.said("stays in FAULT until Freeze is over")
        made.announce(Notice(id="9", kind="Redeploy"))  # one follows the other
        assert made.is_braked
        made.announce()
        made.until(lambda: not made.is_braked)
        assert made.said("leaves FAULT: nothing is announced any more")


def test_it_serves_as_soon_as_no_peer_does(tmp_path: Path) -> None:
    with node(tmp_path, preempts=True) as made:
        made.announce(FREEZE)
        made.leaves()
        made.until(lambda: made.cloud.acknowledged)
        made.one.become(Role.FAULT, peers=())
        made.until(lambda: not made.is_braked)
        assert made.said("no peer advertises any more")
        made.one.become(Role.MASTER)
        made.saw()
        assert not made.is_braked


def test_after_a_freeze_it_waits_for_the_next_advert_of_its_peer(tmp_path: Path) -> None:
    with node(tmp_path, preempts=True) as made:
        made.announce(FREEZE)
        made.leaves()
        made.until(lambda: made.cloud.acknowledged)
        made.one.become(Role.FAULT, peers=(), wakes=1)
        made.maintenance.look()
        assert made.is_braked
        made.one.become(Role.FAULT, peers=(LOWER,), wakes=1)
        made.saw()
        assert made.is_braked


def test_under_a_peer_that_outranks_it_by_now_it_stands_by(tmp_path: Path) -> None:
    with node(tmp_path, preempts=True) as made:
        made.announce(FREEZE)
        made.leaves()
        made.until(lambda: made.cloud.acknowledged)
        assert made.is_braked
        made.one.become(Role.FAULT, peers=(PEER,))
        made.until(lambda: not made.is_braked)
        assert made.said("the peer outranks this node")


@pytest.mark.parametrize("how", ["stop", "reload", "gone"])
def test_whatever_ends_it_the_brake_is_released(tmp_path: Path, how: str) -> None:
    with node(tmp_path, preempts=True) as made:
        made.announce(FREEZE)
        made.leaves()
        made.until(lambda: made.cloud.acknowledged)
        assert made.is_braked
        if how == "stop":
            made.maintenance.stop()
        elif how == "reload":
            made.configure(on=False)
            made.maintenance.look()
            assert made.maintenance.view is None
        else:
            made.members.clear()
            made.maintenance.look()
        assert not made.is_braked


def test_an_agent_that_stops_in_the_middle_takes_the_node_out_of_fault(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.announce(FREEZE)
        made.until(lambda: made.is_braked)
        made.maintenance.stop()
        made.until(lambda: not made.is_braked)


# ---- what is asked


def test_nothing_is_asked_any_more_when_it_is_not_wanted(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.saw()
        made.configure(on=False)
        assert made.maintenance.view is None
        made.announce_unseen(FREEZE)
        assert made.maintenance.view is None
        assert not made.is_braked


def test_a_provider_that_announces_nothing_is_named(tmp_path: Path) -> None:
    with node(tmp_path) as made:
        made.forget_notices()
        made.configure()
        assert made.maintenance.problems == (
            "[agent] notices: fake announces nothing to its machines; leave it out",
        )
        assert made.maintenance.view is None
