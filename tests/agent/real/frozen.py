"""Everything on a node is stopped for longer than VRRP waits, and goes on as if nothing had been."""

from __future__ import annotations

from functools import partial

from cloudfail.lab.cloud.faults import Faults

from agent.real.session import At, Proof

_AGREE = 2.0  # seconds until both nodes agree
_FROZEN = 1.0  # seconds: twice and more what VRRP waits
_SLOW = 1500.0


def lower(at: At, seconds: float = _FROZEN) -> None:
    """b was master, a took over meanwhile: b wakes as MASTER, and must not begin anything."""
    at.start()
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.require_holder("b")
    at.site.start_vrrp("a")
    at.require_backup("a")
    at.calm()
    at.fault("b, the master with the lower priority, freezes", "b")
    at.site.freeze("b")
    at.require_master("a")
    at.require_holder("a")
    at.pause(seconds)
    at.fault("b goes on, and still thinks it is the master", "b")
    woke = at.now
    at.site.thaw("b")
    at.require_backup("b")
    at.pause(2 * at.topology.reconcile_interval)
    begun = [call for call in at.site.calls() if call.node == "b" and call.mutating]
    late = [call for call in begun if call.t >= woke]
    at.expect(not late, f"b began {len(late)} mutating calls after it woke")
    at.expect(at.holder == "a", "the address left a")


def higher(at: At, seconds: float = _FROZEN) -> None:
    at.start()
    at.fault("a, the master with the higher priority, freezes", "a")
    at.site.freeze("a")
    at.require_master("b")
    at.require_holder("b")
    at.pause(seconds)
    at.calm_on("b")
    at.fault("a goes on, and outranks b", "a")
    woke = at.now
    at.site.thaw("a")
    at.require_backup("b")
    at.require_holder("a", _AGREE + 1)
    back = at.moved_to("a", woke)
    at.facts["back_ms"] = round(((back or woke) - woke) * 1000)
    at.expect(back is not None and back - woke <= _AGREE, "a needed more than 2 s")
    at.pause(2 * at.topology.reconcile_interval)
    claims = [c for c in at.site.calls() if c.mutating and c.t >= woke]
    at.facts["claims"] = len(claims)
    at.expect([c.node for c in claims] == ["a"], f"{len(claims)} claims instead of a's one")


def on_the_wire(at: At) -> None:
    """A request of the old master takes effect after the new one's: the new one repairs that."""
    at.start()
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.require_holder("b")
    at.site.start_vrrp("a")
    at.require_backup("a")
    at.calm()
    at.require_seen("b")  # and has a plan: the first request is the one that moves
    at.faults(Faults(latency_ms=_SLOW))
    at.fault("b is told to stop: a claims, by a request that takes 1.5 s, and freezes", "a")
    at.site.stop_vrrp("b")
    at.require_master("a")
    at.pause(1.0)  # on the wire by now, on a busy machine too
    at.site.freeze("a")
    at.faults()
    at.site.start_vrrp("b")
    at.require_master("b")
    at.wait(lambda: at.holder == "a", _SLOW / 1000 + 1)
    at.expect(at.holder == "a", "the old request never took effect")
    moved = at.now
    limit = 1.1 * at.topology.reconcile_interval + at.interval + 0.5
    at.require_holder("b", limit)
    at.facts["repaired_ms"] = round((at.now - moved) * 1000)
    at.site.thaw("a")
    at.require_holder("a", _AGREE + 1)  # it outranks b, and does not wait for what it wrote before
    at.require_backup("b")


PROOFS: dict[str, Proof] = {
    "frozen-lower": lower,
    "frozen-higher": higher,
    "frozen-with-a-request-on-the-wire": on_the_wire,
}
LONG: dict[str, Proof] = {
    "frozen-lower-for-30-s": partial(lower, seconds=30),
    "frozen-higher-for-30-s": partial(higher, seconds=30),
}
