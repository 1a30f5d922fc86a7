"""How far one claim of a run is: what was seen, what was written, what is still owed."""

from __future__ import annotations

import msgspec

from cloudfail import guard
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    ProviderError,
    TransientError,
    VerifyError,
)
from cloudfail.guard import Rules
from cloudfail.model import Claim, Holding, Owner
from cloudfail.run import Doing

# EC2's documentation asks for describes "starting with a couple of seconds" after a write; most
# clouds show it at once. Until then nothing is written again.
SETTLE_SECONDS = 10.0
# A read may be older than our write, and show a holder from before. The same other one in two
# looks this far apart is not a stale read any more.
CERTAIN_SECONDS = 1.0


class Written(msgspec.Struct):
    """A write that the cloud does not show yet. `other` holds it since `other_since`."""

    at: float
    before: Holding
    doing: Doing | None = None
    other: str = ""
    other_since: float = 0.0


class Progress:
    """The state of one claim between the looks of a run. Times are monotonic seconds.

    `final`: nothing more will be tried. `why`: another round is needed. `written`: a write has to
    show yet. `shown`: the last one that did. `owed`: our own remove was sent, so our add is due
    whatever else happens.
    """

    def __init__(self, claim: Claim, rules: Rules) -> None:
        self.claim = claim
        self.holding: Holding | None = None
        self.final: CloudfailError | None = None
        self.why: CloudfailError | None = None
        self.written: Written | None = None
        self.shown: Written | None = None
        self.owed = False
        self.removed_from = ""
        self._rules = rules

    @property
    def is_mine(self) -> bool:
        return self.holding is not None and self.holding.owner is Owner.MINE

    @property
    def is_open(self) -> bool:
        """True while it is neither ours nor given up."""
        return self.final is None and not self.is_mine

    @property
    def is_settling(self) -> bool:
        return self.is_open and self.written is not None

    def see(self, seen: Holding, now: float) -> Written | None:
        """Take in what a look showed; return the write that this look has proven, if any."""
        self.holding = holding = guard.judge(seen, self._rules)
        if holding.holder and holding.holder != self.removed_from and not holding.reason:
            self.owed = False  # somebody has it: our remove leaves it with nobody no more
        if holding.owner is Owner.MINE:
            proven, self.written = self.written, None
            self.shown = proven or self.shown
            self.why, self.owed = None, False
            return proven
        if self.written is None and self.shown is not None and self.is_to_leave(now):
            self.written = msgspec.structs.replace(self.shown, other="")
        if self.written is not None:
            self.why = self._unsettled(self.written, holding, now)
            if self.why is None:
                return None
            self.written = self.shown = None
        self.final = guard.refusal(holding)
        return None

    def is_to_leave(self, now: float) -> bool:
        """True while a look may be from before our write; also after one that was not."""
        if self.written is not None:
            return True
        return self.shown is not None and now - self.shown.at < SETTLE_SECONDS

    def wrote(self, now: float, doing: Doing | None) -> None:
        """Note that a step of this claim may have reached the cloud: who has it is open now."""
        before = self.holding or Holding(claim=self.claim, owner=Owner.UNKNOWN)
        if self.written is not None:
            before = self.written.before  # the add after the remove: late reads show the same
        self.written = Written(at=now, before=before, doing=doing)
        self.holding = msgspec.structs.replace(before, owner=Owner.UNKNOWN, holder="")

    def removed(self) -> None:
        """Note that a remove was sent: from now on the add is owed."""
        self.owed = True
        self.removed_from = self.holding.holder if self.holding is not None else ""

    def failed(self, error: CloudfailError, *, again: bool) -> None:
        """Note an error of a step; `again` when another round may do better."""
        refused = isinstance(error, ProviderError) and not isinstance(error, TransientError)
        if refused and self.written is not None and not self.owed:
            self.holding = self.written.before  # the cloud said no: nothing changed
        self.written = None
        if again:
            self.why = error
        else:
            self.final = error

    def lost_sight(self, error: CloudfailError) -> None:
        """Note that a read-back failed: a write was done, and nobody can say what came of it."""
        self.written = None
        self.why = error

    def unsaid(self) -> CloudfailError:
        """Say why a claim that is open and was not written is open."""
        reason = self.holding.reason if self.holding is not None else ""
        if self.holding is None or self.holding.owner is Owner.UNKNOWN:
            why = f": {reason}" if reason else ""
            return TransientError(f"{self.claim}: the cloud did not say who holds it{why}")
        if reason:
            return VerifyError(f"{self.claim}: {reason}")
        return VerifyError(
            f"{self.claim}: {_shown(self.holding)} has it, and no step would change that"
        )

    def _unsettled(self, written: Written, holding: Holding, now: float) -> CloudfailError | None:
        """Return the error that ends the waiting; None while the write may still show."""
        if holding.is_fresh and holding.owner is not Owner.UNKNOWN:
            return ConflictError(f"{self.claim}: {_shown(holding)} has it after this node's calls")
        if holding.reason and holding.owner is not Owner.UNKNOWN:
            return VerifyError(f"{self.claim}: written, but {holding.reason}")
        if holding.holder and holding.holder != written.before.holder:
            if written.other != holding.holder:
                written.other, written.other_since = holding.holder, now
            elif now - written.other_since >= CERTAIN_SECONDS:
                return ConflictError(
                    f"{self.claim}: {_shown(holding)} has it right after this node took it"
                )
        if now - written.at < SETTLE_SECONDS:
            return None
        return VerifyError(
            f"{self.claim}: the call succeeded, but the cloud still shows {_shown(holding)} "
            f"after {SETTLE_SECONDS:.0f} s"
        )


def _shown(holding: Holding) -> str:
    shown = holding.holder or holding.owner.value
    return f"{shown} ({holding.reason})" if holding.reason else shown
