"""Safety rules of a run that takes several rounds."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

import msgspec
from cloudfail.errors import ConflictError
from cloudfail.model import Claim, Holding, Owner, PrivateIp, Step
from cloudfail.promote import promote
from cloudfail.provider import Setup
from cloudfail.run import Run
from cloudfail.testing import FakeCloud, FakeWorld, ready_run

SLOW = PrivateIp(address=ip_address("10.0.0.100"))
CONTESTED = PrivateIp(address=ip_address("10.0.0.101"))


def hooked(run: Run) -> Setup:
    return Setup(settings=None, before_write=run.before_write, on_call=run.on_call)


class Lagging(FakeCloud):
    """SLOW moves at its first write, but a look shows it only a while later; CONTESTED conflicts
    once, which makes another round.
    """

    looks_that_lag = 4
    conflicts = 1

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        seen = super().observe(claims)
        self.looks_that_lag -= 1
        if self.looks_that_lag <= 0:
            return seen
        old = {"owner": Owner.PEER, "holder": "b"}
        return [msgspec.structs.replace(one, **old) if one.claim == SLOW else one for one in seen]

    def execute(self, step: Step) -> None:
        if CONTESTED in step.claims and self.conflicts:
            self.conflicts -= 1
            raise ConflictError("the interface is being modified", code="InUse")
        super().execute(step)


def test_what_was_written_is_not_written_again_when_another_claim_needs_a_round() -> None:
    run = ready_run()
    cloud = Lagging(FakeWorld({SLOW: "b", CONTESTED: "b"}), "a", setup=hooked(run))
    outcome = promote(cloud, [SLOW, CONTESTED], run)
    assert outcome.error is None
    assert sorted(str(claim) for step in cloud.sent for claim in step.claims) == [
        str(SLOW),
        str(CONTESTED),
    ]


class StoppedHalfway(FakeCloud):
    """SIGTERM comes while the address is off its old holder, and the add conflicts once."""

    def __init__(self, world: FakeWorld, run: Run) -> None:
        super().__init__(world, "a", setup=hooked(run), atomic=False)
        self._run = run
        self._conflicts = 1

    def execute(self, step: Step) -> None:
        if not step.releases and self._conflicts:
            self._conflicts -= 1
            self._run.stop("SIGTERM")
            raise ConflictError("the address is being cleaned up", code="CleanUp")
        super().execute(step)


def test_a_stop_leaves_with_nobody_nothing_that_this_run_has_removed() -> None:
    run = ready_run()
    world = FakeWorld({SLOW: "b"})
    promote(StoppedHalfway(world, run), [SLOW], run)
    assert world.held[SLOW] == "a"
