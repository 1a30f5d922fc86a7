"""What operators do on an ordinary day: pause, hand over, take back."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage

_WHICH = ("--instance", "edge")


def pause(stage: Stage) -> None:
    """While it is paused a node moves nothing, whatever VRRP says."""
    stage.start()
    done = stage.run("b", "cloudfail", "pause", *_WHICH, "--why", "maintenance")
    stage.expect(done.returncode == 0, f"pause failed: {done.stderr.strip()}")
    stage.fault("a dies, and b is paused", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.expect_stays("a", stage.watch)
    stage.fault("the agent of b dies too: a pause outlives it", "b")
    stage.site.kill_agent("b")
    stage.expect_stays("a", stage.watch)
    done = stage.run("b", "cloudfail", "resume", *_WHICH)
    stage.expect(done.returncode == 0, f"resume failed: {done.stderr.strip()}")
    stage.require_holder("b")


def handover(stage: Stage) -> None:
    stage.start()
    stage.fault("an operator hands over: a steps aside, b takes over", "a")
    done = stage.run("a", "cloudfail", "handover", *_WHICH)
    stage.expect(done.returncode == 0, f"handover failed: {done.stderr.strip()}")
    stage.require_master("b")
    stage.require_holder("b")
    stage.require_backup("a")
    stage.calm()
    stage.fault("and back again: b steps aside", "b")
    done = stage.run("b", "cloudfail", "handover", *_WHICH)
    stage.expect(done.returncode == 0, f"handover failed: {done.stderr.strip()}")
    stage.require_master("a")
    stage.require_holder("a")
    stage.require_backup("b")
    stage.site.stop_vrrp("b")
    stage.wait(lambda: stage.site.timeline.role("b") == "STOP", 5)
    stage.fault("a is to hand over, and there is nobody", "a")
    done = stage.run("a", "cloudfail", "handover", *_WHICH)
    stage.expect(done.returncode != 0, "a handover to nobody went well")
    stage.require_master("a")
    stage.expect(stage.holder == "a", "the address left a")


PAUSE = Scenario(
    "pause", "A paused node moves nothing until it is resumed.", pause, needs_agent=True
)
HANDOVER = Scenario(
    "handover", "A planned change of master, there and back.", handover, needs_agent=True
)
