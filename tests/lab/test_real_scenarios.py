"""Every scenario with real keepalived, in namespaces."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloudfail.lab.scenarios import SCENARIOS
from cloudfail.lab.terrain import terrain_of

pytestmark = pytest.mark.netns

Lab = Callable[..., Any]
KEYS = {
    *("schema_version", "scenario", "verdict", "reasons", "timeline", "provider", "simulated"),
    *("detection_ms", "cloudfail_ms", "api_ms", "unowned_ms", "wrong_owner_ms", "dark_ms"),
    "api_calls",
}
SLACK = 150  # ms: a packet in flight, the router's change, the clock of two processes


def play(real_lab: Lab, name: str, *words: str) -> dict[str, Any]:
    ran = real_lab("run", name, "--advert-int", "0.25", "--output", "json", *words)
    document: dict[str, Any] = ran.document
    assert document["reasons"] == [], ran.stderr
    assert ran.code == 0
    assert document["verdict"] == "pass"
    return document


# Coverage trebles the time of every process of a node; the others go through the same lines.
MEASURED = {"crash-mid-promote", "freeze-master", "partition-heal"}
ALONE = {name for name, one in SCENARIOS.items() if not one.needs_agent}
PLAYABLE = [
    pytest.param(name, marks=() if name in MEASURED else pytest.mark.sweep)
    for name in sorted(ALONE - {"kill-master", "bare-line"})
]


@pytest.mark.parametrize("name", PLAYABLE)
def test_the_scenario_passes_with_real_keepalived(real_lab: Lab, name: str) -> None:
    document = play(real_lab, name)
    assert document.keys() >= KEYS
    assert document["simulated"] is False
    assert document["unowned_ms"] == 0
    texts = [event["event"] for event in document["timeline"]]
    assert any("Entering MASTER STATE" in text for text in texts)
    assert "FAILED" not in " ".join(texts)


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["kill-master", "standby-egress"])
def test_nodes_with_agents_pass_too(real_lab: Lab, name: str) -> None:
    """The others are played with agents in tests/agent/real, in one lab."""
    document = play(real_lab, name, "--agent")
    assert document["unowned_ms"] == 0


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("maintenance", "aws"),
        *(
            pytest.param(name, provider, marks=pytest.mark.sweep)
            for name, provider in (
                ("maintenance", "gcp"),
                ("maintenance", "azure"),
                ("maintenance-preempt", "aws"),
            )
        ),
    ],
)
def test_what_a_cloud_announces_leaves_a_route_with_nobody_at_no_time(
    real_lab: Lab, name: str, provider: str
) -> None:
    document = play(real_lab, name, "--agent", "--claim", "route", "--provider", provider)
    assert document["unowned_ms"] == 0
    texts = [event["event"] for event in document["timeline"]]
    assert any("after the poll of a that saw it" in text for text in texts)


@pytest.mark.sweep
def test_what_users_lose_is_detection_plus_cloudfail_plus_api(real_lab: Lab) -> None:
    document = play(real_lab, "kill-master", "--latency", "50")
    parts = sum(document[key] for key in ("detection_ms", "cloudfail_ms", "api_ms"))
    assert abs(document["dark_ms"] - parts) < SLACK
    assert document["api_writes"] == 1
    assert document["api_ms"] >= 95  # one look and one write, of 50 ms each
    assert document["unowned_ms"] == 0


@pytest.mark.sweep
@pytest.mark.parametrize("kind", ["private-ip", "route"])
def test_private_addresses_and_routes_follow_the_master_too(real_lab: Lab, kind: str) -> None:
    document = play(real_lab, "kill-master", "--claim", kind)
    assert document["unowned_ms"] == 0
    assert document["api_writes"] == 1
    assert document["dark_ms"] > document["detection_ms"]


@pytest.mark.parametrize("words", [(), pytest.param(("--agent",), marks=pytest.mark.sweep)])
@pytest.mark.parametrize(
    "name", ["kill-master", pytest.param("partition-heal", marks=pytest.mark.sweep)]
)
@pytest.mark.parametrize(
    ("provider", "atomic"), [("gcp", ("forwarding-rule", "route")), ("azure", ("route",))]
)
def test_every_kind_of_a_cloud_follows_the_master(
    real_lab: Lab, provider: str, atomic: tuple[str, ...], name: str, words: tuple[str, ...]
) -> None:
    kinds = terrain_of(provider).moves
    claims = [word for kind in kinds for word in ("--claim", kind)]
    document = play(real_lab, name, "--provider", provider, *claims, *words)
    moved = [event["event"] for event in document["timeline"] if event["kind"] == "holder"]
    for kind in kinds:
        assert any(text.startswith(f"cloud: {kind} ") for text in moved)
    for kind in atomic:  # at no time with nobody, once somebody had it
        gone = [text for text in moved if text.startswith(f"cloud: {kind} ")][1:]
        assert not any("is with nobody" in text for text in gone)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("kill-master", ("--agent",), marks=pytest.mark.sweep),
        pytest.param("partition-heal", (), marks=pytest.mark.sweep),
    ],
)
def test_standing_routes_follow_the_master(
    real_lab: Lab, name: str, words: tuple[str, ...]
) -> None:
    document = play(real_lab, name, "--provider", "gcp", "--claim", "standing-route", *words)
    assert document["unowned_ms"] == 0
    texts = [event["event"] for event in document["timeline"]]
    assert not any("is with nobody" in text for text in texts)


def test_a_throttled_api_of_google_cloud_is_waited_for(real_lab: Lab) -> None:
    """Its quotas are a minute's; a rehearsal's minute is of three seconds."""
    document = play(real_lab, "api-throttled", "--provider", "gcp")
    texts = [event["event"] for event in document["timeline"]]
    throttled = [n for n, text in enumerate(texts) if "rateLimitExceeded" in text]
    assert len(throttled) == 2
    assert any("forwardingRules.setTarget 200" in text for text in texts[throttled[-1] :])
    assert document["unowned_ms"] == 0


@pytest.mark.sweep
def test_the_bare_line_is_found_on_the_path_and_runs_in_its_virtual_environment(
    real_lab: Lab,
) -> None:
    document = play(real_lab, "bare-line")
    texts = [event["event"] for event in document["timeline"]]
    assert any("resolved by path search" in text for text in texts)
    assert not any("SECURITY VIOLATION" in text or "disabling" in text for text in texts)


@pytest.mark.sweep
def test_nothing_of_a_lab_is_written_to_the_machine(real_lab: Lab) -> None:
    watched = [Path(p) for p in ("/etc", "/usr/local/bin", "/var/lib", "/run", "/")]
    before = {path: entries(path) for path in watched}
    play(real_lab, "stop-master")
    assert {path: entries(path) for path in watched} == before


def entries(directory: Path) -> set[str]:
    """What is in there, but for the sockets of labs that other tests leave running."""
    return {entry.name for entry in directory.iterdir()} - {"cloudfail-lab"}
