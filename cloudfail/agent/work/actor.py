"""The thread of an instance that acts: promotes, repairs, and does what it is asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import Ran
from cloudfail.agent.work import endless
from cloudfail.agent.work.around import Around
from cloudfail.agent.work.attempt import Attempts, Cause, plan_after
from cloudfail.agent.work.board import Board
from cloudfail.agent.work.calm import Calm
from cloudfail.agent.work.permit import anybody, permit
from cloudfail.agent.work.requests import Request, settle
from cloudfail.agent.work.sight import Sight
from cloudfail.agent.work.source import Source
from cloudfail.errors import CloudfailError, RefusedError, SupersededError, ThrottledError
from cloudfail.outcome import Ended, Order

_LONGEST_WAIT = 60.0
_LATE_AGAIN = 0.02
# A plan made while BACKUP is good for two of the intervals at which it is made.
_OLDEST_PLAN = 2.0
Job = Callable[[], None]


class Actor:
    """Does one thing at a time; whatever is the newest role's comes first."""

    def __init__(self, around: Around, source: Source, attempts: Attempts, board: Board) -> None:
        self._around, self._source, self._attempts, self._board = around, source, attempts, board
        self._target, self._clock = around.target, around.clock
        self._calm = Calm()

    def serve(self) -> None:
        """Act until the board says stop; the body of a thread."""
        with contextlib.closing(self._attempts):
            endless.serve(self._turn, self._board, self._around)

    def _turn(self) -> bool:
        self._attempts.prepare()
        job = self._wait()
        if job is None:
            return False
        job()
        return True

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
        """Return for how long nothing can become due without somebody saying so."""
        now = self._clock.now()
        times = [request.until - now for request in self._board.requests]
        times.append(self._calm.until - now if self._calm.until > now else _LONGEST_WAIT)
        if self._around.is_late(now):  # nobody says when that is over
            times.append(_LATE_AGAIN)
        return max(0.0, min(times))

    def _next_job(self) -> Job | None:
        board, now = self._board, self._clock.now()
        standing = self._around.keeper.standing(now)
        may_act = standing.is_master and not board.paused and not self._around.is_late(now)
        if may_act and board.promoted != standing.generation:
            return (lambda: self._promote(standing)) if now >= self._calm.until else None
        request = self._answerable(standing, now)
        if request is not None:
            return lambda: self._serve(request, standing)
        repair, board.repair = board.repair, None
        if may_act and repair is not None and repair.generation == standing.generation:
            job = self._tidy if repair.is_mine else self._repair
            return lambda: job(repair, standing)
        return None

    def _answerable(self, standing: Standing, now: float) -> Request | None:
        """Return a request that can be served, or refused, now; it is off the list then."""
        for request in self._board.requests:
            order = request.order
            if order.force or standing.is_master or now >= request.until:
                self._board.requests.remove(request)
                return request
        return None

    # ---- jobs

    def _promote(self, standing: Standing) -> None:
        sight, now = self._board.sight, self._clock.now()
        oldest = _OLDEST_PLAN * self._target.config.agent.standby_interval
        ready = sight is not None and sight.is_ready(now, oldest)
        # A role from before a start, a reload or a pause is no failover of now.
        is_event = standing.since >= self._board.free_since
        cause = Cause(
            why="event" if is_event else "start",
            generation=standing.generation,
            since=standing.since if is_event else now,
            check=self._permit(standing),
            prepared=sight.plan if sight is not None and ready else None,
        )
        ended = self._attempt(cause)
        ran = self._attempts.ran_for(cause)
        if ran is not None and is_event:
            self._board.last_failover = ran
        if not _is_superseded(ended):
            self._board.promoted = standing.generation
        self._calm.ended(now, has_written=_has_written(ended))

    def _tidy(self, sight: Sight, standing: Standing) -> None:
        self._attempt(self._mending("tidy", sight, standing))

    def _mending(self, why: str, sight: Sight, standing: Standing) -> Cause:
        fresh = sight.is_ready(self._clock.now(), self._target.instance.vrrp.advert_int)
        return Cause(
            why=why,
            generation=standing.generation,
            since=self._clock.now(),
            check=self._permit(standing),
            prepared=sight.plan if fresh else None,
        )

    def _repair(self, sight: Sight, standing: Standing) -> None:
        ended = self._attempt(self._mending("repair", sight, standing))
        now, quarrel = self._clock.now(), self._board.quarrel
        with self._board.changed:
            if isinstance(ended, Ended) and ended.error is None:
                quarrel.repaired(now)
            elif not _is_superseded(ended):
                quarrel.failed(now)

    def _serve(self, request: Request, standing: Standing) -> None:
        joined = self._joined(request, standing)
        if joined is not None:
            settle([request.future], joined)
        elif self._board.paused and not request.order.force:
            settle([request.future], RefusedError(self._paused()))
        elif not standing.is_master and not request.order.force:
            settle([request.future], RefusedError(self._contradiction(standing)))
        else:
            settle([request.future], self._by_hand(request.order, standing))

    def _joined(self, request: Request, standing: Standing) -> Ended | None:
        """Return the run that was under way when somebody asked for one of the same role."""
        if not (request.is_joining and standing.is_master and self._board.last_ended):
            return None
        at, ended = self._board.last_ended
        return ended if at >= request.at and ended.generation == standing.generation else None

    def _by_hand(self, order: Order, standing: Standing) -> Ended | CloudfailError:
        forced = order.force and not standing.is_master
        cause = Cause(
            why="hand",
            generation=standing.generation,
            since=self._clock.now(),
            check=anybody if forced else self._permit(standing),
            order=order,
        )
        return self._attempt(cause)

    def _attempt(self, cause: Cause) -> Ended | CloudfailError:
        """Run, and put on the board what came of it."""
        try:
            ended, ran = self._attempts.run(self._source.provider(), cause)
        except CloudfailError as error:
            self._put_up(None, str(error), self._attempts.ran_for(cause))
            return error
        told = "" if ended.error is None or _is_superseded(ended) else str(ended.error)
        self._put_up(ended, told, ran)
        return ended

    def _put_up(self, ended: Ended | None, error: str, ran: Ran | None) -> None:
        board, now = self._board, self._clock.now()
        with board.changed:
            if ran is not None:
                board.last_run = ran
            if ended is not None:
                board.last_ended = now, ended
                self._take_in(ended, now)
            self._around.alarm(board, "run", error)
            board.tell()

    def _take_in(self, ended: Ended, now: float) -> None:
        """See what the run saw last, unless another role has come since."""
        board = self._board
        if ended.outcome is None or ended.generation < board.generation:
            return
        if _is_superseded(ended):  # what it saw may be from before what ended it
            board.sight = board.sight.spent() if board.sight is not None else None
            return
        plan = plan_after(ended.outcome)
        board.sight = Sight(plan=plan, began=now, generation=ended.generation)
        if ended.error is None:
            board.drift.forget()
            board.pace.looked(now, is_master=True, is_fine=True)
        else:
            throttled = isinstance(ended.error, ThrottledError)
            board.pace.failed(now, is_master=True, throttled=throttled)

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
    error = ended.error if isinstance(ended, Ended) else ended
    return isinstance(error, SupersededError)


def _has_written(ended: Ended | CloudfailError) -> bool:
    return isinstance(ended, Ended) and any(call.mutating for call in ended.calls)
