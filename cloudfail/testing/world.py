"""Who holds what in a fake cloud, now and before."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping

from cloudfail.clock import Clock
from cloudfail.errors import ConflictError, NotFoundError, ProviderError
from cloudfail.model import Claim, PrivateIp, PublicIp
from cloudfail.testing.clock import FakeClock

Held = Mapping[Claim, str]


class FakeWorld:
    """Who holds what. One claim has at most one holder; `""` is nobody.

    A public-ip that names a `private_address` sits on that private-ip while both have the same
    holder: it is dragged along when the private-ip moves. `other` is what nobody claimed, name ->
    holder: only a wrong write changes it. `clock` dates the past, for reads that lag.
    """

    def __init__(
        self, held: Held, *, other: Mapping[str, str] | None = None, clock: Clock | None = None
    ) -> None:
        self.held = dict(held)
        self.other = dict(other or {})
        self.clock = clock or FakeClock()
        self._past: list[tuple[float, dict[Claim, str]]] = []  # until when, and what was held
        self._lock = threading.Lock()

    def put(self, claim: Claim, holder: str) -> None:
        """Change one holder, and nothing else."""
        with self._lock:
            self._change({claim: holder})

    def writes_ago(self, count: int) -> Held:
        """Return who held what that many changes ago; the oldest world when there were fewer."""
        with self._lock:
            past = [held for _, held in self._past[-count:]] if count else []
            return past[0] if past else dict(self.held)

    def seconds_ago(self, seconds: float) -> Held:
        """Return who held what at that time."""
        then = self.clock.now() - seconds
        with self._lock:
            return next((held for until, held in self._past if until > then), dict(self.held))

    def take(self, names: Collection[str], holder: str, *, atomic: bool) -> None:
        """Give everything of these names to a holder, or nothing of it.

        Raises ConflictError when a cloud that is not `atomic` has it in use elsewhere,
        NotFoundError for an unknown name, ProviderError when a private-ip beneath is elsewhere.
        """
        with self._lock:
            claims = self._claims(names)
            after = {**self.held, **self._with_riders(claims, holder)}
            for claim in claims:
                self._may_take(claim, holder, after, atomic=atomic)
            self._take_others(names, holder)
            self._change(after)

    def release(self, names: Collection[str], holder: str) -> None:
        """Take these names off their holder; all that it has, when there are no names.

        What another one has by now stays with it.
        """
        with self._lock:
            wanted = names or [*map(str, self.held), *self.other]
            claims = [claim for claim in self._claims(wanted) if self.held[claim] == holder]
            for name in wanted:
                if self.other.get(name) == holder:
                    self.other[name] = ""
            self._change(self._with_riders(claims, ""))

    def sits_on(self, claim: Claim) -> PrivateIp | None:
        """Return the private-ip of this world that a public-ip belongs on."""
        wanted = claim.private_address if isinstance(claim, PublicIp) else None
        privates = (other for other in self.held if isinstance(other, PrivateIp))
        return next((other for other in privates if other.address == wanted), None)

    def _may_take(self, claim: Claim, holder: str, after: Held, *, atomic: bool) -> None:
        if not atomic and self.held[claim] not in {"", holder}:
            raise ConflictError(f"{claim} is in use by {self.held[claim]}", code="InUse")
        beneath = self.sits_on(claim)
        if beneath is not None and after[beneath] != holder:
            raise ProviderError(f"{beneath} is not on {holder}", code="InvalidParameterValue")

    def _with_riders(self, claims: Collection[Claim], holder: str) -> dict[Claim, str]:
        riders = [claim for claim in self.held if self._rides(claim, claims)]
        return dict.fromkeys([*claims, *riders], holder)

    def _rides(self, claim: Claim, moving: Collection[Claim]) -> bool:
        beneath = self.sits_on(claim)
        if beneath is None or beneath not in moving:
            return False
        return self.held[claim] == self.held[beneath] != ""

    def _take_others(self, names: Collection[str], holder: str) -> None:
        self.other.update({name: holder for name in names if name in self.other})

    def _claims(self, names: Collection[str]) -> list[Claim]:
        known = {str(claim): claim for claim in self.held}
        unknown = [name for name in names if name not in known and name not in self.other]
        if unknown:
            raise NotFoundError(f"there is no {', '.join(unknown)}", code="NotFound")
        return [known[name] for name in names if name in known]

    def _change(self, changed: Held) -> None:
        after = {**self.held, **changed}
        if after != self.held:
            self._past.append((self.clock.now(), dict(self.held)))
            self.held = after
