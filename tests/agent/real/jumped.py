"""The wall clock jumps, as NTP may have it do: forward, and back behind where it began."""

from __future__ import annotations

from pathlib import Path

from cloudfail import process
from cloudfail.lab import resident

from agent.real.session import At, Proof

SOURCE = Path(__file__).with_name("clock.c")
_HOUR = 3600


def jumps(at: At) -> None:
    at.start()
    etc = at.real.machines["b"].home / "etc"
    _build(etc / "clock.so")
    _wear(at, ("env", "LD_PRELOAD=/etc/cloudfail/clock.so", "CLOCK_SHIFT=/etc/cloudfail/clock"))
    at.fault("the clock of b is set an hour forward", "b")
    (etc / "clock").write_text(f"{_HOUR}\n")
    at.pause(2 * at.topology.standby_interval)
    at.expect(at.word("b") == "BACKUP", f"b's agent says {at.word('b') or 'nothing'}")
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.require_holder("b", 3)
    at.expect_moves(1)
    at.fault("the clock of b is set two hours back", "b")
    (etc / "clock").write_text(f"{-_HOUR}\n")
    at.pause(2 * at.topology.reconcile_interval)
    at.expect(at.word("b") == "MASTER", f"b's agent says {at.word('b') or 'nothing'}")
    done = at.run_alone("a", "cloudfail", "promote", "--instance", "edge", "--force")
    at.expect(done.returncode == 0, f"a could not take it: {done.stderr.strip()}")
    at.require_holder("b", at.repair)
    at.calm()
    _wear(at, ())


def _build(library: Path) -> None:
    process.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(SOURCE)], check=True, timeout=60
    )


def _wear(at: At, prefix: tuple[str, ...]) -> None:
    """Have the agent of b run under this command, from now on."""
    agent = at.real.machines["b"].agent
    assert agent is not None
    agent.command = (*prefix, *resident.COMMAND)
    before = at.pid("b")
    at.site.kill_agent("b")
    at.wait(lambda: before not in agent.pids and bool(agent.pids), 5)
    at.require_warm()


PROOFS: dict[str, Proof] = {"clock-jumps": jumps}
