"""Whether this node answers for an instance. The one rule: in doubt it does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec

from cloudfail.agent.role.standing import Standing
from cloudfail.config import Instance
from cloudfail.model import Owner


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """What a look showed: `at` is when it began (monotonic), `owners` says who has which claim.

    A claim is named by its `str`, an owner is one of `model.Owner`. What is missing is unknown.
    """

    at: float
    owners: Mapping[str, str]


class Holds:
    """The rule for one instance: asked as often as one likes, by one thread.

    True only for a MASTER without doubt that holds every claim of the instance, as seen by a look
    that began after the role did. An unknown holding leaves the answer what it was in this very
    generation; whoever was not master in between, or was seen without a claim, begins with False.
    """

    def __init__(self, claims: Collection[str]) -> None:
        self.claims = frozenset(claims)
        self._answered: int | None = None  # the generation in which the last answer was True

    def answers(self, standing: Standing, looked: Looked | None) -> bool:
        holds = self._holds(standing, looked) if standing.is_master else False
        if holds is None:
            holds = self._answered == standing.generation
        self._answered = standing.generation if holds else None
        return holds

    def _holds(self, standing: Standing, looked: Looked | None) -> bool | None:
        """True: every claim is ours; False: one is not; None: that is not known."""
        if not self.claims:
            return True
        if looked is None or looked.at < standing.since:
            return None
        owners = {looked.owners.get(claim, Owner.UNKNOWN) for claim in self.claims}
        if owners - {Owner.MINE, Owner.UNKNOWN}:
            return False
        return None if Owner.UNKNOWN in owners else True


class Answering:
    """The rule for every instance, by name: what `Responders` ask before each answer.

    `standing` and `looked` are asked each time, in the thread that asks. An instance that is not
    configured answers nothing. Raises what they raise; `Responders` take that for a no.
    """

    def __init__(
        self,
        instances: Mapping[str, Instance],
        standing: Callable[[str], Standing],
        looked: Callable[[str], Looked | None],
    ) -> None:
        self._standing, self._looked = standing, looked
        self._rules: dict[str, Holds] = {}
        self.configure(instances)

    def configure(self, instances: Mapping[str, Instance]) -> None:
        """Answer for these from now on; where the claims stay the same, so does the last answer."""
        rules = {
            name: Holds([str(claim) for claim in instance.claims])
            for name, instance in instances.items()
        }
        self._rules = {name: self._kept(name, rule) for name, rule in rules.items()}

    def _kept(self, name: str, rule: Holds) -> Holds:
        before = self._rules.get(name)
        return before if before is not None and before.claims == rule.claims else rule

    def __call__(self, instance: str) -> bool:
        rule = self._rules.get(instance)
        if rule is None:
            return False
        return rule.answers(self._standing(instance), self._looked(instance))
