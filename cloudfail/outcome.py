"""How a run ended: per claim, and as one exit code."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeadlineError,
    DeniedError,
    NotFoundError,
    ProviderError,
    RefusedError,
    SupersededError,
    TransientError,
    VerifyError,
)
from cloudfail.model import Claim, Owner, Plan
from cloudfail.provider import ApiCall


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """How it ended for one claim: who has it, and the error when that is not this node.

    `is_moving`: somebody's call was under way that may change it yet. `reason` is the holding's.
    """

    claim: Claim
    owner: Owner
    holder: str = ""
    error: CloudfailError | None = None
    is_moving: bool = False
    reason: str = ""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended. `plan` is the first one; `seconds` are monotonic, from look to proof."""

    plan: Plan
    results: tuple[Result, ...]
    changed: bool
    run_id: str
    seconds: float
    calls: int

    @property
    def error(self) -> CloudfailError | None:
        """The error that decides the exit code: a supersession, else the worst, else None."""
        errors = [result.error for result in self.results if result.error is not None]
        return max(errors, key=_weight) if errors else None

    @property
    def exit_code(self) -> int:
        return 0 if self.error is None else self.error.exit_code

    @property
    def is_moving(self) -> bool:
        """True when what was seen last may change yet by a call that somebody else has begun."""
        return any(result.is_moving for result in self.results)


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: `expect` is a plan's digest; without `join`, always look anew.

    `since` is when a look of another run must have begun, in seconds since boot, to do for this
    one as well; 0: after the event.
    """

    force: bool = False
    expect: str = ""
    join: bool = True
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended. `outcome` is None when another run had verified the same role meanwhile."""

    run_id: str
    generation: int
    outcome: Outcome | None
    calls: tuple[ApiCall, ...] = ()

    @property
    def error(self) -> CloudfailError | None:
        return self.outcome.error if self.outcome is not None else None

    @property
    def is_moving(self) -> bool:
        return self.outcome is not None and self.outcome.is_moving


# What decides the exit code when claims failed differently: first what a person has to mend.
_ORDER: tuple[type[CloudfailError], ...] = (
    DeadlineError,
    TransientError,
    ConflictError,
    VerifyError,
    RefusedError,
    ProviderError,
    NotFoundError,
    DeniedError,
    SupersededError,
)


def _weight(error: CloudfailError) -> int:
    ranks = [_ORDER.index(kind) for kind in type(error).__mro__ if kind in _ORDER]
    return ranks[0] if ranks else len(_ORDER)
