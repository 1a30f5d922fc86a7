"""What came of a promotion: for people, for scripts, for the log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudfail.cli import messages
from cloudfail.cli.caller import CALLER
from cloudfail.cli.document import claim_value, document, error_value, print_document
from cloudfail.cli.followed import exit_code, fields, show_followed
from cloudfail.cli.output import show
from cloudfail.cli.table import coloured
from cloudfail.outcome import Ended, Outcome, Result
from cloudfail.role.event import TICKS, boottime, start_time
from cloudfail.target import Target

if TYPE_CHECKING:
    from cloudfail.follow import Following


def tell(
    command: str,
    target: Target,
    ended: Ended,
    *,
    as_json: bool,
    following: Following | None = None,
) -> int:
    """Print the result, log one sentence of summary; return the exit code.

    `following` is what services and hooks did, where any follow the role.
    """
    summary = summary_of(target, ended)
    code = exit_code(ended.outcome.exit_code if ended.outcome else 0, following)
    if as_json:
        print_document({**_document(command, target, ended, code), **fields(following)})
    else:
        _print_text(ended, summary)
        show_followed(following)
    for result in _failed(ended.outcome):
        messages.say(f"{target.instance.name}: {result.error}")
    messages.fact(
        "summary", instance=target.instance.name, run=ended.run_id, exit_code=code, text=summary
    )
    return code


def summary_of(target: Target, ended: Ended) -> str:
    """Say in one sentence how it ended."""
    name = target.instance.name
    if ended.outcome is None:
        return f"{name}: another run verified every claim since; nothing to do"
    outcome = ended.outcome
    held = sum(result.error is None for result in outcome.results)
    took = f"{outcome.seconds:.2f} s, {_plural(outcome.calls, 'call')}"
    if held == len(outcome.results):
        what = "taken and verified" if outcome.changed else "held already"
        return f"{name}: {_plural(held, 'claim')} {what} ({took})"
    changed = "some were taken" if outcome.changed else "nothing was changed"
    return f"{name}: {held} of {_plural(len(outcome.results), 'claim')} held, {changed} ({took})"


def _print_text(ended: Ended, summary: str) -> None:
    for result in ended.outcome.results if ended.outcome else ():
        owner = coloured(result.owner.value, result.owner)
        holder = f" ({result.holder})" if result.holder else ""
        show(f"{result.claim}: {owner}{holder}")
    show(summary)


def _document(command: str, target: Target, ended: Ended, code: int) -> dict[str, Any]:
    outcome = ended.outcome
    return document(
        command,
        changed=outcome.changed if outcome else False,
        instance=target.instance.name,
        provider=target.spec.name,
        node=target.node_name,
        run_id=ended.run_id,
        generation=ended.generation,
        joined=outcome is None,
        digest=outcome.plan.digest if outcome else "",
        results=[_result_value(result) for result in (outcome.results if outcome else ())],
        calls={
            "total": len(ended.calls),
            "mutating": sum(call.mutating for call in ended.calls),
        },
        seconds={
            "process": round(boottime() - _started() / TICKS, 3),
            "run": round(outcome.seconds, 4) if outcome else 0.0,
            "api": round(sum(call.seconds for call in ended.calls), 4),
        },
        error=error_value(outcome.error) if outcome and outcome.error else None,
        exit_code=code,
    )


def _started() -> int:
    """When the command's own process was started, whoever does the work."""
    caller = CALLER.get()
    return caller.started if caller is not None else start_time()


def _result_value(result: Result) -> dict[str, Any]:
    return {
        **claim_value(result.claim),
        "owner": result.owner.value,
        "holder": result.holder,
        "error": error_value(result.error) if result.error else None,
    }


def _failed(outcome: Outcome | None) -> list[Result]:
    return [result for result in outcome.results if result.error] if outcome else []


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
