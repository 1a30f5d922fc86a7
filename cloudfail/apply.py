"""Do what the plan says: lanes in parallel, the stages of a lane in order, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import groupby

import msgspec

from cloudfail.errors import CloudfailError, ProviderError
from cloudfail.model import Claim, Lane, Plan, PrivateIp, PublicIp, Step
from cloudfail.provider import Writer
from cloudfail.run import Doing, Run


class Applied(msgspec.Struct, frozen=True):
    """What came of a plan: the steps that were done, and the first error of each claim."""

    done: tuple[Step, ...]
    errors: dict[Claim, CloudfailError]


def apply_plan(plan: Plan, writer: Writer, run: Run) -> Applied:
    """Execute every lane; one that fails does not stop the others.

    A step whose claim failed earlier in its lane is not begun. Errors of cloudfail's own tree are
    given back per claim; anything else (a bug, a crash) is raised once no thread writes any more.
    """
    done: list[Step] = []
    errors: dict[Claim, CloudfailError] = {}
    with ThreadPoolExecutor(run.width, thread_name_prefix="lane") as pool:
        waiting: dict[Future[None], tuple[Step, _Stages]] = {}

        def begin(stages: _Stages) -> None:
            for step in stages.next(errors):
                waiting[pool.submit(_do, step, writer, run)] = (step, stages)

        for lane in plan.lanes:
            begin(_Stages(lane))
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                step, stages = waiting.pop(future)
                _settle(future, step, done, errors)
                if stages.ended(step):
                    begin(stages)
    return Applied(tuple(done), errors)


class _Stages:
    """The stages of one lane, handed out one at a time."""

    def __init__(self, lane: Lane) -> None:
        ordered = sorted(lane.steps, key=lambda step: step.stage)
        self._stages: Iterator[list[Step]] = iter(
            [list(steps) for _, steps in groupby(ordered, key=lambda step: step.stage)]
        )
        self._running = 0

    def next(self, errors: dict[Claim, CloudfailError]) -> Sequence[Step]:
        for stage in self._stages:
            runnable = [step for step in stage if not _orphaned(step, errors)]
            if runnable:
                self._running = len(runnable)
                return runnable
        return ()

    def ended(self, step: Step) -> bool:
        """Count a step down; true when its stage is over."""
        del step
        self._running -= 1
        return self._running == 0


def _orphaned(step: Step, errors: dict[Claim, CloudfailError]) -> bool:
    """True when what this step builds on failed; its claims then fail for the same reason."""
    for claim in step.claims:
        error = error_of(claim, errors)
        if error is not None:
            for other in step.claims:
                errors.setdefault(other, error)
            return True
    return False


def error_of(claim: Claim, errors: Mapping[Claim, CloudfailError]) -> CloudfailError | None:
    """The error of a claim, or of the private address that a public one sits on."""
    if claim in errors:
        return errors[claim]
    if not isinstance(claim, PublicIp) or claim.private_address is None:
        return None
    for other, error in errors.items():
        if isinstance(other, PrivateIp) and other.address == claim.private_address:
            return error
    return None


def _settle(
    future: Future[None], step: Step, done: list[Step], errors: dict[Claim, CloudfailError]
) -> None:
    error = future.exception()
    if error is None:
        done.append(step)
        return
    if not isinstance(error, CloudfailError):
        raise error
    for claim in step.claims:
        errors.setdefault(claim, error)


def _do(step: Step, writer: Writer, run: Run) -> None:
    began = run.clock.now()
    with run.doing(step) as doing:
        try:
            run.before_write(step.call)
            _write_down(step, run)
            run.ask(lambda: writer.execute(step))
        except CloudfailError as error:
            _note(run, doing, "failed", began, error=str(error), code=_code(error))
            raise
        _note(run, doing, "done", began)


def _write_down(step: Step, run: Run) -> None:
    """The intent comes first; what the step destroys is on disk first, or in syslog."""
    fields = {"facts": dict(step.destroys)} if step.destroys else {}
    run.journal.write("intent", **_named(step), **fields)
    if step.destroys or step.releases:
        run.journal.settle(0.2)


def _named(step: Step) -> dict[str, object]:
    return {
        "claims": [str(claim) for claim in step.claims],
        "call": step.call,
        "summary": step.summary,
    }


def _note(run: Run, doing: Doing, event: str, began: float, **fields: object) -> None:
    run.journal.write(
        event,
        **_named(doing.step),
        duration_ms=round((run.clock.now() - began) * 1000, 1),
        attempts=doing.attempts,
        request_id=doing.request_id,
        **fields,
    )


def _code(error: CloudfailError) -> str:
    code = error.code if isinstance(error, ProviderError) else ""
    return code or type(error).__name__
