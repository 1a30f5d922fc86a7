"""The view of the agent and its counts, as metrics."""

from __future__ import annotations

from collections.abc import Iterable

from cloudfail.agent.metrics import catalogue as metrics
from cloudfail.agent.metrics.counting import Counts, seconds_of
from cloudfail.agent.metrics.sheet import Sheet
from cloudfail.agent.view import AgentView, ClaimView, InstanceView, MaintenanceView
from cloudfail.model import Owner


def fill(sheet: Sheet, view: AgentView, counts: Counts) -> None:
    """Add everything that is known of the agent and its instances."""
    sheet.put(metrics.STARTED, (), view.started)
    sheet.put(metrics.HEARING, (), view.is_hearing)
    sheet.put(metrics.PROBLEMS, (), len(view.problems))
    if view.maintenance is not None:
        _put_maintenance(sheet, view.maintenance)
    for labels, value in counts.of(metrics.NOTES, "").items():
        sheet.put(metrics.NOTES, labels, value)
    for instance in view.instances:
        identity = identity_of(instance)
        _put_standing(sheet, instance, identity)
        _put_state(sheet, instance, identity)
        for claim in instance.claims:
            _put_claim(sheet, claim, identity)
        _put_failover(sheet, instance, identity)
        _put_counters(sheet, counts, instance.name, identity)
        _put_durations(sheet, counts, instance.name, identity)


def _put_maintenance(sheet: Sheet, maintenance: MaintenanceView) -> None:
    sheet.put(metrics.ANNOUNCED, (), len(maintenance.notices))
    sheet.put(metrics.ANNOUNCED_HANDOVERS, ("ok",), maintenance.handed_over)
    sheet.put(metrics.ANNOUNCED_HANDOVERS, ("failed",), maintenance.failed)


def identity_of(instance: InstanceView) -> tuple[str, str]:
    """Return the values of `iname` and `vrid`."""
    router_id = instance.virtual_router_id
    return instance.name, "" if router_id is None else str(router_id)


def _put_standing(sheet: Sheet, instance: InstanceView, identity: tuple[str, str]) -> None:
    standing = instance.standing
    role = standing.role.value if standing.role else "unknown"
    about = (instance.device, instance.node, instance.provider)
    sheet.put(metrics.INSTANCE_INFO, (*identity, *about), 1)
    for state in metrics.STATES:
        sheet.put(metrics.ROLE, (*identity, state), state == role)
    sheet.put(metrics.DOUBTFUL, identity, standing.word == "doubtful")
    sheet.put(metrics.GENERATION, identity, standing.generation)
    sheet.put(metrics.PRIORITY, identity, standing.priority)
    sheet.put(metrics.EVIDENCE_AGE, identity, standing.evidence_age)


def _put_state(sheet: Sheet, instance: InstanceView, identity: tuple[str, str]) -> None:
    sheet.put(metrics.LAST_EVENT, identity, instance.last_event)
    sheet.put(metrics.BUSY, identity, instance.busy)
    sheet.put(metrics.PAUSED, identity, bool(instance.paused))
    sheet.put(metrics.ALARMS, identity, len(instance.alarms))
    sheet.put(metrics.PLAN_AGE, identity, instance.plan_age)
    if instance.readiness is not None:
        sheet.put(metrics.STANDBY_READY, identity, instance.readiness.ready)
        sheet.put(metrics.STANDBY_AGE, identity, instance.readiness.age)


def _put_claim(sheet: Sheet, claim: ClaimView, identity: tuple[str, str]) -> None:
    labels = (*identity, claim.claim)
    for owner in Owner:
        sheet.put(metrics.CLAIM_HOLDING, (*labels, owner.value), owner.value == claim.owner)
    sheet.put(metrics.CLAIM_AGE, labels, claim.age)
    sheet.put(metrics.DRIFT, labels, claim.drift)


def _put_failover(sheet: Sheet, instance: InstanceView, identity: tuple[str, str]) -> None:
    ran = instance.last_failover
    if ran is None:
        return
    sheet.put(metrics.FAILOVER_AT, (*identity, ran.result), ran.at)
    for phase in metrics.PHASES:
        seconds = seconds_of(ran.phases, phase)
        sheet.put(metrics.FAILOVER_SECONDS, (*identity, phase), seconds)


def _put_counters(sheet: Sheet, counts: Counts, name: str, identity: tuple[str, str]) -> None:
    """What never happened is 0, not absent: Prometheus cannot see an increase from nothing."""
    pairs = [(result, why) for result in metrics.RESULTS for why in metrics.REASONS]
    known: tuple[tuple[metrics.Metric, Iterable[tuple[str, ...]]], ...] = (
        (metrics.PROMOTIONS, pairs),
        (metrics.ROLE_CHANGES, [(state,) for state in metrics.STATES if state != "unknown"]),
        (metrics.DOUBTS, [()]),
        (metrics.API_THROTTLES, [()]),
        (metrics.API_CALLS, []),
        (metrics.API_SECONDS, []),
    )
    for metric, expected in known:
        values = {**dict.fromkeys(expected, 0.0), **counts.of(metric, name)}
        for labels, value in values.items():
            sheet.put(metric, (*identity, *labels), value)


def _put_durations(sheet: Sheet, counts: Counts, name: str, identity: tuple[str, str]) -> None:
    for phase in metrics.PHASES:
        found = counts.lasted(phase, name)
        if found is not None:
            sheet.put_distribution(metrics.DURATION, (*identity, phase), found)
