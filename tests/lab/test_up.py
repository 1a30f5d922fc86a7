"""A lab that is left running: what can be done to it, and that it ends."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloudfail.clock import SystemClock

pytestmark = pytest.mark.netns

Lab = Callable[..., Any]
PATIENCE = 15.0
NAME, OTHER = (f"test-{os.getpid()}-{number}" for number in (1, 2))


@pytest.fixture
def up(real_lab: Lab) -> Iterator[Lab]:
    started = real_lab("up", "--name", NAME, "--advert-int", "0.25")
    assert started.code == 0, started.stderr

    def on_it(action: str, *words: str) -> Any:
        return real_lab(action, "--name", NAME, *words)

    yield on_it
    on_it("down")


def status(up: Lab) -> Any:
    return up("status", "--output", "json").document


def holders(up: Lab) -> set[str]:
    return {claim["holder"] for claim in status(up)["claims"]}


def await_holder(up: Lab, node: str) -> None:
    clock = SystemClock()
    until = clock.now() + PATIENCE
    while holders(up) != {node}:
        assert clock.now() < until, (status(up), up("logs", "a").stdout, up("logs", "b").stdout)
        clock.sleep(0.2)


def await_calm(up: Lab) -> None:
    clock = SystemClock()
    until = clock.now() + PATIENCE
    while any(node["busy"] for node in status(up)["nodes"]):
        assert clock.now() < until, status(up)
        clock.sleep(0.2)


def roles(up: Lab) -> dict[str, tuple[str, str]]:
    return {node["name"]: (node["state"], node["role"]) for node in status(up)["nodes"]}


def test_public_ip_and_route_follow_whatever_is_done_to_the_nodes(up: Lab) -> None:
    await_holder(up, "a")

    assert up("kill", "a").code == 0
    await_holder(up, "b")
    assert roles(up)["a"] == ("dead", "")

    assert up("boot", "a").code == 0
    again = up("boot", "a")
    assert (again.code, "is up" in again.stderr) == (64, True)
    assert up("cut", "a").code == 0  # the cable of a node that booted again is one like any
    assert up("heal").code == 0

    assert up("cut", "b").code == 0
    await_holder(up, "a")
    assert roles(up)["b"] == ("cut", "FAULT")
    assert up("heal").code == 0

    assert up("freeze", "a").code == 0
    await_holder(up, "b")
    assert roles(up)["a"][0] == "frozen"
    assert up("thaw", "a").code == 0
    await_holder(up, "a")

    await_calm(up)  # a looks once more a while after the last low advert, as any master may
    assert up("cut", "a", "b").code == 0
    await_holder(up, "b")
    assert up("heal").code == 0
    await_holder(up, "a")
    assert "203.0.113.7" in up("status").stdout
    assert "gets answers" in up("status").stdout


@pytest.mark.sweep
def test_commands_run_on_the_node(up: Lab) -> None:
    await_holder(up, "a")
    assert "10.0.1.10/24" in up("exec", "a", "--", "ip", "addr", "show", "eth0").stdout
    assert up("exec", "b", "--", "sh", "-c", "exit 5").code == 5
    assert up("exec", "a", "--", "hostname").stdout == "a\n"
    first = up("exec", "a", "--", "cat", "/proc/sys/kernel/random/boot_id").stdout
    assert first != up("exec", "b", "--", "cat", "/proc/sys/kernel/random/boot_id").stdout
    checked = up("exec", "a", "--", "keepalived", "-t", "-f", "/etc/cloudfail/keepalived.conf")
    assert (checked.code, checked.stderr) == (0, "")
    verified = up("exec", "a", "--", "cloudfail", "promote", "--instance", "edge")
    assert verified.code == 0
    assert "Entering MASTER STATE" in up("logs", "a").stdout


def test_a_mistake_is_one_sentence(up: Lab) -> None:
    for words, code, said in (
        (("kill", "z"), 64, "no node is named 'z'"),
        (("exec", "a"), 64, "exec what?"),
        (("cut", "a", "a"), 64, "two different ones"),
        (("up",), 64, "runs already"),
    ):
        ran = up(*words)
        assert (ran.code, said in ran.stderr) == (code, True), ran


@pytest.mark.sweep
def test_two_labs_do_not_meet(up: Lab, real_lab: Lab) -> None:
    other = real_lab("up", "--name", OTHER, "--advert-int", "0.25", "--nodes", "3")
    try:
        assert other.code == 0, other.stderr
        assert up("kill", "a").code == 0
        await_holder(up, "b")
        seen = real_lab("status", "--name", OTHER, "--output", "json").document
        assert [node["state"] for node in seen["nodes"]] == ["up", "up", "up"]
    finally:
        assert real_lab("down", "--name", OTHER).code == 0


def test_without_a_lab_the_remedy_is_named(real_lab: Lab) -> None:
    ran = real_lab("status", "--name", "nobody")
    assert ran.code == 69
    assert "cloudfail lab up" in ran.stderr
