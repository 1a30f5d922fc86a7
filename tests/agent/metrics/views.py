"""Views of an agent, as the tests of metrics need them."""

from __future__ import annotations

from typing import Any

from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import AgentView, ClaimView, InstanceView, Phases, Ran, Readiness
from cloudfail.provider import ApiCall
from cloudfail.role import Role

ADDRESS = "public-ip 203.0.113.7"
ROUTE = "route rtb-1 10.99.0.0/16"
MASTER = Standing(role=Role.MASTER, generation=3, since=1.0, priority=150, evidence_age=0.4)
BACKUP = Standing(role=Role.BACKUP, generation=4, since=2.0, priority=100, evidence_age=0.2)
DOUBTFUL = Standing(role=Role.MASTER, generation=3, doubt="no advert of ours left for 4.1 s")


def claims(owner: str = "mine", **more: Any) -> tuple[ClaimView, ...]:
    both = (ADDRESS, ROUTE)
    return tuple(
        ClaimView(claim=one, owner=owner, holder="eni-0a", age=0.5, **more) for one in both
    )


def master(**changes: Any) -> InstanceView:
    """A master that holds everything."""
    fields: dict[str, Any] = {
        "name": "edge",
        "provider": "aws",
        "virtual_router_id": 51,
        "node": "a",
        "device": "eth0",
        "standing": MASTER,
        "claims": claims(),
        "last_event": 1700000000.0,
    }
    return InstanceView(**fields | changes)


def backup(**changes: Any) -> InstanceView:
    """A standby that would take over."""
    fields: dict[str, Any] = {
        "standing": BACKUP,
        "claims": claims("peer"),
        "readiness": Readiness(ready=True, age=12.0),
        "plan_age": 3.0,
    }
    return master(**fields | changes)


def agent(*instances: InstanceView, **changes: Any) -> AgentView:
    fields: dict[str, Any] = {
        "version": "1.2.3",
        "pid": 42,
        "started": 1690000000.0,
        "config": "/etc/cloudfail/cloudfail.toml",
        "is_hearing": True,
        "instances": instances,
    }
    return AgentView(**fields | changes)


def ran(result: str = "ok", why: str = "event", **changes: Any) -> Ran:
    fields: dict[str, Any] = {
        "run_id": "r-1",
        "why": why,
        "result": result,
        "generation": 3,
        "at": 1700000001.0,
        "phases": Phases(queue=0.001, plan=0.0, api=0.2, verify=0.04),
        "prepared": True,
    }
    return Ran(**fields | changes)


def call(operation: str = "AssociateAddress", **changes: Any) -> ApiCall:
    fields: dict[str, Any] = {"mutating": True, "seconds": 0.05, "status": 200}
    return ApiCall(operation=operation, **fields | changes)
