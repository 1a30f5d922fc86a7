"""What the agent knows of an instance: for people, for scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from cloudfail.agent.view import AgentView, ClaimView, InstanceView, NoticeView, Ran
from cloudfail.cli.document import document
from cloudfail.cli.monitor import Verdict
from cloudfail.cli.table import coloured, render_table
from cloudfail.journal.entry import timestamp
from cloudfail.line import one_line
from cloudfail.model import Owner
from cloudfail.role import Role

_HEAD = ("CLAIM", "OWNER", "NODE", "HOLDER", "SEEN", "DRIFT", "OBSTACLE")


def lines_of(agent: AgentView, view: InstanceView) -> Iterator[str]:
    """Yield the lines that `status` shows: the role, a table of claims, and what is remarkable."""
    node = f", node {view.node}" if view.node else ""
    yield one_line(f"instance {view.name}{node}, role {view.standing.word}")
    if view.claims:
        yield from _table(view.claims)
    for name, text in _remarks(agent, view):
        yield one_line(f"{name}: {text}")


def document_of(
    agent: AgentView, view: InstanceView, verdict: Verdict, code: int
) -> dict[str, Any]:
    """Return the document of `status`, as it is without an agent, and `agent` beside."""
    instance = msgspec.to_builtins(view, enc_hook=str)
    standing = {**instance.pop("standing"), "word": view.standing.word}
    for known in ("name", "provider", "node", "interface_id", "claims"):
        instance.pop(known)
    process = msgspec.to_builtins(msgspec.structs.replace(agent, instances=()))
    process.pop("instances")
    return document(
        "status",
        instance=view.name,
        provider=view.provider,
        node={"name": view.node, "ref": view.interface_id},
        role=view.standing.word if view.standing.role else "",
        verdict=verdict.word.lower(),
        message=verdict.line,
        holdings=[_claim_value(claim) for claim in view.claims],
        agent={**process, "standing": standing, **instance},
        exit_code=code,
    )


def _claim_value(claim: ClaimView) -> dict[str, Any]:
    kind, _, target = claim.claim.partition(" ")
    return {"claim": claim.claim, "kind": kind, "target": target, **_seen(claim)}


def _seen(claim: ClaimView) -> dict[str, Any]:
    seen: dict[str, Any] = msgspec.to_builtins(claim)
    return {name: value for name, value in seen.items() if name != "claim"}


def _table(claims: tuple[ClaimView, ...]) -> Iterator[str]:
    rows = [
        (one.claim, one.owner, one.holder_name, one.holder, _ago(one.age),
         f"{one.drift:.1f} s" if one.drift else "", one.obstacle or one.reason)
        for one in claims
    ]  # fmt: skip
    head, *lines = render_table(_HEAD, rows).splitlines()
    yield head
    for line, one in zip(lines, claims, strict=True):
        yield coloured(line, Owner(one.owner))


def _remarks(agent: AgentView, view: InstanceView) -> Iterator[tuple[str, str]]:
    yield from _evidence(view)
    if view.busy:
        yield "busy", "a run is under way"
    if view.paused:
        yield "paused", view.paused.removeprefix("paused ")
    if view.readiness is not None and view.standing.role is not Role.MASTER:
        yield "standby", _ready(view)
    if view.last_failover is not None:
        yield "last failover", _ran(view.last_failover)
    if view.last_run is not None and view.last_run != view.last_failover:
        yield "last run", f"{view.last_run.why}, {_ran(view.last_run)}"
    yield from _troubles(agent, view)
    since = timestamp(agent.started)
    yield "agent", f"process {agent.pid} since {since}, version {agent.version}, {agent.config}"


def _troubles(agent: AgentView, view: InstanceView) -> Iterator[tuple[str, str]]:
    for notice in agent.maintenance.notices if agent.maintenance else ():
        yield "maintenance", _announced(notice, view.name)
    for alarm in view.alarms:
        yield "alarm", alarm
    for problem in agent.problems:
        yield "problem", problem


def _evidence(view: InstanceView) -> Iterator[tuple[str, str]]:
    standing = view.standing
    if standing.doubt:
        yield "doubt", standing.doubt
    if standing.evidence_age is not None:
        priority = (
            f"; this node advertises priority {standing.priority}" if standing.priority else ""
        )
        yield "evidence", f"{_ago(standing.evidence_age)} on the wire{priority}"
    for peer in standing.peers:
        rank = "better" if peer.better else "lower"
        yield (
            "peer",
            f"{peer.address} masters with priority {peer.priority} ({rank}), {_ago(peer.age)}",
        )


def _ready(view: InstanceView) -> str:
    readiness = view.readiness
    if readiness is None or readiness.ready:
        return "would take over"
    return f"would not take over: {'; '.join(readiness.reasons)}"


def _announced(notice: NoticeView, instance: str) -> str:
    """Say what the cloud will do to this node, and what was done about it."""
    when = f", not before {notice.begins}" if notice.begins else ""
    done = notice.done.get(instance, "")
    parts = (
        f"{notice.cloud} announces {notice.kind} of this node since {timestamp(notice.since)}{when}",
        "it has begun" if notice.has_begun else "",
        done,
        "acknowledged" if notice.acknowledged else "",
        notice.text,
    )
    return "; ".join(part for part in parts if part)


def _ran(ran: Ran) -> str:
    """Say how a run ended, and where its time went."""
    phases = ran.phases
    parts = [
        f"{name} {seconds:.3f}{' (prepared)' if name == 'plan' and ran.prepared else ''}"
        for name, seconds in (
            ("queue", phases.queue), ("plan", phases.plan), ("API", phases.api),
            ("verify", phases.verify),
        )
    ]  # fmt: skip
    error = f"; {ran.error}" if ran.error else ""
    total = f"{phases.total:.3f} s"
    return f"{timestamp(ran.at)} {ran.result} in {total}: {', '.join(parts)}{error}"


def _ago(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.1f} s ago"
