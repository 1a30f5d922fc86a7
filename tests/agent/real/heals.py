"""Many partitions that heal, with agents and with the commands alone: who gets the address back?

`python -m agent.real.heals CYCLES [agent|alone [a|b [SECONDS]]]` plays CYCLES heals for each way
and each node's advert first, at an advert interval of SECONDS (0.1). It prints a table's line for
each as it ends, and exits 1 when an agent failed to bring the address back at any of them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from statistics import median

from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.lab.site import RealSite
from cloudfail.lab.stage import Unmet

from agent.real import cycles
from agent.real.cycles import Heal
from agent.real.session import INTERVAL, At, enter, opened, pair

WAYS = ("agent", "alone")
NODES = ("b", "a")
_MODULE = "agent.real.heals"
_HEAD = "| first advert | with | heals | a was told | address came to a | median | longest |"


def play(site: RealSite, first: str, count: int) -> tuple[list[Heal], list[str]]:
    at = At(site, SystemClock())
    done: list[Heal] = []
    try:
        at.start()
        done.extend(cycles.heals(at, first, count))
        at.close()
    except Unmet as unmet:
        at.reasons.append(str(unmet))
    return done, at.reasons


def row(first: str, way: str, done: Sequence[Heal]) -> str:
    took = [heal.seconds for heal in done if heal.seconds is not None]
    told = sum(heal.told for heal in done)
    times = (f"{median(took):.2f} s", f"{max(took):.2f} s") if took else ("-", "-")
    order = {"a": "a's, the survivor's", "b": "b's, the loser's"}[first]
    cells = (order, way, len(done), told, len(took), *times)
    return "| " + " | ".join(map(str, cells)) + " |"


def compare(way: str, firsts: Sequence[str], count: int, interval: float) -> bool:
    """Play in a lab of its own; False when something is not as it has to be."""
    well = True
    with opened(pair(agent=way == "agent", interval=interval)) as site:
        for first in firsts:
            every, reasons = play(site, first, count)
            done = [heal for heal in every if heal.first == first]
            sys.stdout.write(f"{row(first, way, done)}\n")
            sys.stdout.writelines(f"  {reason}\n" for reason in reasons)
            sys.stdout.flush()
            lost = way == "agent" and any(heal.seconds is None for heal in every)
            well = well and not reasons and not lost and len(done) == count
    return well


def main(words: Sequence[str]) -> int:
    count, ways, firsts, interval = _arguments(words)
    if len(ways) == 1:
        inside = [str(count), ways[0], "".join(firsts), str(interval)]
        if (code := enter(_MODULE, inside)) is not None:
            return code
        return 0 if compare(ways[0], firsts, count, interval) else 1
    sys.stdout.write(f"{_HEAD}\n|{'---|' * 7}\n")
    sys.stdout.flush()
    codes = [  # each in namespaces of its own: they end with its process
        process.run([sys.executable, "-m", _MODULE, str(count), way], check=False).returncode
        for way in ways
    ]
    return max(codes)


def _arguments(words: Sequence[str]) -> tuple[int, Sequence[str], Sequence[str], float]:
    count, way, first, interval, *_ = [*words, *("100", "", "", str(INTERVAL))[len(words) :]]
    return int(count), [way] if way else WAYS, [*first] or NODES, float(interval)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
