"""A cloud in a dict, and what it can do to those who trust it."""

from __future__ import annotations

import enum
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cloudfail.errors import ConflictError, TransientError
from cloudfail.model import Claim, Finding, Holding, Lane, Node, Owner, Step
from cloudfail.provider import ApiCall, Setup

THIEF = "thief"


class Crash(BaseException):
    """The process died here."""


class Fault(enum.StrEnum):
    """What happens to the next call. A read takes the faults that a read can have."""

    OK = "ok"
    ERROR_BEFORE = "error-before"  # an error, nothing happened
    ERROR_AFTER = "error-after"  # an error, but it happened: the answer was lost
    IGNORED = "ignored"  # 200, and nothing happened
    STOLEN = "stolen"  # somebody else took it meanwhile: conflict
    TAKEN_AFTER = "taken-after"  # done, and taken away at once
    CRASH_BEFORE = "crash-before"
    CRASH_AFTER = "crash-after"
    STALE = "stale"  # a read shows the world before the last write
    UNSAID = "unsaid"  # a read cannot say who holds anything


_READ_FAULTS = {Fault.ERROR_BEFORE, Fault.STALE, Fault.UNSAID, Fault.CRASH_BEFORE}
_WRITE_FAULTS = set(Fault) - {Fault.STALE, Fault.UNSAID}


class FakeWorld:
    """Who holds what. One claim has at most one holder; `""` is nobody."""

    def __init__(
        self, held: Mapping[Claim, str], *, other: Mapping[str, str] | None = None
    ) -> None:
        self.held = dict(held)
        self.before = dict(held)
        self.other = dict(other or {})  # what nobody claimed, and nobody may change
        self.lock = threading.Lock()

    def put(self, claim: Claim, holder: str) -> None:
        """Change a holder; the world before it stays readable as the stale one."""
        with self.lock:
            self.before = dict(self.held)
            self.held[claim] = holder


class FakeCloud:
    """A provider over a `FakeWorld`, as one node sees it.

    `atomic` clouds take in one call; the others need a release by the holder first. `reads` and
    `writes` are the faults of the coming calls, one a call; after them everything works.
    `setup.peers` decides who is a stranger, by name.
    """

    def __init__(
        self,
        world: FakeWorld,
        me: str,
        *,
        setup: Setup | None = None,
        atomic: bool = True,
        reads: Iterable[Fault] = (),
        writes: Iterable[Fault] = (),
    ) -> None:
        self.world, self.me, self.atomic = world, me, atomic
        self.setup = setup or Setup(settings=None)
        self.sent: list[Step] = []
        self._reads: Iterator[Fault] = iter(reads)
        self._writes: Iterator[Fault] = iter(writes)
        self._lock = threading.Lock()

    # -- Reader
    def identify(self) -> Node:
        return Node(ref=self.me, name=self.me)

    def observe(self, claims: Sequence[Claim]) -> Sequence[Holding]:
        fault = self._next(self._reads, _READ_FAULTS)
        self.setup.on_call(ApiCall(operation="Describe", mutating=False, seconds=0.0, status=200))
        if fault is Fault.ERROR_BEFORE:
            raise TransientError("503 while reading", code="Unavailable")
        if fault is Fault.CRASH_BEFORE:
            raise Crash
        if fault is Fault.UNSAID:
            return [Holding(claim=claim, owner=Owner.UNKNOWN) for claim in claims]
        held = self.world.before if fault is Fault.STALE else self.world.held
        return [self._holding(claim, held.get(claim, "")) for claim in claims]

    def steps(self, holdings: Sequence[Holding], node: Node) -> Sequence[Lane]:
        lanes = []
        for holding in holdings:
            movable = holding.owner in {Owner.PEER, Owner.NOBODY} and not holding.obstacle
            if movable:
                steps = tuple(self._steps(holding, node))
                lanes.append(Lane(key=holding.claim.target, steps=steps))
        return lanes

    def check(self, lanes: Sequence[Lane]) -> Sequence[Finding]:
        del lanes
        return []

    # -- Writer
    def execute(self, step: Step) -> None:
        self.setup.before_write(step.call)
        fault = self._next(self._writes, _WRITE_FAULTS)
        (claim,) = step.claims
        if fault is Fault.CRASH_BEFORE:
            raise Crash
        if fault is Fault.ERROR_BEFORE:
            raise TransientError("503 before doing anything", code="Unavailable")
        if fault is Fault.STOLEN:
            self.world.put(claim, THIEF)
            raise ConflictError("412: somebody else has it", code="PreconditionFailed")
        self._send(step, claim, done=fault is not Fault.IGNORED)
        if fault is Fault.TAKEN_AFTER:
            self.world.put(claim, THIEF)
        if fault is Fault.CRASH_AFTER:
            raise Crash
        if fault is Fault.ERROR_AFTER:
            raise TransientError("timeout after doing it", code="RequestTimeout")

    def _send(self, step: Step, claim: Claim, *, done: bool) -> None:
        self.sent.append(step)
        self.setup.on_call(
            ApiCall(operation=step.call, mutating=True, seconds=0.0, status=200, request_id="fake")
        )
        if not done:
            return
        now = self.world.held.get(claim, "")
        if step.releases:
            if now == step.params["holder"]:
                self.world.put(claim, "")
            return
        if not self.atomic and now not in {"", self.me}:
            raise ConflictError(f"{claim} is in use by {now}", code="InUse")
        self.world.put(claim, self.me)

    def _steps(self, holding: Holding, node: Node) -> Iterator[Step]:
        claims = (holding.claim,)
        release_first = not self.atomic and holding.holder != ""
        if release_first:
            yield Step(
                call="Release",
                claims=claims,
                params={"holder": holding.holder},
                summary=f"release {holding.claim} from {holding.holder}",
                releases=True,
                destroys={"holder": holding.holder},
            )
        yield Step(
            call="Take",
            claims=claims,
            params={"holder": node.ref},
            summary=f"give {holding.claim} to {node.ref}",
            stage=1 if release_first else 0,
            completes=release_first,
        )

    def _holding(self, claim: Claim, holder: str) -> Holding:
        return Holding(claim=claim, owner=self._owner(holder), holder=holder)

    def _owner(self, holder: str) -> Owner:
        if not holder:
            return Owner.NOBODY
        if holder == self.me:
            return Owner.MINE
        peers = {peer.name for peer in self.setup.peers}
        return Owner.PEER if not peers or holder in peers else Owner.STRANGER

    def _next(self, script: Iterator[Fault], possible: set[Fault]) -> Fault:
        with self._lock:
            fault = next(script, Fault.OK)
        return fault if fault in possible else Fault.OK
