"""Partition and heal, again and again, with either side's advert first.

`vrrp_higher_prio_send_advert` is off: keepalived then says nothing to the survivor in those heals
in which its own advert is the first.
"""

from __future__ import annotations

from statistics import median

from agent.real.session import At, Proof

CYCLES = 10
_JITTER = 1.1  # of the agent's looks
_BUSY = 0.5  # seconds that this machine may be late with everything


def limit(at: At) -> float:
    """A reconcile interval, an advert interval, and the API."""
    return _JITTER * at.topology.reconcile_interval + at.interval + _BUSY


def heal(at: At, first: str, cycles: int) -> list[float]:
    """Return how long the address was with the wrong node after each heal; Unmet: it stayed so."""
    took = []
    for _ in range(cycles):
        at.site.part("a", "b")
        at.require_master("b")
        at.require_holder("b")
        at.pause(2 * at.interval)  # the second master's adverts settle into their rhythm
        at.site.join("a", "b", first=first)
        healed = at.now
        at.require_backup("b")
        at.require_holder("a", limit(at))
        back = at.moved_to("a", healed)
        took.append(0.0 if back is None else back - healed)
        at.wait(lambda: at.word("b") == "BACKUP", 2)
    return took


def _cycles(at: At, first: str) -> None:
    at.start()
    at.fault(f"partition and heal, {first}'s advert first", "")
    took = heal(at, first, CYCLES)
    at.facts |= {
        "cycles": len(took),
        "with_b_at_the_heal": sum(seconds > 0 for seconds in took),
        "median_ms": round(median(took) * 1000),
        "longest_ms": round(max(took) * 1000),
    }


def lower_first(at: At) -> None:
    _cycles(at, "b")


def higher_first(at: At) -> None:
    _cycles(at, "a")


def without_agent(at: At) -> None:
    """The same heal with the commands alone: nobody is told, and the address stays where it is."""
    at.start()
    for node in ("a", "b"):
        at.site.stop_agent(node)
    at.site.part("a", "b")
    at.require_master("b")
    at.require_holder("b")
    at.calm()
    at.pause(2 * at.interval)
    at.site.join("a", "b", first="a")
    at.fault("they hear each other again, a's advert first")
    at.require_backup("b")
    at.expect_first_advert("a")
    at.expect_stays("b", limit(at))
    for node in ("a", "b"):
        at.note("the agents come back, and look", node)
        at.site.start_agent(node)
    at.require_holder("a")


PROOFS: dict[str, Proof] = {
    "heal-lower-first": lower_first,
    "heal-higher-first": higher_first,
    "heal-without-agent": without_agent,
}
