"""Do what the plan says: lanes in parallel, the stages of a lane in order, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from itertools import groupby, zip_longest
from typing import ParamSpec, TypeVar

import msgspec

from cloudfail.errors import (
    CloudfailError,
    DeadlineError,
    ProviderError,
    SupersededError,
    our_error,
)
from cloudfail.model import Claim, Lane, Plan, PublicIp, Step
from cloudfail.provider import Writer
from cloudfail.run import Doing, Run

P = ParamSpec("P")
T = TypeVar("T")


class Applied(msgspec.Struct, frozen=True):
    """What came of a plan.

    `begun` are the steps that may have reached the cloud, `done` those that it confirmed. `errors`
    are claims' own; `collateral` the claims that only shared a step with such a claim: they may
    well work without it.
    """

    begun: list[Doing]
    done: list[Doing]
    errors: dict[Claim, CloudfailError]
    collateral: dict[Claim, CloudfailError]


def apply_plan(plan: Plan, writer: Writer, run: Run) -> Applied:
    """Execute every lane; one that fails does not stop the others.

    A step whose claim failed earlier in its lane is not begun. What is not an error of
    cloudfail's own tree is a bug of the provider and becomes one; only a crash is raised.
    """
    applied = Applied([], [], {}, {})
    with _threads(plan, run.width) as pool:
        waiting: dict[Future[None], _Due] = {}

        def begin(due: Iterable[_Due]) -> None:
            for step, stages in due:
                waiting[pool.submit(_do, step, writer, run, applied)] = (step, stages)

        lanes = [_Stages(lane) for lane in plan.lanes]
        begin(_interleaved([due for stages in lanes for due in stages.next(applied)]))
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                step, stages = waiting.pop(future)
                _settle(future, step, applied)
                if stages.is_over():
                    begin(stages.next(applied))
    return applied


class _Here(Executor):
    """Does it in the thread that asks."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  whoever asks for the result gets it
            future.set_exception(error)
        return future


def _threads(plan: Plan, width: int) -> Executor:
    """One step is done here: the start of a thread would be the larger part of what precedes it."""
    if len(plan.steps) == 1:
        return _Here()
    return ThreadPoolExecutor(width, thread_name_prefix="lane")


def _interleaved(due: Sequence[_Due]) -> Iterator[_Due]:
    """Take steps of different calls in turn: a call whose limit is reached then holds up no other."""
    by_call: dict[str, list[_Due]] = {}
    for one in due:
        by_call.setdefault(one[0].call, []).append(one)
    for turn in zip_longest(*by_call.values()):
        yield from (one for one in turn if one is not None)


class _Stages:
    """The stages of one lane, handed out one at a time."""

    def __init__(self, lane: Lane) -> None:
        ordered = sorted(lane.steps, key=lambda step: step.stage)
        self._stages: Iterator[list[Step]] = iter(
            [list(steps) for _, steps in groupby(ordered, key=lambda step: step.stage)]
        )
        self._running = 0

    def next(self, applied: Applied) -> Sequence[_Due]:
        for stage in self._stages:
            runnable = [step for step in stage if not _is_orphaned(step, applied)]
            if runnable:
                self._running = len(runnable)
                return [(step, self) for step in runnable]
        return ()

    def is_over(self) -> bool:
        """Count one step of the stage down; true when it was the last."""
        self._running -= 1
        return self._running == 0


_Due = tuple[Step, _Stages]


def _is_orphaned(step: Step, applied: Applied) -> bool:
    """True when what this step builds on failed; those that shared it are collateral."""
    errors = [error_of(claim, applied.errors) for claim in step.claims]
    first = next((error for error in errors if error is not None), None)
    if first is None:
        return False
    for claim, error in zip(step.claims, errors, strict=True):
        if error is None:
            applied.collateral.setdefault(claim, first)
    return True


def error_of(claim: Claim, errors: Mapping[Claim, CloudfailError]) -> CloudfailError | None:
    """The error of a claim, or of the private address that a public one sits on."""
    if claim in errors:
        return errors[claim]
    if not isinstance(claim, PublicIp):
        return None
    return next((error for other, error in errors.items() if claim.sits_on(other)), None)


def _settle(future: Future[None], step: Step, applied: Applied) -> None:
    error = future.exception()
    if error is None:
        return
    if not isinstance(error, CloudfailError):
        raise error
    for claim in step.claims:
        applied.errors.setdefault(claim, error)


def _do(step: Step, writer: Writer, run: Run, applied: Applied) -> None:
    with run.doing(step) as doing:
        try:
            run.before_write(step.call)
            _write_down(step, run)
            applied.begun.append(doing)
            doing.allowed = 0  # the question above was ours: nothing is sent yet
            run.ask(lambda: writer.execute(step))
        except Exception as raised:
            error = our_error(step.call, raised)
            if _was_never_sent(doing, error) and doing in applied.begun:
                applied.begun.remove(doing)
            _note(run, doing, "failed", error=str(error), code=_code(error))
            raise error from raised
        applied.done.append(doing)
        _note(run, doing, "done")


def _was_never_sent(doing: Doing, error: CloudfailError) -> bool:
    return doing.allowed == 0 and isinstance(error, (SupersededError, DeadlineError))


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


def _note(run: Run, doing: Doing, event: str, **fields: object) -> None:
    run.journal.write(
        event,
        **_named(doing.step),
        duration_ms=round((run.clock.now() - doing.began) * 1000, 1),
        attempts=doing.attempts,
        request_id=doing.request_id,
        **fields,
    )


def _code(error: CloudfailError) -> str:
    code = error.code if isinstance(error, ProviderError) else ""
    return code or type(error).__name__
