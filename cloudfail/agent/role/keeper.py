"""The role of this node in one instance: the FIFO for speed, the wire for truth.

keepalived tells a change once, sometimes not at all, and never that it died, hangs, or still is
master. So its word is enough for an interval; then adverts of ours must leave and no better peer's
come in. The rules, in intervals I of who advertises; 3 I without an advert is silence:

    last word              the wire                           standing
    MASTER                 told within I                      MASTER
    MASTER                 ours leave, or are kept back       MASTER
    MASTER, ours leave     a better peer's within 3 I         doubtful
    MASTER                 ours are silent, or a farewell     doubtful
    MASTER                 this process woke late             doubtful, until the wire proves it
    MASTER                 not heard at all                   doubtful after I
    another                ours leave for I, no better peer   MASTER: the FIFO lost a line
    none, or from before   nothing yet, or less than a        unknown
    this process           master-down interval listened
    none, or from before   ours leave, or are kept back       MASTER
    none                   a peer's                           BACKUP
    BACKUP, FAULT, STOP    ours do not leave                  that role
    from before

Kept back: sent, to peers of the node's own subnet whose address nobody answers for any more.
"""

from __future__ import annotations

import threading

from cloudfail.agent.hearing.lines import FifoLine, State
from cloudfail.agent.role import doubt
from cloudfail.agent.role.doubt import Woke
from cloudfail.agent.role.evidence import KeptBack, OwnAdverts, PeerAdverts, Seen, master_down
from cloudfail.agent.role.standing import Mastering, Standing
from cloudfail.agent.role.subject import Meaning, Subject
from cloudfail.clock import Clock
from cloudfail.keepalived.notify import Kind
from cloudfail.keepalived.wire import Advert
from cloudfail.model import Address
from cloudfail.role import Event, Role

__all__ = ["Keeper", "Meaning", "Subject"]

# Seconds beyond the interval in which keepalived's word MASTER is enough: its next advert is read.
ALLOWANCE = 0.05
# Intervals after an own advert, from which on the next one is missed.
_MISSED = 1.5


