"""A cloud in a dict, as one node sees it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import NoReturn

from cloudfail.errors import CloudfailError, ConflictError, TransientError
from cloudfail.model import Claim, Finding, Holding, Lane, Node, Owner, Step
from cloudfail.provider import ApiCall, Setup
from cloudfail.testing.faults import READ_FAULTS, WRITE_FAULTS, WRITES_AGO, Crash, Fault
from cloudfail.testing.lanes import lanes_for
from cloudfail.testing.world import FakeWorld, Held

THIEF, UNDONE = "thief", "the cloud did not finish it: take it again"


class FakeCloud:
    """A provider over a `FakeWorld`, as one node sees it.

    `atomic` clouds take in one call; the others need a release by the holder first. `batch` clouds
    move all private-ips in one call, which fails as a whole when one claim is in `bad`: the error
    that it gets. `reads` and `writes` are the faults of the coming calls, one a call, and `lags`
    the seconds by which the coming reads are late; after them everything works. `setup.peers`
    decides who is a stranger, by name. `sent` are the steps that the cloud accepted, `received` all
    that reached it, `looks` counts the reads. What is `untidy` is to be tidied up once it is this node's;
    looks are `fresh` where they show every write, and a call of somebody's is under way for what is
    `moving`. What is `undone` does not count as this node's until it is taken again. After a crash the
    process is `dead`, and every call of it crashes.
    """

    def __init__(  # noqa: PLR0913 - keyword only: what kind of cloud, and what it does to us
        self,
        world: FakeWorld,
        me: str,
        *,
        setup: Setup | None = None,
        atomic: bool = True,
        batch: bool = False,
        reads: Iterable[Fault] = (),
        writes: Iterable[Fault] = (),
        lags: Iterable[float] = (),
        bad: Mapping[Claim, CloudfailError] | None = None,
    ) -> None:
        self.world, self.me, self.atomic, self.batch = world, me, atomic, batch
        self.setup = setup or Setup(settings=None)
        self.bad = dict(bad or {})
        self.sent: list[Step] = []
        self.received: list[Step] = []
        self.looks = 0
        self.dead = False
        self.untidy: set[Claim] = set()
        self.moving: set[Claim] = set()
        self.undone: set[Claim] = set()
        self.fresh = False
        self._reads: Iterator[Fault] = chain(reads, repeat(Fault.OK))
        self._writes: Iterator[Fault] = chain(writes, repeat(Fault.OK))
        self._lags: Iterator[float] = chain(lags, repeat(0.0))
        self._lock = threading.Lock()

    # -- Reader
    def identify(self) -> Node:
        self._check_alive()
        return Node(ref=self.me, name=self.me)

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        fault, lag = self._next_read()
        if fault is Fault.CRASH_BEFORE:
            self._crash()
        self.setup.on_call(ApiCall(operation="Describe", mutating=False, seconds=0.0, status=200))
        if fault is Fault.ERROR_BEFORE:
            raise TransientError("503 while reading", code="Unavailable")
        if fault is Fault.UNSAID:
            return [Holding(claim=claim, owner=Owner.UNKNOWN) for claim in claims]
        held = self._seen(fault, lag)
        return [self._holding(claim, held.get(claim, "")) for claim in claims]

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        lanes = lanes_for(holdings, node, atomic=self.atomic, batch=self.batch)
        return (*lanes, *(_tidying(h.claim) for h in holdings if self._is_to_tidy(h)))

    def _is_to_tidy(self, holding: Holding) -> bool:
        return holding.owner is Owner.MINE and holding.claim in self.untidy

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        del lanes
        return []

    # -- Writer
    def execute(self, step: Step) -> None:
        self._check_alive()
        self.setup.before_write(step.call)
        fault = self._next_write()
        if fault is Fault.CRASH_BEFORE:
            self._crash()
        self._receive(step)
        self._refuse(step, fault)
        self._accept(step, done=fault is not Fault.IGNORED)
        if fault is Fault.TAKEN_AFTER:
            self.world.put(step.claims[0], THIEF)
        if fault is Fault.CRASH_AFTER:
            self._crash()
        if fault is Fault.ERROR_AFTER:
            raise TransientError("timeout after doing it", code="RequestTimeout")

    def _receive(self, step: Step) -> None:
        self.received.append(step)
        self.setup.on_call(
            ApiCall(operation=step.call, mutating=True, seconds=0.0, status=200, request_id="fake")
        )

    def _refuse(self, step: Step, fault: Fault) -> None:
        if fault is Fault.ERROR_BEFORE:
            raise TransientError("503 before doing anything", code="Unavailable")
        if fault is Fault.CONFLICT:
            raise ConflictError("409: try again", code="IncorrectState")
        if fault is Fault.STOLEN:
            self.world.put(step.claims[0], THIEF)
            raise ConflictError("412: somebody else has it", code="PreconditionFailed")
        for claim in step.claims:
            if claim in self.bad:
                raise self.bad[claim]

    def _accept(self, step: Step, *, done: bool) -> None:
        if done:
            self._do(step)
        self.sent.append(step)

    def _do(self, step: Step) -> None:
        """Do what the parameters say: a wrong step hits the wrong things."""
        if step.tidies:
            self.untidy.difference_update(step.claims)
            return
        names, holder = step.params.get("names", ()), step.params["holder"]
        if step.call == "Release":
            self.world.release(names, holder)
            return
        self.world.take(names, holder, atomic=self.atomic)
        self.undone.difference_update(step.claims)

    def _seen(self, fault: Fault, lag: float) -> Held:
        if fault in WRITES_AGO:
            return self.world.writes_ago(WRITES_AGO[fault])
        return self.world.seconds_ago(lag) if lag else self.world.held

    def _holding(self, claim: Claim, holder: str) -> Holding:
        owner = self._owner(holder)
        is_undone = owner is Owner.MINE and claim in self.undone
        return Holding(
            claim=claim,
            owner=Owner.PEER if is_undone else owner,
            holder=holder,
            is_fresh=self.fresh,
            is_moving=claim in self.moving,
            reason=UNDONE if is_undone else "",
        )

    def _owner(self, holder: str) -> Owner:
        if not holder:
            return Owner.NOBODY
        if holder == self.me:
            return Owner.MINE
        peers = {peer.name for peer in self.setup.peers}
        return Owner.PEER if not peers or holder in peers else Owner.STRANGER

    def _check_alive(self) -> None:
        if self.dead:
            raise Crash

    def _crash(self) -> NoReturn:
        self.dead = True
        raise Crash

    def _next_read(self) -> tuple[Fault, float]:
        self._check_alive()
        with self._lock:
            self.looks += 1
            fault, lag = next(self._reads), next(self._lags)
        return fault if fault in READ_FAULTS else Fault.OK, lag

    def _next_write(self) -> Fault:
        with self._lock:
            fault = next(self._writes)
        return fault if fault in WRITE_FAULTS else Fault.OK


def _tidying(claim: Claim) -> Lane:
    step = Step(call="Tidy", claims=(claim,), params={}, summary=f"tidy up {claim}", tidies=True)
    return Lane(key=claim.target, steps=(step,))
