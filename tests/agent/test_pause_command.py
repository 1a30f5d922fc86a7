"""A pause and a resume are in the log, and in force before the disk has them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cloudfail.agent.commands import AgentCommands
from cloudfail.agent.pausing import Pauses
from cloudfail.clock import SystemClock

from agent.work.bench import bench


def test_who_paused_it_and_that_it_goes_on_is_in_the_log(tmp_path: Path) -> None:
    pauses = Pauses(tmp_path / "lib")
    with bench(tmp_path) as one:
        member: Any = SimpleNamespace(name="edge", worker=one.worker, observer=one.notes)
        crew: Any = SimpleNamespace(members={"edge": member}, absent={})
        unused: Any = None
        commands = AgentCommands(
            crew, pauses, SystemClock(), config=unused, view=unused, reload=unused
        )
        kept = commands.pause(["edge"], "anna", "disk swap")
        assert "anna" in one.worker.view().paused
        kept.result(20)
        assert Pauses(tmp_path / "lib").of("edge")
        commands.resume(["edge"]).result(20)
        assert one.worker.view().paused == ""
        said = [(event, "anna" in text) for event, text in one.notes.notes]
        assert said == [("paused", True), ("resumed", False)]
        commands.cancel()
