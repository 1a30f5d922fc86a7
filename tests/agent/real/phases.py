"""The agent is killed at each phase of a promotion, and started again by its supervisor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from agent.real.session import At, Proof

_API = 200.0  # ms of every request: long enough to be in one
_HALF = _API / 2000


def _told(at: At) -> None:
    at.require_master("b")


def _asking(at: At) -> None:
    at.require_master("b")
    at.pause(_HALF)


def _moved(at: At) -> None:
    at.require_holder("b")


def _verifying(at: At) -> None:
    at.require_holder("b")
    at.pause(_HALF)


def _over(at: At) -> None:
    at.require_holder("b")
    at.calm_on("b")


PHASES: Mapping[str, Callable[[At], None]] = {
    "told": _told,
    "asking": _asking,
    "moved": _moved,
    "verifying": _verifying,
    "over": _over,
}


def killed(at: At, phase: str) -> None:
    at.start()
    at.set_latency(_API)
    at.fault(f"a stops; b's agent is killed: {phase}", "b")
    at.site.stop_vrrp("a")
    PHASES[phase](at)
    at.expect(at.site.kill_agent("b") == 1, "there was no agent to kill")
    at.require_holder("b", 10)
    at.site.start_vrrp("a")
    at.require_backup("a")
    at.wait(lambda: at.word("b") == "MASTER", 5)
    at.expect(at.word("b") == "MASTER", f"b's agent says {at.word('b') or 'nothing'} at the end")
    at.expect(len(at.writes) <= 2, f"{len(at.writes)} writes: one run, and one after the kill")
    at.faults()


PROOFS: dict[str, Proof] = {
    f"killed-while-{phase}": partial(killed, phase=phase) for phase in PHASES
}
