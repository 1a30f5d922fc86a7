"""Why no mutating call may begin though the role is MASTER. A text stays the same while it holds."""

from __future__ import annotations

import math

import msgspec

from cloudfail.agent.role.evidence import SILENT, OwnAdverts, PeerAdverts, Seen

UNHEARD = (
    "the wire is not heard, and keepalived's last word is older than an interval; "
    "the agent needs CAP_NET_RAW"
)
WOKE = "this process or its machine stood still; it is not known yet who became master meanwhile"
FAREWELL = "our farewell left: keepalived stops, or is in FAULT"


class Woke(msgspec.Struct, frozen=True):
    """The loop woke at `at`; it should have woken at `due`.

    When the whole machine stood still, it did so at `due`: what left later left afterwards.
    `unproven` is the `due` of the first late wake in a row that nothing has made good yet; minus
    infinity when a machine that was suspended cannot be ruled out.
    """

    at: float
    due: float
    unproven: float

    @classmethod
    def of(cls, at: float, late: float, own: OwnAdverts, before: Woke | None) -> Woke:
        """`late` may hold time that the monotonic clock does not know, of a suspended machine.

        Then an advert of ours seems to have left while nobody was there to hear it, and no time
        before `at` is worth anything.
        """
        due = at - late
        if late <= 0 or (own.last is not None and own.last.t > due):
            return cls(at, at, -math.inf)
        return cls(at, due, due if before is None else min(due, before.unproven))

    def is_over(self, own: OwnAdverts, *, was_heard_out: bool, is_yielded_to: bool) -> bool:
        """True once the wire has proved the role anew.

        An own advert has left, and a master-down interval was listened to, or a peer that has to
        yield was heard. Or adverts left all the time: then only this process stood still, and
        what came meanwhile has waited in the socket.
        """
        if own.last is None or own.last.t <= self.due or own.last.until <= self.at:
            return False
        return was_heard_out or is_yielded_to or own.went_on(self.unproven, self.at)


def is_yielded_to(own: OwnAdverts, peers: PeerAdverts, now: float) -> bool:
    """True when a peer that has to yield advertised within two of its intervals, and no other."""
    if own.last is None:
        return False
    ours = own.last
    heard = [(peer, peer.outranks(ours.priority, ours.source)) for peer in peers.heard(now)]
    if any(better for _, better in heard):
        return False
    return any(now <= peer.t + 2 * peer.interval for peer, _ in heard)


def of_better(better: Seen, priority: int) -> str:
    ours = f"ours is {priority}" if priority else "ours is not known"
    return f"{better.source} advertises with priority {better.priority}, {ours}"


def of_silence(interval: float) -> str:
    return (
        f"no advert of ours left for {SILENT} intervals ({SILENT * interval:g} s): "
        "keepalived is dead or hangs"
    )
