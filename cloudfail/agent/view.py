"""What the agent shows of itself: to `status`, to Prometheus, to health checks. Plain values."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from cloudfail.agent.role.standing import Standing


class ClaimView(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as it was last seen: `owner` in the words of `model.Owner`.

    `age` is seconds since that look, None: never looked. `drift` is for how many seconds role and
    holding have disagreed, 0.0: they agree.
    """

    claim: str
    owner: str = "unknown"
    holder: str = ""
    holder_name: str = ""
    obstacle: str = ""
    reason: str = ""
    age: float | None = None
    drift: float = 0.0


class Phases(msgspec.Struct, frozen=True, kw_only=True):
    """Where the time of a run went, in seconds.

    `queue`: from the event to the start of the run. `plan`: look and plan (0.0 with a prepared
    plan). `api`: the mutating calls. `verify`: reading back.
    """

    queue: float = 0.0
    plan: float = 0.0
    api: float = 0.0
    verify: float = 0.0

    @property
    def total(self) -> float:
        return self.queue + self.plan + self.api + self.verify


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. `result`: ok, unchanged, superseded, failed.

    `why`: event, repair, tidy, hand; or start, as MASTER since before a start, reload or resume.
    `at` is in seconds since the epoch. `prepared`: the plan was ready before the event.
    """

    run_id: str
    why: str
    result: str
    generation: int
    at: float
    phases: Phases
    prepared: bool = False
    error: str = ""


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    """Would this node take over? `age` is seconds since it was found out."""

    ready: bool
    reasons: tuple[str, ...] = ()
    age: float = 0.0


class InstanceView(msgspec.Struct, frozen=True, kw_only=True):
    """One instance. `last_failover` is the newest run that was begun for a change of role to MASTER.

    `paused` says who paused it and why; empty: it is not. `alarms` are sentences: what a person has
    to look at. `busy`: a run is under way. `plan_age`: seconds since the standby plan was made.
    `last_event`: seconds since the epoch of the last thing heard from keepalived. `device`: the
    network device that VRRP runs on.
    """

    name: str
    provider: str = ""
    virtual_router_id: int | None = None
    node: str = ""
    device: str = ""
    interface_id: str = ""
    standing: Standing = Standing()
    claims: tuple[ClaimView, ...] = ()
    paused: str = ""
    alarms: tuple[str, ...] = ()
    readiness: Readiness | None = None
    busy: bool = False
    plan_age: float | None = None
    last_event: float | None = None
    last_failover: Ran | None = None
    last_run: Ran | None = None

    @property
    def holds(self) -> bool | None:
        """True: every claim is ours; False: one is not; None: one is unknown, and none is not."""
        owners = {claim.owner for claim in self.claims}
        if owners - {"mine", "unknown"}:
            return False
        return None if "unknown" in owners else True


class NoticeView(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the cloud announces to this node, as `cloudfail.notice.Notice` has it.

    `since` is in seconds since the epoch. `done` says of each instance what was done about it.
    `acknowledged`: the cloud knows that it need not wait.
    """

    cloud: str
    id: str
    kind: str
    begins: str = ""
    text: str = ""
    has_begun: bool = False
    since: float = 0.0
    done: Mapping[str, str] = {}
    acknowledged: bool = False


class MaintenanceView(msgspec.Struct, frozen=True, kw_only=True):
    """What is announced now, and how handovers ended that announcements began, since the start."""

    notices: tuple[NoticeView, ...] = ()
    handed_over: int = 0
    failed: int = 0


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """The whole agent. `started` is in seconds since the epoch; `problems` concern all instances.

    `is_hearing`: the FIFO is read, and the wire is heard. `absent`: which configured instances are
    none of `instances`, each with the reason; `problems` has these too. `maintenance` is None where
    nobody asks the cloud for its announcements.
    """

    version: str
    pid: int
    started: float
    config: str
    is_hearing: bool
    instances: tuple[InstanceView, ...] = ()
    absent: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    maintenance: MaintenanceView | None = None
