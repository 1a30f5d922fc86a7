"""The whole agent as a process: what an operator, systemd and keepalived see of it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.lab.cloud.faults import Faults

from agent.process.running import RunningAgent, running, until
from bench.stage import Stage


@pytest.fixture(autouse=True)
def no_faults(stage: Stage) -> Iterator[None]:
    yield
    stage.cloud.faults = Faults()


def mutating(stage: Stage, mark: int) -> list[str]:
    return [call.operation for call in stage.cloud.calls[mark:] if call.mutating]


def held_by(one: RunningAgent, node: str) -> bool:
    return one.holder == one.stage.built.nodes[node].interface_id


def promoted(one: RunningAgent) -> bool:
    """Wait until it has looked once, then make it master."""
    looked = len(one.stage.cloud.calls)
    until(lambda: len(one.stage.cloud.calls) > looked)
    one.become("MASTER")
    until(lambda: held_by(one, "b"))
    return True


def test_a_line_in_the_fifo_moves_the_address(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path) as one:
        one.become("BACKUP")
        mark = len(stage.cloud.calls)
        until(lambda: len(stage.cloud.calls) > mark)
        assert mutating(stage, mark) == []
        one.become("MASTER")
        until(lambda: held_by(one, "b"))
        assert mutating(stage, mark) == ["AssociateAddress"]


def test_ready_is_said_before_the_cloud_is_there(stage: Stage, tmp_path: Path) -> None:
    stage.cloud.faults = Faults(down=True, metadata_down=True)
    with running(stage, tmp_path) as one:
        assert one.process is not None
        maps = Path(f"/proc/{one.process.pid}/maps").read_text()
        assert "botocore" not in maps
        one.become("MASTER")
        stage.cloud.faults = Faults()
        until(lambda: is_held_by_a_master(one))


def is_held_by_a_master(one: RunningAgent) -> bool:
    """Nobody sends VRRP here: keepalived's word has to be new, however long the SDK's import takes."""
    one.become("MASTER")
    time.sleep(0.2)
    return held_by(one, "b")


def test_a_second_agent_is_refused(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path) as one:
        second = one.command("agent", "--config", str(one.config), "--node", "b")
        assert second.returncode == 78
        assert "vrrp.fifo" in second.stderr
        assert one.process is not None
        assert str(one.process.pid) in second.stderr
        until(lambda: one.has_said(f"STATUS={one.fifo_path}"))  # as `systemctl status` shows it


def test_sigterm_ends_it_long_before_a_call_ends_though_the_cloud_hangs(
    stage: Stage, tmp_path: Path
) -> None:
    with running(stage, tmp_path) as one:
        promoted(one)
        stage.cloud.faults = Faults(latency_ms=6000)
        one.become("BACKUP")
        one.become("MASTER")
        time.sleep(0.1)
        began = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - began < 4.5  # a second, on a busy machine; a call is given 5
        assert one.has_said("STOPPING=1")


def test_an_agent_whose_parent_blocked_the_signals_ends_all_the_same(
    stage: Stage, tmp_path: Path
) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    try:
        with running(stage, tmp_path) as one:
            assert one.stop() == 0
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def test_after_a_kill_the_next_agent_believes_nothing(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path) as one:
        promoted(one)
        one.kill()
        one.become("MASTER")  # said while nobody read: of unknown age
        stage.give("a")
        mark = len(stage.cloud.calls)
        one.told.clear()
        one.start()
        until(lambda: len(stage.cloud.calls) >= mark + 2)
        assert mutating(stage, mark) == []


def test_without_its_own_adverts_a_master_repairs_nothing(stage: Stage, tmp_path: Path) -> None:
    """Nobody sends VRRP here: after an interval keepalived counts as dead."""
    with running(stage, tmp_path, instance_table="advert_int = 1") as one:
        until(lambda: is_held_by_a_master(one))
        doubts = one.log.count("doubtful")
        one.become("MASTER")
        until(lambda: one.log.count("doubtful") > doubts)
        stage.give("a")
        mark = len(stage.cloud.calls)
        until(lambda: len(stage.cloud.calls) >= mark + 3)
        assert mutating(stage, mark) == []


def test_a_good_configuration_is_taken_up_and_a_bad_one_is_not(
    stage: Stage, tmp_path: Path
) -> None:
    with running(stage, tmp_path) as one:
        assert one.process is not None
        one.write_config("nonsense = 1")
        one.process.send_signal(signal.SIGHUP)
        until(lambda: "not reloaded" in one.log)
        one.write_config()
        one.config.write_text(one.config.read_text().replace('name = "b"', 'name = "c"'))
        refused = one.command("reload")
        assert refused.returncode == 78
        assert "no node is named 'b'" in refused.stderr
        promoted(one)
        one.become("BACKUP")
        stage.give("a")
        one.write_config()
        done = one.command("reload")
        assert done.returncode == 0, done.stderr
        one.become("MASTER")
        until(lambda: held_by(one, "b"))


def test_a_fifo_that_is_replaced_is_read_again(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path) as one:
        old = os.open(one.fifo_path, os.O_RDWR | os.O_NONBLOCK)
        one.fifo_path.unlink()
        os.mkfifo(one.fifo_path, 0o600)
        until(lambda: is_held_by_a_master(one))
        os.close(old)


def test_what_is_no_line_is_said_and_harms_nothing(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path) as one:
        for junk in ("", "INSTANCE", "\x00\xff" * 1000, 'INSTANCE "edge" MASTER 999', "x" * 60_000):
            one.say(junk)
            time.sleep(0.02)
        one.say('INSTANCE "other" MASTER 100')
        promoted(one)
        until(lambda: "event=rejected" in one.log)
        assert "other" in one.log


def test_a_pause_outlives_the_agent_and_a_resume_catches_up(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path) as one:
        assert one.command("pause", "--instance", "edge", "--why", "patching").returncode == 0
        mark = len(stage.cloud.calls)
        one.become("MASTER")
        until(lambda: len(stage.cloud.calls) > mark)
        one.stop()
        one.told.clear()
        one.start()
        one.become("MASTER")
        mark = len(stage.cloud.calls)
        until(lambda: len(stage.cloud.calls) > mark)
        assert mutating(stage, mark) == []
        one.become("MASTER")
        assert one.command("pause").returncode == 0  # it is so already
        assert "patching" in one.command("status").stdout
        assert one.command("resume", "--instance", "edge").returncode == 0
        one.become("BACKUP")
        one.become("MASTER")
        until(lambda: held_by(one, "b"))


def test_promote_by_hand_against_the_role_is_refused(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path, instance_table="advert_int = 1") as one:
        one.become("BACKUP")
        refused = one.command("promote")
        assert refused.returncode == 77
        assert "--force" in refused.stderr
        assert not held_by(one, "b")
        forced = one.command("promote", "--force")
        assert forced.returncode == 0, forced.stderr
        assert held_by(one, "b")


def test_without_a_fifo_a_process_tells_the_role(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path, fifo=False) as one:
        done = one.command("notify", "INSTANCE", "edge", "MASTER", "100")
        assert done.returncode == 0, done.stderr
        assert held_by(one, "b")
        assert one.command("notify", "INSTANCE", "edge", "BACKUP", "100").returncode == 0
        until(lambda: "now=BACKUP" in one.log)


def test_status_is_answered_by_the_agent(stage: Stage, tmp_path: Path) -> None:
    with running(stage, tmp_path) as one:
        promoted(one)
        until(lambda: "result=ok" in one.log)
        shown = one.command("status")
        assert shown.returncode == 0
        assert "edge" in shown.stdout
        assert "mine" in shown.stdout


def test_a_socket_that_cannot_be_made_keeps_nobody_from_moving_the_address(
    stage: Stage, tmp_path: Path
) -> None:
    with running(stage, tmp_path) as one:
        one.stop()
        one.told.clear()
        (one.state / "agent.sock").mkdir()
        one.start()
        one.become("MASTER")
        until(lambda: is_held_by_a_master(one))
        until(lambda: "nobody can ask the agent" in one.log)