class Keeper:
    """Pure, and thread-safe: the loop tells it, anybody asks it. Times are monotonic seconds.

    Listening begins when it is made; generations go on from the one given. The loop tells what the socket held before what the FIFO held,
    and `woke_late` before both.
    """

    def __init__(self, subject: Subject, clock: Clock, generation: int = 0) -> None:
        self._subject, self._clock = subject, clock
        self._lock = threading.Lock()
        self._own, self._kept, self._peers = OwnAdverts(), KeptBack(), PeerAdverts()
        self._role: Role | None = None
        self._since = 0.0
        self._generation = generation
        self._priority = self._wakes = 0
        self._listening = clock.now()
        self._mastered: float | None = None  # when MASTER was told, while that counts
        self._drained: Role | None = None
        self._event: Event | None = None
        self._woke: Woke | None = None

    def adopt(self, subject: Subject) -> None:
        """A reloaded configuration says it differently; what was heard stays."""
        with self._lock:
            self._subject = subject

    def told(self, line: FifoLine, now: float, *, drained: bool = False) -> Meaning:
        """A line that keepalived wrote; `drained`: before this process began to read."""
        if line.kind is not Kind.INSTANCE:
            return Meaning.NOTHING
        with self._lock:
            self._priority = line.priority or self._priority
            if drained:
                self._drained = line.role or self._drained
                return Meaning.NOTHING
            if line.role is not None:
                return self._take(line.role, now)
            if line.state is not State.MASTER_RX_LOWER_PRI:
                return Meaning.NOTHING
            # Nobody but a master says this. A node that has another role is proved by the wire.
            is_master = self._role in {None, Role.MASTER}
            return self._take(Role.MASTER, now) if is_master else Meaning.NOTHING

    def told_by_process(self, event: Event, now: float) -> Meaning:
        """A notify process told a role. With a FIFO, MASTER only brings the next look forward."""
        with self._lock:
            if self._subject.has_fifo:
                is_again = event.role is Role.MASTER and self._role is Role.MASTER
                return Meaning.AGAIN if is_again else Meaning.NOTHING
            if self._event is not None and event.is_older_than(self._event):
                return Meaning.NOTHING
            self._event = event
            return self._take(event.role, now)

    def heard(self, advert: Advert) -> None:
        """An advert of this instance left or came in; in the order of the socket."""
        usual = self._subject.advert_int
        with self._lock:
            if advert.outgoing:
                self._own.note(advert, usual)
                self._priority = advert.priority or self._priority
            elif advert.source != self._address():
                self._peers.note(advert, usual)
            self._settle(advert.t)

    def needs_more(self, now: float) -> bool:
        """Say whether adverts that were kept back would prove what none on the wire does."""
        with self._lock:
            last = self._own.last
            is_silent = last is None or now > last.t + _MISSED * last.interval
            return is_silent and self._role in {None, Role.MASTER} and self._subject.hears_wire

    def kept_back(self, now: float, *, is_ours: bool) -> None:
        """Adverts of this node were sent, and wait; `is_ours`: no other instance may have sent them."""
        with self._lock:
            if is_ours or self._role is Role.MASTER:
                self._kept.note(now, self._interval())

    def woke_late(self, now: float, late: float = 0.0) -> None:
        """The loop woke just now, `late` seconds after it should have, suspended time included.

        To be told before anything that waited meanwhile.
        """
        with self._lock:
            self._wakes += 1
            self._woke = Woke.of(now, late, self._own, self._woke)
            if self._role is None:
                self._listening = now
            if not self._subject.hears_wire:
                self._mastered = None

    def standing(self, now: float | None = None) -> Standing:
        """What is known at `now`. Asked before each mutating call: a few microseconds."""
        with self._lock:
            # The clock is read under the lock: never earlier than what was told before.
            at = self._clock.now() if now is None else now
            self._settle(at)
            return Standing(
                role=self._role,
                doubt=self._doubt(at) if self._role is Role.MASTER else "",
                generation=self._generation,
                since=self._since,
                priority=self._priority,
                wakes=self._wakes,
                evidence_age=self._evidence_age(at),
                peers=tuple(self._mastering(peer, at) for peer in self._peers.heard(at)),
            )

    def next_change(self, now: float) -> float | None:
        """When, after `now`, the standing may change though nothing is told or heard."""
        with self._lock:
            changes = [*self._peers.ends()]
            if self._own.last is not None:
                changes.append(self._own.last.until)
            changes.append(self._kept.until(self._interval()))
            if self._mastered is not None:
                changes.append(self._mastered + self._grace())
            if self._role is None:
                changes.append(self._listening + self._master_down())
            if self._woke is not None:
                changes.append(self._heard_out(self._woke))
            return min((change for change in changes if change > now), default=None)

    def _take(self, role: Role, now: float) -> Meaning:
        """Take keepalived's word of now."""
        if role is not Role.MASTER:
            self._own.forget(now)
            self._kept.forget()
            self._mastered = None
        else:
            self._mastered = self._counts_from(now)
        if role is not self._role:
            self._become(role, now)
            return Meaning.ROLE
        return Meaning.AGAIN if role is Role.MASTER else Meaning.NOTHING

    def _counts_from(self, now: float) -> float:
        """What is told just after a late wake may be old; once it is known, the new word counts."""
        if self._woke is None:
            return now
        heard_out = self._heard_out(self._woke)
        if now >= heard_out:
            self._woke = None
        return now if self._subject.hears_wire else max(now, heard_out)

    def _become(self, role: Role, now: float) -> None:
        self._role, self._since = role, now
        self._generation += 1

    def _settle(self, now: float) -> None:
        """Let the wire, and time, say what they do by themselves."""
        if self._woke is not None and self._is_awake(self._woke, now):
            self._woke = None
        if self._role is Role.MASTER:
            return
        is_known = self._role is not None
        found = self._corrected(now) if is_known else self._found(now)
        if found is not None and found is not self._role:
            # What nobody told was so before this process began to listen.
            self._become(found, now if is_known else self._listening)

    def _is_awake(self, woke: Woke, now: float) -> bool:
        was_heard_out = now >= self._heard_out(woke)
        if not self._subject.hears_wire:
            return was_heard_out
        if self._kept.last is not None and self._kept.last > woke.at and was_heard_out:
            return True
        return woke.is_over(
            self._own,
            was_heard_out=was_heard_out,
            is_yielded_to=doubt.is_yielded_to(self._own, self._peers, now),
        )

    def _found(self, now: float) -> Role | None:
        """The role of a node of which nothing was told since this process began."""
        if now < self._listening + self._master_down():
            return None
        if self._own.are_a_run(now):
            return Role.MASTER
        if self._drained not in {None, Role.MASTER}:
            return self._drained
        if self._kept.are_a_run(now, self._interval()) and self._better(now) is None:
            return Role.MASTER
        return Role.BACKUP if any(self._peers.heard(now)) else None

    def _corrected(self, now: float) -> Role | None:
        """MASTER where a line was lost: the pipe was full, or its file removed."""
        if not self._own.are_a_run(now) or self._better(now) is not None:
            return None
        return Role.MASTER

    def _doubt(self, now: float) -> str:
        """Why a MASTER may not act; empty: it may."""
        if self._woke is not None:
            return doubt.WOKE
        is_fresh = self._mastered is not None and now < self._mastered + self._grace()
        if not self._subject.hears_wire:
            return "" if is_fresh else doubt.UNHEARD
        reasons = []
        better = self._better(now)
        if better is not None:
            reasons.append(doubt.of_better(better, self._priority))
        if self._own.has_said_farewell:
            reasons.append(doubt.FAREWELL)
        elif not is_fresh and not self._are_sent(now):
            reasons.append(doubt.of_silence(self._interval()))
        return "; ".join(reasons)

    def _are_sent(self, now: float) -> bool:
        return self._own.are_leaving(now) or self._kept.are_sent(now, self._interval())

    def _better(self, now: float) -> Seen | None:
        return self._peers.better(now, self._priority, self._address())

    def _mastering(self, peer: Seen, now: float) -> Mastering:
        return Mastering(
            address=peer.source,
            priority=peer.priority,
            better=peer.outranks(self._priority, self._address()),
            age=max(0.0, now - peer.t),
        )

    def _evidence_age(self, now: float) -> float | None:
        last = None
        if self._role is Role.MASTER:
            left = None if self._own.last is None else self._own.last.t
            last = max((t for t in (left, self._kept.last) if t is not None), default=None)
        elif self._role is Role.BACKUP:
            last = self._peers.last_t
        return None if last is None else max(0.0, now - last)

    def _address(self) -> Address | None:
        return self._own.address or self._subject.own

    def _interval(self) -> float:
        last = self._own.last
        return self._subject.advert_int if last is None else last.interval

    def _grace(self) -> float:
        return self._interval() + ALLOWANCE

    def _master_down(self) -> float:
        """By the slowest of those here: a peer's advert may be that long in coming."""
        return master_down(max(self._interval(), self._peers.slowest()), self._priority)

    def _heard_out(self, woke: Woke) -> float:
        """Without the wire, one interval: a keepalived that still calls itself master has run."""
        is_heard = self._subject.hears_wire
        return woke.at + (self._master_down() if is_heard else self._interval())
