"""keepalived itself dies or hangs, on a node that lives on."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage
from cloudfail.lab.vrrp_daemon import Part


def kill_keepalived(stage: Stage) -> None:
    """Killed whole it says no farewell; its addresses stay on the node, and its FIFO says MASTER.

    Whatever else runs on the node has to find out from the wire that it is master no more.
    """
    stage.start()
    stage.fault("keepalived on a is killed: no last advert, no last word", "a")
    stage.site.kill_vrrp("a")
    stage.require_master("b")
    stage.require_holder("b")
    stage.expect_stays("b", stage.watch)
    stage.note("keepalived on a is started again", "a")
    stage.site.start_vrrp("a")
    stage.require_backup("a")
    stage.fault("the parent of keepalived on b is killed: its child says farewell", "b")
    stage.site.kill_vrrp("b", Part.PARENT)
    stage.require_master("a")
    stage.require_holder("a")
    stage.site.start_vrrp("b")
    stage.require_backup("b")
    stage.fault("the child of keepalived on a is killed: the parent starts another", "a")
    stage.site.kill_vrrp("a", Part.CHILD)
    stage.require_backup("a")
    stage.require_settled()  # whose timer ends first is a matter of the moment


def hang_keepalived(stage: Stage) -> None:
    stage.start()
    stage.fault("keepalived on a hangs: it is there, and does nothing", "a")
    stage.site.hang_vrrp("a")
    stage.require_master("b")
    stage.require_holder("b")
    stage.expect_stays("b", stage.watch)
    stage.fault("keepalived on a goes on, and still thinks it is the master", "a")
    stage.site.resume_vrrp("a")
    stage.require_backup("b")
    stage.require_holder("a")


KILL_KEEPALIVED = Scenario(
    "kill-keepalived", "keepalived is killed, in whole and in part.", kill_keepalived
)
HANG_KEEPALIVED = Scenario(
    "hang-keepalived", "keepalived hangs on the master, and goes on.", hang_keepalived
)
