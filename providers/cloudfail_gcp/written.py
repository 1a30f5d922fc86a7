"""Which routes this process made and deleted: a look that shows all of that is newer than it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudfail.model import Claim, Holding, Owner, Step


class Written:
    """By claim and path; True for a route that was made. Kept until the claim is this node's."""

    def __init__(self) -> None:
        self._known: dict[Claim, Mapping[str, bool]] = {}

    def done(self, step: Step) -> None:
        """Note a step that Compute has confirmed."""
        collection, _, verb = step.call.partition(".")
        if collection != "routes":
            return
        name = step.params["name" if verb == "insert" else "route"]
        path = f"projects/{step.params['project']}/global/routes/{name}"
        for claim in step.claims:
            self._known[claim] = {**self._known.get(claim, {}), path: verb == "insert"}

    def of(self, claims: Sequence[Claim]) -> Mapping[Claim, Mapping[str, bool]]:
        return {claim: self._known[claim] for claim in claims if claim in self._known}

    def see(self, holdings: Sequence[Holding]) -> None:
        """Forget what has had its effect."""
        for holding in holdings:
            if holding.owner is Owner.MINE:
                self._known.pop(holding.claim, None)
