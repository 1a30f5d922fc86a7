"""The thread of an instance that acts: promotes, repairs, and does what it is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError

from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import Ran
from cloudfail.agent.work.around import Around
from cloudfail.agent.work.attempt import Attempts, Cause, plan_after
from cloudfail.agent.work.board import Board
from cloudfail.agent.work.permit import anybody, permit
from cloudfail.agent.work.requests import Request
from cloudfail.agent.work.sight import Sight
from cloudfail.agent.work.source import Source
from cloudfail.errors import CloudfailError, RefusedError, SupersededError
from cloudfail.outcome import Ended
from cloudfail.planner import build_plan

_LONGEST_WAIT = 60.0
# A plan made while BACKUP is good for two of the intervals at which it is made.
_OLDEST_PLAN = 2.0
Job = Callable[[], None]


class Actor:
    """Does one thing at a time; whatever is the newest role's comes first."""

    def __init__(self, around: Around, source: Source, attempts: Attempts, board: Board) -> None:
        self._around, self._source, self._attempts, self._board = around, source, attempts, board
        self._target, self._clock = around.target, around.clock

    def serve(self) -> None:
        """Act until the board says stop; the body of a thread."""
        with contextlib.closing(self._attempts):
            self._attempts.prepare()
            while (job := self._wait()) is not None:
                job()
                self._attempts.prepare()

    def _wait(self) -> Job | None:
        board = self._board
        with board.changed:
            while not board.stopping:
                job = self._next_job()
                if job is not None:
                    return job
                board.changed.wait(self._patience())
        return None

    def _patience(self) -> float:
        waiting = [request.until - self._clock.now() for request in self._board.requests]
        return max(0.0, min([*waiting, _LONGEST_WAIT]))

    def _next_job(self) -> Job | None:
        board, now = self._board, self._clock.now()
        standing = self._around.keeper.standing(now)
        may_act = standing.is_master and not board.paused and not self._around.is_late(now)
        if may_act and board.promoted != standing.generation:
            return lambda: self._promote(standing)
        request = self._answerable(standing, now)
        if request is not None:
            return lambda: self._serve(request, standing)
        repair, board.repair = board.repair, None
        if may_act and repair is not None and repair.generation == standing.generation:
            return lambda: self._repair(repair, standing)
        return None

    def _answerable(self, standing: Standing, now: float) -> Request | None:
        """Return a request that can be served, or refused, now; it is off the list then."""
        for request in self._board.requests:
            order = request.order
            if order is None or order.force or standing.is_master or now >= request.until:
                self._board.requests.remove(request)
                return request
        return None

    # ---- jobs

    def _promote(self, standing: Standing) -> None:
        sight, now = self._board.sight, self._clock.now()
        oldest = _OLDEST_PLAN * self._target.config.agent.standby_interval
        ready = sight is not None and sight.is_ready(now, oldest)
        cause = Cause(
            why="event",
            generation=standing.generation,
            since=standing.since,
            check=self._permit(standing),
            prepared=sight.plan if sight is not None and ready else None,
        )
        ended = self._attempt(cause)
        if isinstance(ended, Ended):
            self._board.last_failover = self._board.last_run
        if not _is_superseded(ended):
            self._board.promoted = standing.generation

    def _repair(self, sight: Sight, standing: Standing) -> None:
        fresh = sight.is_ready(self._clock.now(), self._target.instance.vrrp.advert_int)
        cause = Cause(
            why="repair",
            generation=standing.generation,
            since=self._clock.now(),
            check=self._permit(standing),
            prepared=sight.plan if fresh else None,
        )
        self._attempt(cause)
        with self._board.changed:
            self._board.quarrel.repaired(self._clock.now())

    def _serve(self, request: Request, standing: Standing) -> None:
        joined = self._joined(request, standing)
        if joined is not None:
            _settle(request.future, lambda: joined)
        elif request.order is None:
            _settle(request.future, self._plan)
        elif self._board.paused and not request.order.force:
            _fail(request.future, RefusedError(self._paused()))
        elif not standing.is_master and not request.order.force:
            _fail(request.future, RefusedError(self._contradiction(standing)))
        else:
            self._by_hand(request, standing)

    def _joined(self, request: Request, standing: Standing) -> Ended | None:
        """Return the run that was under way when somebody asked for one of the same role."""
        if not (request.is_joining and standing.is_master and self._board.last_ended):
            return None
        at, ended = self._board.last_ended
        return ended if at >= request.at and ended.generation == standing.generation else None

    def _by_hand(self, request: Request, standing: Standing) -> None:
        order = request.order
        assert order is not None  # noqa: S101 - its only caller has looked
        forced = order.force and not standing.is_master
        cause = Cause(
            why="hand",
            generation=standing.generation,
            since=self._clock.now(),
            check=anybody if forced else self._permit(standing),
            order=order,
        )
        ended = self._attempt(cause)
        if isinstance(ended, Ended):
            _settle(request.future, lambda: ended)
        else:
            _fail(request.future, ended)

    def _plan(self) -> object:
        return build_plan(
            self._source.provider(),
            self._target.instance.claims,
            instance=self._target.instance.name,
            rules=self._target.rules(),
        )

    def _attempt(self, cause: Cause) -> Ended | CloudfailError:
        """Run, and put on the board what came of it."""
        try:
            ended, ran = self._attempts.run(self._source.provider(), cause)
        except CloudfailError as error:
            self._put_up(None, str(error), None)
            return error
        failed = ended.outcome.error if ended.outcome is not None else None
        told = "" if failed is None or isinstance(failed, SupersededError) else str(failed)
        self._put_up(ended, told, ran)
        return ended

    def _put_up(self, ended: Ended | None, error: str, ran: Ran | None) -> None:
        board, now = self._board, self._clock.now()
        with board.changed:
            if ran is not None:
                board.last_run = ran
            if ended is not None:
                board.last_ended = now, ended
            if ended is not None and ended.outcome is not None:
                plan = plan_after(ended.outcome)
                board.sight = Sight(plan=plan, began=now, generation=ended.generation)
                if ended.outcome.error is None:
                    board.drift.forget()
                    board.pace.looked(now, is_master=True, is_fine=True)
                else:
                    board.pace.failed(now, is_master=True, throttled=False)
            if board.alarm("run", error):
                event = "alarm" if error else "alarm_over"
                self._around.observer.noted(event, self._around.name, error or "run")
            board.changed.notify_all()

    # ---- words

    def _permit(self, standing: Standing) -> Callable[..., None]:
        return permit(self._around.keeper, self._around.is_late, self._clock, standing.generation)

    def _paused(self) -> str:
        name = self._target.instance.name
        return f"{name} is paused ({self._board.paused}): nothing is moved; `cloudfail resume`, or --force"

    def _contradiction(self, standing: Standing) -> str:
        why = f" ({standing.doubt})" if standing.doubt else ""
        better = standing.better_peer
        who = f"; {better.address} masters with priority {better.priority}" if better else ""
        return (
            f"{self._target.instance.name}: the role of this node is {standing.word}{why}{who}; "
            "nothing was moved. `cloudfail handover` on the master moves the role; --force takes "
            "the claims against it"
        )


def _is_superseded(ended: Ended | CloudfailError) -> bool:
    if isinstance(ended, CloudfailError):
        return isinstance(ended, SupersededError)
    return ended.outcome is not None and isinstance(ended.outcome.error, SupersededError)


def _settle(future: Future[object], action: Callable[[], object]) -> None:
    """Answer, or say what went wrong; whoever asked may have left."""
    try:
        result = action()
    except CloudfailError as error:
        _fail(future, error)
        return
    with contextlib.suppress(InvalidStateError):
        future.set_result(result)


def _fail(future: Future[object], error: CloudfailError) -> None:
    with contextlib.suppress(InvalidStateError):
        future.set_exception(error)
