"""What the loop hears, in a safe order: whether it was frozen, then the wire, then the FIFO."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from cloudfail.agent.hearing.fifo import FifoReader
from cloudfail.agent.hearing.lateness import Heart
from cloudfail.agent.hearing.lines import FifoLine
from cloudfail.agent.hearing.unsent import Unsent
from cloudfail.agent.hearing.wire import Member as OnTheWire
from cloudfail.agent.hearing.wire import Wire
from cloudfail.agent.member import Member
from cloudfail.agent.observer import Observer
from cloudfail.agent.role.keeper import Meaning
from cloudfail.clock import Clock
from cloudfail.errors import ConfigError
from cloudfail.keepalived.notify import Kind

_CHECK_FIFO = 0.4  # seconds: a FIFO that was replaced is noticed within one
_SLOWEST_BEAT = 0.25
_FASTEST_BEAT = 0.02


class Ear:
    """Reads FIFO and wire for all members, and beats the heart. Belongs to the loop's thread.

    `on_change` is called with each member whose role, or doubt, changed; `on_lower_advert` with
    each that is to look again.
    """

    def __init__(
        self,
        heart: Heart,
        clock: Clock,
        observer: Observer,
        on_change: Callable[[Member], None],
        on_lower_advert: Callable[[Member], None],
    ) -> None:
        self._heart, self._clock, self._observer = heart, clock, observer
        self._on_change, self._on_lower_advert = on_change, on_lower_advert
        self._members: Mapping[str, Member] = {}
        self._fifo: FifoReader | None = None
        self._wire: Wire | None = None
        self._unsent = Unsent()
        self._drained: tuple[FifoLine, ...] = ()
        self._next_check = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._trouble: dict[str, str] = {}

    # ---- set-up

    def open_fifo(self, path: Path | None) -> None:
        """Read this FIFO from now on.

        Raises ConfigError when somebody else reads it, or it is none: what was read before still is.
        """
        if path is None:
            self._close_fifo()
            return
        if self._fifo is not None and self._fifo.is_at(path):
            self._fifo.path = path
            return
        reader = FifoReader(path)
        self._drained = reader.open()
        self._close_fifo()
        self._fifo = reader
        for number in reader.filenos():
            asyncio.get_running_loop().add_reader(number, self._on_fifo)

    def open_wire(self) -> None:
        """Hear the wire, where that is permitted; without, repairs stay undone, and it is a problem."""
        wire = Wire((), self._clock)
        try:
            wire.open()
        except ConfigError as error:
            self._trouble["wire"] = str(error)
            return
        except OSError as error:  # a kernel, or a sandbox, without AF_PACKET
            self._trouble["wire"] = f"the wire cannot be heard: {error.strerror or error}"
            return
        self._trouble.pop("wire", None)
        self._wire = wire
        asyncio.get_running_loop().add_reader(wire.fileno(), self._on_wire)

    @property
    def has_fifo(self) -> bool:
        return self._fifo is not None

    @property
    def hears_wire(self) -> bool:
        return self._wire is not None

    @property
    def problems(self) -> tuple[str, ...]:
        fifo = self._fifo.problem if self._fifo is not None else ""
        return tuple(text for text in (*self._trouble.values(), fifo) if text)

    def serve(self, members: Mapping[str, Member], on_the_wire: tuple[OnTheWire, ...]) -> None:
        """Tell these from now on; what had waited in the FIFO is theirs first."""
        self._members = members
        if self._wire is not None:
            self._wire.members = on_the_wire
        drained, self._drained = self._drained, ()
        for line in drained:
            self._tell(line, drained=True)
        if self._timer is None:
            self._tick()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._close_fifo()
        if self._wire is not None:
            asyncio.get_running_loop().remove_reader(self._wire.fileno())
            self._wire.close()

    # ---- hearing

    def beat(self) -> None:
        """Find out whether the loop was frozen, before anything that is heard counts."""
        now = self._clock.now()
        late = self._heart.beat(now)
        if not late:
            return
        for member in self._members.values():
            if member.was_late(late, now):
                text = f"this process did not run for {late:.1f} s; the role is doubtful until it is proven"
                self._observer.noted("frozen", member.name, text)
                self._refresh(member)

    def _on_wire(self) -> None:
        self.beat()
        self._read_wire()

    def _read_wire(self) -> None:
        if self._wire is None:
            return
        touched: dict[str, Member] = {}
        for name, advert in self._wire.read():
            member = self._members.get(name)
            if member is not None:
                member.keeper.heard(advert)
                touched[name] = member
        for remark in self._wire.take_remarks():
            self._observer.noted("wire", "", remark)
        for member in touched.values():
            self._refresh(member)

    def _on_fifo(self) -> None:
        self.beat()
        self._read_wire()
        if self._fifo is None:
            return
        for line in self._fifo.read():
            self._tell(line)
        for junk in self._fifo.take_rejected():
            self._observer.noted("rejected", "", f"not a line of keepalived in the FIFO: {junk}")

    def _tell(self, line: FifoLine, *, drained: bool = False) -> None:
        member = self._members.get(line.name)
        if line.kind is not Kind.INSTANCE:
            return
        if member is None:
            self._observer.noted(
                "unknown", line.name, f"keepalived says {line.state} of an instance not configured"
            )
            return
        member.heard_event()
        heard = member.keeper.told(line, self._clock.now(), drained=drained)
        self._refresh(member)
        if heard is Meaning.AGAIN:
            self._on_lower_advert(member)

    def _refresh(self, member: Member) -> None:
        if member.refresh(self._clock.now()):
            self._on_change(member)

    # ---- the timer

    def _tick(self) -> None:
        # First: whatever goes wrong below must not stop the heart.
        self._timer = asyncio.get_running_loop().call_later(self._heart.period, self._tick)
        self.beat()
        now = self._clock.now()
        self._look_for_unsent(now)
        for member in self._members.values():
            self._refresh(member)
        if now >= self._next_check:
            self._next_check = now + _CHECK_FIFO
            self._check()

    def _look_for_unsent(self, now: float) -> None:
        """Tell of adverts that do not leave, since no peer of theirs is there to be found."""
        if not any(member.keeper.needs_more(now) for member in self._members.values()):
            return
        for version in self._unsent.look(now):
            senders = [one for one in self._members.values() if one.subject.may_send(version)]
            for member in senders:
                member.keeper.kept_back(now, is_ours=len(senders) == 1)

    def _check(self) -> None:
        if self._fifo is not None and self._fifo.check():
            self._observer.noted("fifo", "", f"{self._fifo.path} was replaced; both are read")
            self._on_fifo()

    def _close_fifo(self) -> None:
        if self._fifo is None:
            return
        for number in self._fifo.filenos():
            with contextlib.suppress(OSError, ValueError):
                asyncio.get_running_loop().remove_reader(number)
        self._fifo.close()
        self._fifo = None


def period_for(advert_ints: list[float]) -> float:
    """Return how often the heart has to beat: four times an interval, 50 a second at most."""
    shortest = min(advert_ints, default=1.0)
    return min(_SLOWEST_BEAT, max(_FASTEST_BEAT, shortest / 4))
