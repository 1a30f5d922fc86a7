"""A standby goes away and comes back: the master must not notice."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage


def reboot_backup(stage: Stage) -> None:
    stage.start()
    stage.fault("b, the standby, reboots", "b")
    stage.site.kill("b")
    stage.site.boot("b")
    stage.site.start_vrrp("b")
    stage.require_backup("b")
    stage.pause(stage.detection)
    stage.expect(stage.holder == "a", "the address left its master")
    stage.expect_moves(0)


REBOOT_BACKUP = Scenario("reboot-backup", "The standby reboots; nothing may move.", reboot_backup)
