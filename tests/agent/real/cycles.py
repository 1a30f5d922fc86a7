"""Partition and heal, again and again, with either side's advert first.

`vrrp_higher_prio_send_advert` is off: keepalived then says nothing to the survivor in those heals
in which its own advert is the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from statistics import median

import msgspec

from agent.real.session import At, Proof

CYCLES = 10
_TRIES = 4  # partitions a heal, at most: the masters of a partition take turns with the address
_JITTER = 1.1  # of the agent's looks
_BUSY = 0.5  # seconds that this machine may be late with everything
_COMMANDS = 3.0  # seconds: two processes, and the second one's wait for the end of low adverts


class Heal(msgspec.Struct, frozen=True):
    """One heal at which b had the address; a, with the higher priority, is the master after it.

    `first`: whose advert was the first. `told`: keepalived told a anything. `seconds` until the
    address was with a; None: it stayed.
    """

    first: str
    told: bool
    seconds: float | None


def limit(at: At) -> float:
    """How long the address may be with the wrong node after a heal, in seconds.

    A reconcile interval, an advert interval, and the API; commands alone get more than they need.
    """
    if not at.has_agent:
        return _COMMANDS
    return _JITTER * at.topology.reconcile_interval + at.interval + _BUSY


def heals(at: At, first: str, cycles: int) -> Iterator[Heal]:
    """Part and join the pair until so many heals had that node's advert first.

    At each b has the address at first. Raises Unmet when the pair does not do what VRRP says.
    """
    played = 0
    for _ in range(_TRIES * cycles):
        healed = _heal(at, first)
        if at.holder == "b":
            heal = _outcome(at, healed)
            played += heal.first == first
            yield heal
        else:
            at.require_backup("b")
        if played == cycles:
            return
        at.calm()
    at.expect(False, f"{_TRIES * cycles} partitions made {played} such heals")


def _heal(at: At, first: str) -> float:
    at.site.part("a", "b")
    at.require_master("b")
    at.require_holder("b")
    if not at.has_agent:  # its command runs on for a while, and looks again
        at.calm()
    at.site.join("a", "b", first=first)
    return at.now


def _outcome(at: At, healed: float) -> Heal:
    at.require_backup("b")
    at.wait(lambda: at.holder == "a", limit(at) - (at.now - healed))
    back = at.moved_to("a", healed)
    told = any(
        event.t >= healed and (event.node, event.detail) == ("a", "RX_LOWER_PRI")
        for event in at.site.timeline.events()
    )
    if back is None:
        at.note("the address is with the wrong node; an operator moves it", "a")
        at.run_alone("a", "cloudfail", "promote", "--instance", "edge", "--force")
        at.require_holder("a")
    first = at.site.first_advert(healed)
    return Heal(first=first, told=told, seconds=None if back is None else back - healed)


def always(at: At, first: str) -> None:
    at.start()
    at.fault(f"partition and heal, {first}'s advert first", "")
    done = list(heals(at, first, CYCLES))
    took = [heal.seconds for heal in done if heal.seconds is not None]
    at.expect(len(took) == len(done), f"at {len(done) - len(took)} heals the address stayed with b")
    at.facts |= {
        "heals": sum(heal.first == first for heal in done),
        "told": sum(heal.told for heal in done if heal.first == first),
        "median_ms": round(median(took) * 1000) if took else 0,
        "longest_ms": round(max(took) * 1000) if took else 0,
    }


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
    "heal-lower-first": partial(always, first="b"),
    "heal-higher-first": partial(always, first="a"),
    "heal-without-agent": without_agent,
}
