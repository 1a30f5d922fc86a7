"""A move in several ways, in turn, and by an agent; what the ways of all clouds have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from bench.contest import Timing, measure, median, run
from bench.report import Section, Target
from bench.resident import Resident, environment, resident
from bench.slow import SLOW, SLOWED, SlowScene

HAND, SCRIPT, FRESH, AGENT, FLOOR = "hand", "script", "fresh", "agent", "floor"
S = TypeVar("S", bound=SlowScene)
Found = Mapping[str, Mapping[str, Sequence[Timing]]]


def contest(
    stage: S, kind: str, rounds: int, ways: Mapping[str, Callable[[S], None]]
) -> Mapping[str, Sequence[Timing]]:
    """Interleave what starts afresh; then let an agent, which would repair what others move."""
    stage.cloud.faults = SLOW
    times: dict[str, list[Timing]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            times[name].append(measure(stage, way))
    with resident(stage, [stage.kinds[kind].owned]) as agent:
        way = _by_agent(agent)
        by_agent = [measure(stage, way, agent.stand_by) for _ in range(rounds)]
    return {**times, AGENT: by_agent}


def fresh(kind: str) -> Callable[[SlowScene], None]:
    """`cloudfail promote` in a process of its own."""

    def way(stage: SlowScene) -> None:
        config = stage.folder / "fresh.toml"
        config.write_text(f"[provider.{stage.provider}]\n{stage.settings}")
        argv = ["cloudfail", "promote", "--config", str(config), "--provider", stage.provider]
        run([*argv, *stage.kinds[kind].flags], stage.environment())

    return way


def _by_agent(agent: Resident) -> Callable[[SlowScene], None]:
    """As keepalived does: the line in the FIFO, and `cloudfail promote` from notify_master."""

    def way(stage: SlowScene) -> None:
        agent.say("MASTER")
        config = str(agent.folder / "cloudfail.toml")
        argv = ["cloudfail", "promote", "--config", config, "--instance", "edge"]
        run(argv, environment(stage, agent.folder))

    return way


def section(found: Found, names: Mapping[str, str], base: str, notes: Sequence[str]) -> Section:
    """Return a table of them, in the order of `names`, with the ratio to the way called `base`."""
    letter = names[base][:3]
    middles = {
        (kind, name): median(runs[name])
        for kind, runs in found.items()
        for name in names
        if name in runs
    }
    return Section(
        "hand",
        "Moved by hand, and by cloudfail (ms from spawn)",
        (
            "kind",
            "way",
            "cloud shows it here",
            "exit",
            "no holder",
            "reads",
            "writes",
            f"/ {letter}",
        ),
        tuple(
            (
                kind,
                names[name],
                *(t.moved_ms, t.ended_ms, t.unowned_ms, t.reads, t.writes),
                t.moved_ms / middles[kind, base].moved_ms,
            )
            for (kind, name), t in middles.items()
        ),
        targets=tuple(
            Target(
                f"{kind}, (d) / {letter}, until the cloud shows it",
                middles[kind, AGENT].moved_ms / middles[kind, base].moved_ms,
                1,
            )
            for kind in found
        ),
        notes=(SLOWED + "; medians; of no holder, reads and writes the worst", *notes),
    )
