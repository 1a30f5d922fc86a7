"""The looks of one process: now, and again once what a peer has begun must have landed.

A peer that was master until a moment ago may have a call under way, which lands after whatever was
verified; and where nobody is told of it, nobody would look again.
"""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

import msgspec

from cloudfail.cli.mates import look_for_mates
from cloudfail.cli.promotion import run_promotion
from cloudfail.cli.stop import Stopper
from cloudfail.clock import Deadline, SystemClock
from cloudfail.config import Config, Instance
from cloudfail.errors import CloudfailError, SupersededError, TransientError
from cloudfail.keepalived.one_at_a_time import let_go
from cloudfail.outcome import Ended, Order
from cloudfail.role import Event, Role, RoleStore, default_directory
from cloudfail.role.event import TICKS, boottime
from cloudfail.run import SAFE_POINT_SECONDS
from cloudfail.target import Target

_LEAST_SETTLE_SECONDS = 1.0


def settle_seconds(instance: Instance) -> float:
    """An advert interval: by then a peer that still mastered has heard us, and begins no more."""
    return max(_LEAST_SETTLE_SECONDS, instance.vrrp.advert_int)


class Looks:
    """Look at a target, if there is one, and with `mates` at the other instances of its group."""

    def __init__(
        self,
        args: Namespace,
        config: Config,
        instance: Instance,
        target: Target | None,
        stopper: Stopper,
        *,
        mates: bool,
    ) -> None:
        self._args, self._config, self._instance = args, config, instance
        self._target, self._stopper, self._mates = target, stopper, mates
        self._event = Event.of_this_process(instance.name, Role.MASTER)
        self._patience = Deadline.after(SystemClock(), self._longest)
        self._ended: Ended | None = None
        self._error: CloudfailError | None = None

    @property
    def ended(self) -> Ended:
        """How the last look ended, with what all of them changed. Raises what it raised."""
        if self._error is not None:
            raise self._error
        if self._ended is None:  # pragma: no cover - there is a target, and it was looked at
            raise AssertionError
        return self._ended

    @property
    def problem(self) -> CloudfailError | None:
        """What the last look raised, or ended with."""
        return self._error or (self._ended.error if self._ended is not None else None)

    @property
    def is_superseded(self) -> bool:
        return isinstance(self.problem, SupersededError)

    @property
    def may_mend(self) -> bool:
        """True when what was wrong may pass, and the run gave up before its time was up.

        Who asks by hand is told at once; but keepalived asks once.
        """
        return isinstance(self._error, TransientError) and self._patience.left() > 0

    def may_be_contested(self) -> bool:
        """Ask before the first look: True where a peer was master until so lately that its run goes on.

        That is at most as long as a run may take, and this node's own last role was told before it.
        """
        recorded = RoleStore(default_directory()).current(self._instance.name)
        if recorded is None or self._target is None:
            return False
        ago = (self._event.started - recorded.event.started) / TICKS
        return recorded.event.boot_id == self._event.boot_id and ago < self._target.deadline

    def look(self, order: Order) -> bool:
        """Look once; True when a call of somebody's was under way. What is wrong is kept."""
        is_moving = self._look_at_own(order)
        if self._mates and not self.is_superseded:
            told = (self._args, self._config, self._instance.name)
            is_moving = look_for_mates(*told, self._stopper, order) or is_moving
        return is_moving

    def look_until_settled(self, order: Order | None = None) -> None:
        """Look again as ordered a while later, and for as long as a call of somebody's is under way.

        And once more where flock(1) may have ended a lower advert until just now: the peer was
        master that late. That look is made whatever else went wrong: nobody else makes it.
        """
        deadline = Deadline.after(SystemClock(), self._longest)
        while True:  # each advert that was told of ends up here: one late look does for them all
            self._settle()
            if self._stopper.stopped:
                return
            kept_others_away = let_go()  # each of them counts on a look that settled after it
            is_moving = self.look(replace(order or Order(), since=boottime()))
            is_due = self.may_mend or (is_moving and deadline.left() > 0)
            if not (kept_others_away or is_due):
                return

    @property
    def _longest(self) -> float:
        return self._target.deadline if self._target is not None else 0.0

    def _look_at_own(self, order: Order) -> bool:
        if self._target is None:
            return False
        try:
            ended = run_promotion(self._target, self._event, self._stopper, order)
        except CloudfailError as error:
            self._error = error
            return False
        self._error = None
        self._ended = _both(self._ended, ended)
        return ended.is_moving

    def _settle(self) -> None:
        """Wait, joined or not: the peer's last call may land after whatever was verified."""
        clock = SystemClock()
        deadline = Deadline.after(clock, settle_seconds(self._instance))
        while deadline.left() and not self._stopper.stopped:
            clock.sleep(min(deadline.left(), SAFE_POINT_SECONDS))


def _both(first: Ended | None, second: Ended) -> Ended:
    """Tell the second; what the first changed was changed all the same."""
    changed = first is not None and first.outcome is not None and first.outcome.changed
    if first is None or not changed or second.outcome is None:
        return second
    outcome = msgspec.structs.replace(second.outcome, changed=True)
    return replace(second, outcome=outcome, calls=(*first.calls, *second.calls))
