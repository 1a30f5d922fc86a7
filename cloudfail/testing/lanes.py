"""What a fake cloud plans: pure, as every provider's plan must be.

| cloud      | what moves                          | steps                                    | lane       |
|------------|-------------------------------------|------------------------------------------|------------|
| atomic     | a claim                             | Take                                     | its target |
| not atomic | a claim that somebody has           | Release of it there, then Take           | its target |
| batch      | all private-ips, of one holder each | the same, once for all of them           | the node   |
| any        | a public-ip on a private-ip         | none of its own: it rides along          |            |
| any        | the same, but it is elsewhere       | its own, after those of the private-ip   | as that    |
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from cloudfail.model import Claim, Holding, Lane, Node, Owner, PrivateIp, PublicIp, Step

_AFTER_THE_PRIVATE_IPS = 2


def lanes_for(
    holdings: Sequence[Holding], node: Node, *, atomic: bool, batch: bool
) -> tuple[Lane, ...]:
    """Return what would make `node` own every holding that a peer or nobody has."""
    planning = _Planning(holdings, node, atomic=atomic, batch=batch)
    return tuple(Lane(key=key, steps=tuple(steps)) for key, steps in planning.lanes().items())


class _Planning:
    def __init__(
        self, holdings: Sequence[Holding], node: Node, *, atomic: bool, batch: bool
    ) -> None:
        self.node, self.atomic, self.batch = node, atomic, batch
        self.movable = [holding for holding in holdings if _is_movable(holding)]
        self.private = {
            holding.claim.address: holding
            for holding in holdings
            if isinstance(holding.claim, PrivateIp)
        }

    def lanes(self) -> dict[str, list[Step]]:
        lanes: dict[str, list[Step]] = defaultdict(list)
        for (key, _), group in self._groups().items():
            riders = [rider for holding in group for rider in self._riders(holding)]
            lanes[key] += self._move([holding.claim for holding in group] + riders, group[0].holder)
        for holding in self.movable:
            if self._walks(holding):
                key, steps = self._key(holding), self._move([holding.claim], holding.holder)
                lanes[key] += (_later(step) for step in steps)
        return lanes

    def _groups(self) -> dict[tuple[str, str], list[Holding]]:
        """What moves together: with an atomic cloud, whoever has it."""
        groups: dict[tuple[str, str], list[Holding]] = defaultdict(list)
        for holding in self.movable:
            if self._beneath(holding) is None:
                together = self.batch and isinstance(holding.claim, PrivateIp)
                name = "" if together else holding.claim.target
                holder = "" if self.atomic else holding.holder
                groups[self._key(holding), name + holder].append(holding)
        return groups

    def _key(self, holding: Holding) -> str:
        claim = holding.claim
        rides = isinstance(claim, PublicIp) and claim.private_address is not None
        if self.batch and (rides or isinstance(claim, PrivateIp)):
            return self.node.ref
        if isinstance(claim, PublicIp) and claim.private_address is not None:
            return str(claim.private_address)
        return claim.target

    def _beneath(self, holding: Holding) -> Holding | None:
        claim = holding.claim
        if not isinstance(claim, PublicIp) or claim.private_address is None:
            return None
        return self.private.get(claim.private_address)

    def _riders(self, private: Holding) -> list[Claim]:
        return [h.claim for h in self.movable if self._beneath(h) is private and _sits(h, private)]

    def _walks(self, holding: Holding) -> bool:
        """True when a public-ip needs a step of its own, and its private-ip will be here."""
        beneath = self._beneath(holding)
        if beneath is None or (_is_movable(beneath) and _sits(holding, beneath)):
            return False
        return beneath.owner is Owner.MINE or _is_movable(beneath)

    def _move(self, claims: Sequence[Claim], holder: str) -> Iterator[Step]:
        what, names = ", ".join(map(str, claims)), [str(claim) for claim in claims]
        take = Step(
            call="Take",
            claims=tuple(claims),
            params={"holder": self.node.ref, "names": names},
            summary=f"give {what} to {self.node.ref}",
        )
        if self.atomic or not holder:
            yield take
            return
        yield Step(
            call="Release",
            claims=tuple(claims),
            params={"holder": holder, "names": names},
            summary=f"release {what} from {holder}",
            releases=True,
            destroys={"holder": holder},
        )
        yield msgspec.structs.replace(take, stage=1, completes=True)


def _is_movable(holding: Holding) -> bool:
    return holding.owner in {Owner.PEER, Owner.NOBODY} and not holding.obstacle


def _sits(public: Holding, private: Holding) -> bool:
    return bool(private.holder) and public.holder == private.holder


def _later(step: Step) -> Step:
    return msgspec.structs.replace(step, stage=step.stage + _AFTER_THE_PRIVATE_IPS)
