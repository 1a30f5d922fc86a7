"""keepalived dies or hangs and its last word stays MASTER: the agent finds out from the wire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from agent.real.session import At, Proof

_BUSY = 0.3  # seconds that this machine may be late with everything


def _kill(at: At) -> None:
    at.site.kill_vrrp("a")


def _hang(at: At) -> None:
    at.site.hang_vrrp("a")


def _start(at: At) -> None:
    at.site.start_vrrp("a")


def _resume(at: At) -> None:
    at.site.resume_vrrp("a")


HARM: Mapping[str, tuple[Callable[[At], None], Callable[[At], None]]] = {
    "killed": (_kill, _start),
    "hung": (_hang, _resume),
}


def silent(at: At, harm: str) -> None:
    """No peer's advert says that another one is the master: that ours are missing has to do."""
    begin, end = HARM[harm]
    at.start()
    at.site.stop_vrrp("b")
    at.wait(lambda: at.site.timeline.role("b") == "STOP", 5)
    at.fault(f"keepalived on a is {harm}, and there is no other", "a")
    begin(at)
    since = at.now
    at.wait(lambda: at.word("a") != "MASTER", 5)
    at.facts["doubtful_ms"] = round((at.now - since) * 1000)
    late = 3 * at.interval + _BUSY
    at.expect(at.now - since < late, "for more than three intervals the agent of a was the master")
    since = at.now
    done = at.run_alone("b", "cloudfail", "promote", "--instance", "edge", "--force")
    at.expect(done.returncode == 0, f"b could not take it: {done.stderr.strip()}")
    at.expect_stays("b", 3 * at.topology.reconcile_interval)
    claims = [c for c in at.site.calls() if c.node == "a" and c.mutating and c.t >= since]
    at.expect(not claims, f"a, which is no master, began {len(claims)} claims")
    end(at)
    at.require_master("a")
    at.require_holder("a")
    at.site.start_vrrp("b")
    at.require_backup("b")


PROOFS: dict[str, Proof] = {
    f"keepalived-{harm}-and-no-peer": partial(silent, harm=harm) for harm in HARM
}
