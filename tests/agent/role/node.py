"""A node as a test plays it: what keepalived wrote, what the wire showed, and what stands then."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec
from cloudfail.agent.hearing.lines import FifoLine, State
from cloudfail.agent.role.keeper import Keeper, Meaning, Subject
from cloudfail.agent.role.standing import Standing
from cloudfail.keepalived.notify import Kind
from cloudfail.keepalived.wire import Advert, Authentication, Checksum
from cloudfail.role import Event, Role
from cloudfail.testing import FakeClock

OURS = "10.0.1.20"
LEFT = "10.0.1.10"  # the lower address
RIGHT = "10.0.1.30"  # the higher one
SUBJECT = Subject("VI_1", 51, 1.0, ip_address(OURS), (), has_fifo=True)


def advert(
    t: float, source: str, priority: int, every: float = 1.0, *, outgoing: bool = False
) -> Advert:
    address = ip_address(source)
    return Advert(
        t=t,
        device="eth0",
        outgoing=outgoing,
        source=address,
        destination=ip_address("224.0.0.18" if address.version == 4 else "ff02::12"),
        ttl=255,
        version=3,
        virtual_router_id=51,
        priority=priority,
        interval=every,
        authentication=Authentication.NONE,
        checksum=Checksum.OK,
    )


class Node:
    """Listens from 0.0 on. `every` is the interval of all adverts that do not say another."""

    def __init__(self, subject: Subject = SUBJECT, every: float = 1.0, ours: str = OURS) -> None:
        self.every, self.ours = every, ours
        subject = msgspec.structs.replace(subject, advert_int=every, own=ip_address(ours))
        self.keeper = Keeper(subject, FakeClock())

    def told(self, t: float, state: str, priority: int = 150, *, drained: bool = False) -> Meaning:
        line = FifoLine(Kind.INSTANCE, "VI_1", State(state), priority)
        return self.keeper.told(line, t, drained=drained)

    def process(self, t: float, role: str, started: int) -> Meaning:
        event = Event("VI_1", Role(role), "b1", started, 100)
        return self.keeper.told_by_process(event, t)

    def sends(self, *times: float, priority: int = 150) -> None:
        for t in times:
            sent = advert(t, self.ours, priority, self.every, outgoing=True)
            self.keeper.heard(sent)

    def hears(
        self, *times: float, priority: int = 100, of: str = LEFT, every: float | None = None
    ) -> None:
        for t in times:
            self.keeper.heard(advert(t, of, priority, every or self.every))

    def at(self, t: float) -> Standing:
        return self.keeper.standing(t)

    def word(self, t: float) -> str:
        return self.at(t).word


def master(priority: int = 150, every: float = 1.0, until: float = 10.0) -> Node:
    """MASTER since 0.0, with adverts from then on; the last one at `until`."""
    node = Node(every=every)
    node.told(0.0, "BACKUP", priority)
    node.told(0.0, "MASTER", priority)
    count = round(until / every)
    node.sends(*(index * every for index in range(count + 1)), priority=priority)
    assert node.at(until).is_master
    return node
