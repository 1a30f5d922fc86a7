"""Somebody else moves what the master holds, and keepalived says nothing: it cannot know."""

from __future__ import annotations

from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage

_PROMOTE = ("cloudfail", "promote", "--instance", "edge", "--force")


def drift(stage: Stage) -> None:
    stage.start()
    stage.fault("an operator on b, the standby, takes the address by hand", "b")
    done = stage.run_alone("b", *_PROMOTE)
    stage.expect(done.returncode == 0, f"it was not moved: {done.stderr.strip()}")
    stage.require_visit("b")
    stage.note("the agent of a looks, looks again, and takes it back", "a")
    stage.require_holder("a", stage.repair)
    stage.expect_moves(2)


DRIFT = Scenario("drift", "The address is moved behind the master's back.", drift, needs_agent=True)
