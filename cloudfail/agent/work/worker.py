"""One instance at work: its two threads, and what others may ask of it from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from cloudfail.agent.role.standing import Standing
from cloudfail.agent.view import InstanceView, Readiness
from cloudfail.agent.work.actor import Actor
from cloudfail.agent.work.around import Around
from cloudfail.agent.work.attempt import Attempts
from cloudfail.agent.work.board import Board
from cloudfail.agent.work.gate import Gate
from cloudfail.agent.work.looker import Looker
from cloudfail.agent.work.pace import Intervals
from cloudfail.agent.work.requests import Request, settle
from cloudfail.agent.work.sight import Sight, claim_views
from cloudfail.agent.work.source import Source
from cloudfail.clock import Deadline
from cloudfail.errors import RefusedError, SupersededError
from cloudfail.model import Plan
from cloudfail.outcome import Ended, Order
from cloudfail.provider import Provider
from cloudfail.role import Role
from cloudfail.run import Run

# Seconds after which no request of an SDK, with its own limits of time, is under way any more; each
# worker in the place of one that hangs has twice as long, as what hangs keeps its thread.
_HANGING, _LONGEST = 60.0, 3600.0


class Worker:
    """Starts idle: threads run from `start` to `stop`. Every method may be called from any thread.

    `hung` says how many before it did not come back.
    """

    def __init__(self, around: Around, *, paused: str = "", hung: int = 0) -> None:
        self._around, self._hung = around, hung
        self._made, self._hung_in_run = around.clock.now(), False
        settings, vrrp = around.target.config.agent, around.target.instance.vrrp
        intervals = Intervals(
            standby=settings.standby_interval,
            reconcile=settings.reconcile_interval,
            advert=vrrp.advert_int,
        )
        self._board = board = Board(intervals, around.clock.now())
        board.paused = paused
        gate = Gate(around.name, around.observer)
        self._source = Source(around.target, gate)
        attempts = Attempts(around, gate, self._began)
        self._bodies: dict[str, Callable[[], None]] = {
            "act": Actor(around, self._source, attempts, board).serve,
            "look": Looker(around, self._source, board).serve,
        }
        self._threads: list[threading.Thread] = []

    @property
    def has_claims(self) -> bool:
        return bool(self._around.target.instance.claims)

    def start(self) -> None:
        """Begin to look and act. Without claims there is nothing to do either for."""
        self.wake()
        for name, body in self._bodies.items() if self.has_claims else ():
            thread = threading.Thread(target=body, name=f"{name} {self._around.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, reason: str) -> None:
        """End at the next safe point; who waits for an answer is told."""
        board = self._board
        with board.changed:
            board.stopping = reason
            board.stop_run(reason)
            waiting = board.cancel_requests()
            board.tell()
        settle(waiting, SupersededError(f"ended: {reason}; ask again"))

    def join(self, deadline: Deadline) -> bool:
        """Wait until both threads have ended; False when one still is in a request."""
        for thread in self._threads:
            thread.join(deadline.left())
        return not any(thread.is_alive() for thread in self._threads)

    def wake(self) -> Standing:
        """Take the role as it is now; an actor that has something to do does it."""
        board, now = self._board, self._around.clock.now()
        standing = self._around.keeper.standing(now)
        with board.changed:
            is_new = standing.generation != board.generation
            if is_new:
                self._new_generation(standing, now)
            elif standing.is_master and not board.is_certain:
                board.pace.again(now)  # who had the claims while it was not certain?
            board.is_certain = standing.is_master
            board.changed.notify_all()
            if not (is_new and standing.is_master):  # then a run looks by itself
                board.looking.notify_all()
        return standing

    def again(self) -> None:
        """A lower advert was heard: look again, soon and once more."""
        with self._board.changed:
            self._board.pace.again(self._around.clock.now())
            self._board.tell()

    def ask(self, order: Order, patience: float) -> Future[Ended]:
        """Run for somebody; refused if this node is not master within `patience` seconds."""
        now = self._around.clock.now()
        request = Request(order, now, now + patience)
        self._ask(request.future, lambda: self._board.requests.append(request))
        return request.future

    def plan(self) -> Future[Plan]:
        """Look for somebody, and say what a promotion would do: nothing that moves waits for it."""
        future: Future[Plan] = Future()
        self._ask(future, lambda: self._board.asking.append(future))
        return future

    def look_soon(self) -> None:
        """Somebody waits for what a look may show."""
        with self._board.changed:
            self._board.pace.soon(self._around.clock.now())
            self._board.tell()

    def stood_still(self, seconds: float) -> None:
        """The process, or its machine, stood still for so long: what was seen is that much older."""
        board = self._board
        with board.changed:
            if board.sight is not None:
                board.sight = board.sight.aged(seconds)
            board.pace.stood_still(seconds)
            board.excuse(seconds)
            board.tell()

    @property
    def hanging(self) -> str:
        """Say what has not come back from the cloud's library, which nothing here can end."""
        board, target = self._board, self._around.target
        patience = min(_HANGING * 2.0 ** min(self._hung, 16), _LONGEST)
        begun = {"look": board.looking_since, "run": board.running_since}
        limits = {"look": patience, "run": target.deadline + patience}
        now = self._around.clock.now()
        return " and ".join(
            f"a {what} has not come back from provider {target.spec.name} for {limits[what]:.0f} s"
            for what, since in begun.items()
            if since is not None and now - since > limits[what]
        )

    def relieved(self, around: Around, *, paused: str) -> Worker:
        """End, and return another in its place, not started: what hangs may be this one's own.

        What comes back later finds that nothing more may be begun. The alarm lasts until the same
        has come back from the other one.
        """
        hanging = self.hanging
        self.stop("it hangs")
        has_lived = around.clock.now() - self._made > 2 * _LONGEST
        other = Worker(around, paused=paused, hung=1 if has_lived else self._hung + 1)
        remedy = "another look and another run take their place; tell who wrote the provider"
        other._hung_in_run = self._board.running_since is not None
        other._tell_hanging(f"{hanging}: {remedy}")
        return other

    def check(self) -> None:
        """End the alarm of the one before that hung, once this one does not."""
        came_back = self._board.last_run if self._hung_in_run else self._board.sight
        if self._hung and came_back is not None:
            self._tell_hanging("")

    def _tell_hanging(self, sentence: str) -> None:
        with self._board.changed:
            self._around.alarm(self._board, "hanging", sentence)

    def pause(self, text: str) -> None:
        """Move and repair nothing from now on; `text` says who wants it, and why."""
        with self._board.changed:
            self._board.paused = text
            self._board.stop_run(f"paused: {text}")

    def resume(self) -> None:
        if self._board.paused:
            self._board.paused, self._board.free_since = "", self._around.clock.now()
        self.look_soon()

    def found_ready(self, readiness: Readiness) -> None:
        """Take in what somebody found out about a takeover."""
        self._board.readiness = (self._around.clock.now(), readiness)

    def provider(self) -> Provider:
        """Return the provider; imports the SDK. Raises CloudfailError."""
        return self._source.provider()

    @property
    def sight(self) -> Sight | None:
        """What was seen last; None before the first look of a role."""
        return self._board.sight

    @property
    def standby_plan(self) -> Plan | None:
        """The newest plan made while this node was not master."""
        sight = self._board.sight
        return None if sight is None or self.is_master else sight.plan

    @property
    def is_master(self) -> bool:
        """True for a MASTER without doubt."""
        return self._around.keeper.standing().is_master

    @property
    def look_problem(self) -> str:
        """Why the newest look failed; empty: it did not."""
        return self._board.alarm_about("look")

    @property
    def is_promoted(self) -> bool:
        """True when the newest role is MASTER, a run for it has ended, and every claim is ours."""
        board, standing = self._board, self._around.keeper.standing()
        if not standing.is_master:
            return False
        if not self.has_claims:
            return True
        sight = board.sight
        return board.promoted == standing.generation and sight is not None and sight.is_mine

    def view(self) -> InstanceView:
        board, target, now = self._board, self._around.target, self._around.clock.now()
        sight = board.sight
        standing = self._around.keeper.standing(now)
        return InstanceView(
            name=target.instance.name,
            provider=target.spec.name,
            virtual_router_id=target.instance.virtual_router_id,
            node=target.node_name,
            device=target.instance.device_of(target.me),
            interface_id=sight.plan.node.ref if sight is not None else target.interface_id,
            standing=standing,
            claims=claim_views(sight, target, board.drift, now),
            paused=board.paused,
            alarms=board.alarms,
            readiness=self._aged_readiness(now),
            busy=board.run is not None,
            plan_age=now - sight.began if sight is not None else None,
            last_failover=board.last_failover,
            last_run=board.last_run,
        )

    def _aged_readiness(self, now: float) -> Readiness | None:
        if self._board.readiness is None:
            return None
        at, found = self._board.readiness
        return Readiness(ready=found.ready, reasons=found.reasons, age=now - at)

    def _new_generation(self, standing: Standing, now: float) -> None:
        board = self._board
        board.generation = standing.generation
        board.drift.forget()
        board.quarrel.forget()
        board.repair = None
        board.pace.role_changed(now, is_master=standing.role is Role.MASTER)
        if standing.role is not Role.MASTER:
            board.sight = None  # what was seen as MASTER is no plan for the next time

    def _began(self, run: Run | None, *, forced: bool) -> None:
        board = self._board
        with board.changed:
            board.run, board.runs = run, board.runs + 1
            board.running_since = None if run is None else self._around.clock.now()
            paused = "" if forced or not board.paused else f"paused: {board.paused}"
            if run is not None and (board.stopping or paused):
                run.stop(board.stopping or paused)
            if run is None:
                board.tell()

    def _ask(self, future: Future[Any], put: Callable[[], None]) -> None:
        """Have somebody waiting put on the board; refused where nobody will look at it."""
        board = self._board
        with board.changed:
            if board.stopping:
                settle([future], SupersededError(f"ended: {board.stopping}; ask again"))
            elif not self.has_claims:
                settle([future], RefusedError(f"{self._around.name} claims nothing in the cloud"))
            else:
                put()
                board.tell()
