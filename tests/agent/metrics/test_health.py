"""Healthy: keepalived is heard. Ready: this node's part of every instance is done."""

from __future__ import annotations

import pytest
from cloudfail.agent.metrics.health import health, readiness
from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import InstanceView, Readiness
from cloudfail.role import Role

from agent.metrics.views import ADDRESS, DOUBTFUL, agent, backup, claims, master


def test_an_agent_that_hears_is_healthy_whatever_the_role() -> None:
    view = agent(master(standing=Standing()), problems=("a detail",))
    assert health(view).is_good


def test_an_agent_that_hears_nothing_says_why() -> None:
    verdict = health(agent(master(), is_hearing=False, problems=("the FIFO is gone",)))
    assert verdict.reasons == ("keepalived is not heard", "the FIFO is gone")


@pytest.mark.parametrize(
    "instance",
    [master(), master(claims=()), backup(), backup(claims=(), readiness=None)],
    ids=["master holds", "master claims nothing", "standby ready", "standby claims nothing"],
)
def test_a_node_that_does_its_part_is_ready(instance: InstanceView) -> None:
    assert readiness(agent(instance)).reasons == ()


@pytest.mark.parametrize(
    ("instance", "reason"),
    [
        (master(standing=Standing()), "edge: its role is not known yet"),
        (master(standing=DOUBTFUL), "edge: is MASTER in doubt: no advert of ours left for 4.1 s"),
        (master(standing=Standing(role=Role.FAULT)), "edge: is in FAULT"),
        (backup(standing=Standing(role=Role.STOP)), "edge: is in STOP"),
        (master(paused="root: disk swap"), "edge: is paused: root: disk swap"),
        (
            master(claims=claims("peer")[:1]),
            f"edge: is MASTER, and {ADDRESS} is with peer eni-0a",
        ),
        (
            master(claims=claims("unknown")[:1]),
            f"edge: is MASTER, and {ADDRESS} is with a holder that is not known",
        ),
        (
            master(claims=claims("peer", reason="eni-0a is Failed")[:1]),
            f"edge: is MASTER, and {ADDRESS} does not count: eni-0a is Failed",
        ),
        (
            backup(readiness=None),
            "edge: whether this standby would take over was not found out yet",
        ),
        (
            backup(readiness=Readiness(ready=False, reasons=("no slot", "no egress"))),
            "edge: this standby would not take over: no slot; no egress",
        ),
    ],
)
def test_a_node_that_is_not_ready_says_what_is_missing(instance: InstanceView, reason: str) -> None:
    verdict = readiness(agent(instance))
    assert verdict.reasons == (reason,)
    assert not verdict.is_good


def test_one_instance_that_is_not_ready_is_enough() -> None:
    verdict = readiness(agent(master(), backup(name="core", readiness=None), master(name="x")))
    assert [reason.split(":")[0] for reason in verdict.reasons] == ["core"]


def test_an_agent_without_instances_is_not_ready() -> None:
    assert readiness(agent()).reasons == ("no instance is configured",)


def test_an_instance_that_is_not_at_work_is_not_ready() -> None:
    why = "db: this machine has none of the addresses of its nodes"
    assert readiness(agent(master(), absent=(why,))).reasons == (why,)
    assert readiness(agent(absent=(why,))).reasons == (why,)
