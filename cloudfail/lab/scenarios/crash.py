"""cloudfail itself is killed half way."""

from __future__ import annotations

from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.stage import Stage

_PROMOTE = ("cloudfail", "promote", "--instance", "edge")


def crash_mid_promote(stage: Stage) -> None:
    """Nothing on the node repeats a one-shot run that was killed: the next event does, or a timer."""
    take = stage.move[0]
    stage.start()
    stage.faults(Faults(errors={take: (503, "Unavailable", 1000)}))
    stage.fault("a dies, and every cloudfail on b is killed between two requests", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.wait(lambda: bool(stage.calls_of("b", take)), 20)
    killed = stage.site.kill_cloudfail("b")
    stage.note(f"SIGKILL for {killed} cloudfail processes", "b")
    stage.expect(killed > 0, "there was no cloudfail process to kill")
    stage.faults()
    if stage.has_agent:
        stage.note("the agent is started again, and looks", "b")
        stage.require_holder("b")
        return
    stage.calm()
    stage.expect(stage.holder == "a", "the address moved without anybody to move it")
    stage.note("keepalived says nothing more; an operator, or a timer, promotes again", "b")
    done = stage.run("b", *_PROMOTE)
    stage.expect(done.returncode == 0, f"the second run failed: {done.stderr.strip()}")
    stage.require_holder("b")


def kill_agent(stage: Stage) -> None:
    """A node whose agent died is no worse off than one whose agent never was."""
    stage.start()
    for node in ("a", "b"):
        stage.fault(f"the agent of {node} is killed", node)
        stage.expect(stage.site.kill_agent(node) == 1, f"there was no agent on {node} to kill")
    stage.expect_moves(0)
    stage.fault("a dies", "a")
    stage.site.kill("a")
    stage.require_master("b")
    stage.note("the agent of b is killed at the moment it is needed", "b")
    stage.site.kill_agent("b")
    stage.require_holder("b")


CRASH_MID_PROMOTE = Scenario(
    "crash-mid-promote",
    "cloudfail is killed between its requests.",
    crash_mid_promote,
)
KILL_AGENT = Scenario(
    "kill-agent",
    "The agent is killed while all is well, and while it is needed.",
    kill_agent,
    needs_agent=True,
)
