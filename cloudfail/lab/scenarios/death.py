"""The master dies, is stopped, or hangs."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage


def kill_master(stage: Stage) -> None:
    stage.start()
    stage.fault("a dies: SIGSTOP, then SIGKILL, so that no last advert escapes", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.require_holder("b")
    stage.expect_moves(1)


def stop_master(stage: Stage) -> None:
    stage.start()
    stage.fault("keepalived on a is told to stop", "a")
    stage.site.stop_vrrp("a")
    stage.require_master("b")
    stage.require_holder("b")
    stage.expect_moves(1)


def freeze_master(stage: Stage) -> None:
    stage.start()
    stage.fault("a freezes, as a machine that its host does not run", "a")
    stage.site.freeze("a")
    stage.require_master("b")
    stage.require_holder("b")
    stage.calm_on("b")
    stage.fault("a goes on, and still thinks it is the master", "a")
    stage.site.thaw("a")
    stage.require_backup("b")
    stage.require_holder("a")


KILL_MASTER = Scenario("kill-master", "The master dies without a last word.", kill_master)
STOP_MASTER = Scenario("stop-master", "keepalived is stopped on the master.", stop_master)
FREEZE_MASTER = Scenario(
    "freeze-master", "The master hangs, and wakes up as a second one.", freeze_master
)
