"""A node that preempts stays in FAULT until what was announced is over, or no peer serves."""

from __future__ import annotations

from typing import Final

from cloudfail.agent.handbrake import Handbrake, handover_file
from cloudfail.agent.member import Member
from cloudfail.errors import ConfigError

# Seconds. Google Cloud announces a termination an hour ahead, Azure a restart a quarter of one;
# what is announced for longer (AWS's rebalancing) may never come.
LONGEST: Final = 7200.0
# Intervals in which a peer's next advert has come, after this machine stood still.
_GRACE = 1.5


class Hold:
    """A brake that a handover left engaged. Times are monotonic; it belongs to the loop's thread."""

    def __init__(self, member: Member, now: float) -> None:
        self._member, self._began = member, now
        self._brake = Handbrake(handover_file(member.name))
        self._wakes, self._patient_until = member.keeper.standing(now).wakes, now

    def why_over(self, now: float, *, is_announced: bool) -> str:
        """Say why it must end now; empty: it goes on."""
        standing = self._member.keeper.standing(now)
        if standing.wakes != self._wakes:
            self._wakes = standing.wakes
            self._patient_until = now + _GRACE * self._member.subject.advert_int
        if not standing.peers and now > self._patient_until:
            return "no peer advertises any more, so this node serves again"
        if standing.better_peer is not None:
            return "the peer outranks this node, which so stands by"
        if not is_announced:
            return "nothing is announced any more"
        if now - self._began > LONGEST:
            return f"what was announced did not come within {LONGEST / 3600:.0f} h"
        return ""

    def release(self) -> str:
        """Let keepalived leave FAULT; say what went wrong with that, empty: nothing."""
        try:
            self._brake.release()
        except ConfigError as error:
            return f"the brake could not be released, this node stays in FAULT: {error}"
        return ""
