"""The same scenarios where keepalived cannot run: any user, any container."""

from __future__ import annotations

import pytest
from cloudfail.lab.scenarios import SCENARIOS

from lab.conftest import run_lab

pytestmark = [pytest.mark.long, pytest.mark.timed]
# What only the simulation has is gone through by these; some scenarios are measured with real nodes.
MEASURED = {"freeze-master", "partition-heal"}
PLAYABLE = [
    pytest.param(name, marks=() if name in MEASURED else pytest.mark.sweep)
    for name, one in sorted(SCENARIOS.items())
    if not one.needs_agent
]


@pytest.mark.parametrize("name", PLAYABLE)
def test_the_scenario_passes_simulated_and_says_so(name: str) -> None:
    ran = run_lab("run", name, "--simulate", "--advert-int", "0.2", "--output", "json")
    assert ran.document["reasons"] == [], ran.stderr
    assert ran.code == 0
    assert ran.document["simulated"] is True
    assert "SIMULATED" in ran.stderr


@pytest.mark.sweep
@pytest.mark.parametrize("provider", ["gcp", "azure"])
def test_other_clouds_are_played_on_too(provider: str) -> None:
    words = ("--simulate", "--advert-int", "0.2", "--provider", provider)
    ran = run_lab("run", "stop-master", *words, "--claim", "route")
    assert ran.code == 0, ran.stderr
    assert ran.stdout.strip().startswith(f"PASS  stop-master on {provider} (simulated")


@pytest.mark.sweep
def test_the_verdict_for_people_says_that_it_was_simulated() -> None:
    ran = run_lab("run", "stop-master", "--simulate", "--advert-int", "0.2")
    assert ran.code == 0
    assert ran.stdout.strip().startswith("PASS  stop-master on aws (simulated")
