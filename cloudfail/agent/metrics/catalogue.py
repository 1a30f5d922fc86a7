"""Every metric of the agent. Names and labels are API: dashboards and alerts of others use them.

`iname` and `vrid` are what the keepalived exporters call `vrrp_instance` and `virtual_router_id`,
so that both can be joined (mehdy/keepalived-exporter: iname, intf, vrid, state;
gen2brain/keepalived_exporter: name, intf, vrid, state).
"""

from __future__ import annotations

from typing import Final

import msgspec

IDENTITY: Final = ("iname", "vrid")
CLAIM: Final = (*IDENTITY, "claim")
STATES: Final = ("MASTER", "BACKUP", "FAULT", "STOP", "unknown")
RESULTS: Final = ("ok", "unchanged", "superseded", "failed")
REASONS: Final = ("event", "repair", "tidy", "hand", "start")
PHASES: Final = ("queue", "plan", "api", "verify", "total")
# From a warm call to EC2 (10 ms and more) to the longest deadline (Azure, 600 s).
BUCKETS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0, 600.0,
)  # fmt: skip


class Metric(msgspec.Struct, frozen=True):
    """One metric: `kind` in Prometheus's words. The name of a counter ends in `_total`."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def _gauge(name: str, labels: tuple[str, ...], text: str) -> Metric:
    return Metric(f"cloudfail_{name}", "gauge", labels, text)


def _counter(name: str, labels: tuple[str, ...], text: str) -> Metric:
    return Metric(f"cloudfail_{name}_total", "counter", labels, text)


UP = _gauge("up", (), "1 while the agent runs; 0 in the file that a stopped one leaves.")
BUILD_INFO = _gauge("build_info", ("version",), "Always 1; the version is the label.")
HEARTBEAT = _gauge(
    "heartbeat_timestamp_seconds", (), "When these metrics were made: an old file is a dead agent."
)
STARTED = _gauge("start_time_seconds", (), "When the agent was started.")
HEARING = _gauge("hearing", (), "1 while keepalived's FIFO is read and the wire is heard.")
PROBLEMS = _gauge("problems", (), "How many problems concern the whole agent; `status` says which.")
ANNOUNCED = _gauge(
    "maintenance_announced",
    (),
    "How many interruptions of this node the cloud announces; absent: [agent] notices is off.",
)
ANNOUNCED_HANDOVERS = _counter(
    "maintenance_handovers",
    ("result",),
    "Handovers that an announcement began. result: ok, or failed: no peer masters and holds.",
)
NOTES = _counter("notes", ("event",), "What else was logged, by its word.")

INSTANCE_INFO = _gauge(
    "instance_info",
    (*IDENTITY, "intf", "node", "provider"),
    "Always 1; what is known of the instance is in the labels.",
)
ROLE = _gauge(
    "role",
    (*IDENTITY, "state"),
    "1 for the state that VRRP says this node is in, 0 for all others.",
)
DOUBTFUL = _gauge(
    "doubtful", IDENTITY, "1 while keepalived said MASTER and the wire does not prove it."
)
GENERATION = _gauge("generation", IDENTITY, "Grows with each change of role; restarts at 0.")
PRIORITY = _gauge("priority", IDENTITY, "The priority that this node advertises; 0: not known.")
EVIDENCE_AGE = _gauge(
    "evidence_age_seconds",
    IDENTITY,
    "How long ago the wire last confirmed the role; absent: never.",
)
LAST_EVENT = _gauge(
    "last_event_timestamp_seconds",
    IDENTITY,
    "When keepalived was last heard; absent: not yet.",
)
BUSY = _gauge("busy", IDENTITY, "1 while claims are being moved.")
PAUSED = _gauge("paused", IDENTITY, "1 while somebody has paused it: nothing is moved or repaired.")
ALARMS = _gauge("alarms", IDENTITY, "How many alarms a person has to look at; `status` says which.")
STANDBY_READY = _gauge(
    "standby_ready",
    IDENTITY,
    "1: this node would take over (credentials, permissions, egress, slots); absent: not tried yet.",
)
STANDBY_AGE = _gauge(
    "standby_ready_age_seconds", IDENTITY, "How long ago that was found out; absent: not yet."
)
PLAN_AGE = _gauge(
    "plan_age_seconds", IDENTITY, "How old the standby's prepared plan is; absent: none."
)

CLAIM_HOLDING = _gauge(
    "claim_holding",
    (*CLAIM, "owner"),
    "1 for who was last seen to hold the claim: mine, peer, nobody, stranger or unknown.",
)
CLAIM_AGE = _gauge(
    "claim_look_age_seconds", CLAIM, "How long ago that was looked at; absent: never."
)
DRIFT = _gauge(
    "drift_seconds", CLAIM, "For how long role and holding have disagreed; 0: they agree."
)

PROMOTIONS = _counter(
    "promotions",
    (*IDENTITY, "result", "why"),
    "Runs that ended. why: event, repair (of drift), tidy (leftovers), hand, start (of the "
    "agent, a reload or resume, while MASTER).",
)
DURATION = Metric(
    "cloudfail_promotion_duration_seconds",
    "histogram",
    (*IDENTITY, "phase"),
    "Runs that moved something and ended well: queue, plan, api, verify, and total, their sum.",
)
FAILOVER_AT = _gauge(
    "last_failover_timestamp_seconds",
    (*IDENTITY, "result"),
    "When the newest run for a change to MASTER ended; absent: none yet.",
)
FAILOVER_SECONDS = _gauge(
    "last_failover_duration_seconds", (*IDENTITY, "phase"), "Where the time of that run went."
)
ROLE_CHANGES = _counter("role_changes", (*IDENTITY, "state"), "Changes of role, by the new state.")
DOUBTS = _counter("doubts", IDENTITY, "How often a MASTER became doubtful.")
API_CALLS = _counter(
    "api_calls",
    (*IDENTITY, "operation", "code"),
    "Requests to the cloud. code: the cloud's error code, else the HTTP status; none: no answer.",
)
API_SECONDS = _counter("api_seconds", (*IDENTITY, "operation"), "Seconds that those requests took.")
API_THROTTLES = _counter("api_throttles", IDENTITY, "Requests that the cloud throttled.")

ALL: Final = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
BY_NAME: Final = {metric.name: metric for metric in ALL}
