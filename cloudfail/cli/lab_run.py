"""`cloudfail lab run` and `list`: outside the sandbox, inside it, and without one."""

from __future__ import annotations

import sys
from argparse import Namespace

from msgspec.structs import replace

from cloudfail.cli.document import document, print_document
from cloudfail.cli.lab_show import LiveTimeline, verdict_text
from cloudfail.clock import SystemClock
from cloudfail.errors import UsageError
from cloudfail.lab import preflight, probe, scenarios
from cloudfail.lab.rehearse import Result, rehearse
from cloudfail.lab.scenario import Scenario
from cloudfail.lab.site import RealSite, Site
from cloudfail.lab.terrain import terrain_of

FAILED = 1
_SHORTEST = 0.1


def list_scenarios(args: Namespace) -> int:
    """Print each scenario's name and sentence."""
    known = scenarios.SCENARIOS.values()
    if args.output == "json":
        listed = [
            {"name": one.name, "summary": one.summary, "needs_agent": one.needs_agent}
            for one in known
        ]
        print_document(document("lab list", scenarios=listed, exit_code=0))
        return 0
    width = max(len(one.name) for one in known)
    for one in known:
        print(f"{one.name:{width}}  {one.summary}{' (--agent)' if one.needs_agent else ''}")
    return 0


def run(args: Namespace) -> int:
    """Exit 0: passed; 1: failed; 64, 69, 78: it cannot run, and why."""
    scenario = scenarios.scenario(args.scenario)
    _check_agent(args, scenario)
    preflight.check_provider(args.provider)
    if args.advert_int < _SHORTEST:
        raise UsageError("--advert-int must be 0.1 or more: VRRP 3 has it in hundredths of seconds")
    args.claim = _kinds(args, scenario)
    scenario = _set_up(args, scenario)
    if args.simulate:
        return _simulated(args, scenario)
    if preflight.is_inside():
        return _inside(args, scenario)
    return preflight.enter(_again(args))


def _kinds(args: Namespace, scenario: Scenario) -> list[str]:
    """Return what is claimed: what was asked for, what the scenario is about, the cloud's first."""
    terrain = terrain_of(args.provider)
    kinds: list[str] = args.claim or [scenario.claim or terrain.first]
    if scenario.claim and kinds != [scenario.claim]:
        raise UsageError(f"{scenario.name} is about a {scenario.claim}: leave --claim out")
    for kind in kinds:
        terrain.move_of(kind)
    return kinds


def _check_agent(args: Namespace, scenario: Scenario) -> None:
    if args.agent and args.simulate:
        raise UsageError("--agent needs real nodes, whose adverts it hears: leave --simulate out")
    if args.agent and scenario.topology.bare:
        raise UsageError(f"{scenario.name} is about a script alone: leave --agent out")
    if scenario.needs_agent and not args.agent:
        raise UsageError(f"{scenario.name} is about the agent: add --agent")


def _again(args: Namespace) -> list[str]:
    """Return the command line that does the same once more, inside."""
    return [
        *(sys.executable, "-m", "cloudfail.cli.main", "lab", "run", args.scenario),
        *("--provider", args.provider, "--output", args.output),
        *("--latency", f"{args.latency:g}", "--advert-int", f"{args.advert_int:g}"),
        *(word for kind in args.claim for word in ("--claim", kind)),
        *(("--agent",) if args.agent else ()),
        *(("--debug",) if args.debug else ()),
    ]


def _inside(args: Namespace, scenario: Scenario) -> int:
    probe.check_scripts()
    clock = SystemClock()
    return _play(args, scenario, RealSite(scenario.topology, clock))


def _simulated(args: Namespace, scenario: Scenario) -> int:
    from cloudfail.lab.simulated import SimulatedSite

    clock = SystemClock()
    with SimulatedSite.in_temporary_directory(scenario.topology, clock) as site:
        return _play(args, scenario, site)


def _set_up(args: Namespace, scenario: Scenario) -> Scenario:
    topology = replace(
        terrain_of(args.provider).topology(scenario.topology, *args.claim),
        advert_interval=args.advert_int,
        provider=args.provider,
        agent=args.agent,
    )
    return replace(scenario, topology=topology)


def _play(args: Namespace, scenario: Scenario, site: Site) -> int:
    clock = SystemClock()
    live = LiveTimeline(sys.stderr, clock)
    live.begin(scenario, simulated=site.simulated)
    site.timeline.subscribe(live.take)
    try:
        result = rehearse(scenario, site, clock, args.latency, live.settle)
    finally:
        live.close()
    _report(args, result)
    return 0 if result.passed else FAILED


def _report(args: Namespace, result: Result) -> None:
    if args.output == "json":
        print_document(result.document())
        return
    print(verdict_text(result))
