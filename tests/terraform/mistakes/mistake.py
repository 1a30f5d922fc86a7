"""A mistake, and what terraform has to say of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mistake:
    """`before` becomes `after`; terraform has to say `refusal`."""

    name: str
    before: str
    after: str
    refusal: str
