"""What the agent answers to `plan` and `status`."""

from __future__ import annotations

from cloudfail.agent.control.framing import DeclinedError
from cloudfail.agent.view import ClaimView, InstanceView
from cloudfail.cli.agent_status import document_of, lines_of
from cloudfail.cli.answer_scope import Asked
from cloudfail.cli.awaiting import awaited
from cloudfail.cli.document import print_document
from cloudfail.cli.monitor import WARNING, Verdict, judge, warning
from cloudfail.cli.output import show
from cloudfail.cli.plan import exit_code, render
from cloudfail.config import Instance
from cloudfail.config.agent.model import AgentSettings
from cloudfail.model import Holding, Owner
from cloudfail.role import Role

# A look that is older says nothing of now: so many seconds, and intervals between two looks.
_STALE_SECONDS, _STALE_INTERVALS = 60.0, 3.0


async def plan(asked: Asked) -> int:
    """The agent's own plan; what it has not the process that asks has: --check, --force."""
    if asked.args.check or asked.args.force:
        raise DeclinedError("--check and --force are looked at by the process itself")
    target = asked.target()
    if not target.instance.claims:
        raise DeclinedError(f"{target.instance.name} claims nothing")
    future = asked.commands.plan(target.instance.name)
    found = await awaited(future, asked.args.deadline, target.deadline)
    code = exit_code(found)
    render(asked.args.output, target, found, code)
    return code


async def status(asked: Asked) -> int:
    """What the agent has seen last; it asks the cloud nothing for this."""
    view, agent = asked.view(), asked.commands.view()
    verdict = _verdict(asked.instance(), view, asked.commands.config.agent)
    code = verdict.code if asked.args.check else 0
    if asked.as_json:
        print_document(document_of(agent, view, verdict, code))
    elif asked.args.check:
        show(verdict.line)
    else:
        for line in lines_of(agent, view):
            show(line)
    return code


def _verdict(instance: Instance, view: InstanceView, settings: AgentSettings) -> Verdict:
    """Judge as `status --check` does by itself; what a person has to look at is a warning more."""
    is_master = view.standing.role is Role.MASTER
    interval = settings.reconcile_interval if is_master else settings.standby_interval
    oldest = max(_STALE_SECONDS, _STALE_INTERVALS * interval)
    holdings = [_holding(instance, claim, oldest) for claim in view.claims]
    role = "" if view.standing.role is None else view.standing.word
    found = judge(view.name, role, [one for one in holdings if one is not None])
    reason = _reason(view)
    return warning(view.name, reason, found) if reason and found.code < WARNING else found


def _holding(instance: Instance, seen: ClaimView, oldest: float) -> Holding | None:
    for claim in instance.claims:
        if str(claim) == seen.claim:
            old = _too_old(seen.age, oldest)
            return Holding(
                claim=claim,
                owner=Owner.UNKNOWN if old else Owner(seen.owner),
                holder=seen.holder,
                obstacle=seen.obstacle,
                reason=old or seen.reason,
            )
    return None


def _too_old(age: float | None, oldest: float) -> str:
    """Say why what was seen says nothing any more; "" when it does."""
    if age is None:
        return "the agent has not looked yet"
    return f"the agent's last look is {age:.0f} s old" if age > oldest else ""


def _reason(view: InstanceView) -> str:
    if view.alarms:
        return view.alarms[0]
    if view.paused:
        return view.paused
    readiness = view.readiness
    if view.standing.role is Role.BACKUP and readiness is not None and not readiness.ready:
        return f"this node would not take over: {'; '.join(readiness.reasons)}"
    return ""
