"""A worker over a fake cloud, with a role that the test decides."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from cloudfail.agent.role.standing import Mastering, Standing
from cloudfail.agent.view import Ran
from cloudfail.agent.work.around import Around
from cloudfail.agent.work.worker import Worker
from cloudfail.clock import Deadline, SystemClock
from cloudfail.config import Config, ConfiguredNode, Instance, JournalSettings
from cloudfail.config.agent.model import AgentSettings
from cloudfail.config.vrrp.model import Vrrp
from cloudfail.model import Claim, PrivateIp, PublicIp
from cloudfail.provider import ApiCall, ProviderSpec, Setup
from cloudfail.role import Role
from cloudfail.target import Target
from cloudfail.testing import FakeCloud, FakeWorld

ADDRESS = PrivateIp(address=ip_address("10.0.0.100"))
PUBLIC = PublicIp(address=ip_address("203.0.113.7"))
ADVERT = 0.05
RECONCILE = 0.2
STANDBY = 0.2
PATIENCE = 30.0  # for what comes sooner on a machine that has time for it
DEADLINE = 60.0  # of a run
BETTER = Mastering(address=ip_address("10.0.0.9"), priority=200, better=True, age=0.0)
LOWER = Mastering(address=ip_address("10.0.0.9"), priority=50, better=False, age=0.0)


class KnownRole:
    """Keeps the role that the test sets. Never late, unless the test says so."""

    def __init__(self) -> None:
        self.now = Standing(role=Role.BACKUP, generation=1, priority=150)
        self.late = False

    def standing(self, now: float | None = None) -> Standing:
        del now
        return self.now

    def is_late(self, now: float, limit: float) -> bool:
        del now, limit
        return self.late


@dataclass
class Notes:
    """What observers were told."""

    runs: list[Ran] = field(default_factory=list)
    calls: list[ApiCall] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)

    def called(self, instance: str, call: ApiCall) -> None:
        self.calls.append(call)

    def ran(self, instance: str, ran: Ran) -> None:
        self.runs.append(ran)

    def changed(self, instance: str, before: Standing, after: Standing) -> None: ...

    def noted(self, event: str, instance: str = "", text: str = "") -> None:
        self.notes.append((event, text))


class SlowCloud(FakeCloud):
    """Looks hang while `hold` is set; `hung` counts them. Each ends with the next of `after`."""

    hold: threading.Event | None = None
    hung = 0
    after: Iterator[Callable[[], object]] = iter(())

    def observe(self, claims: Any) -> Any:
        hold = self.hold
        if hold is not None:
            self.hung += 1
            hold.wait(PATIENCE)
        seen = super().observe(claims)
        for then in islice(self.after, 1):
            then()
        return seen


@dataclass
class Bench:
    worker: Worker
    cloud: SlowCloud
    world: FakeWorld
    role: KnownRole
    notes: Notes

    def become(self, role: Role, **fields: Any) -> None:
        fields.setdefault("since", time.monotonic())
        before = self.role.now
        changed = msgspec.structs.replace(before, role=role, doubt="", peers=())
        generation = before.generation + (role is not before.role)
        self.role.now = msgspec.structs.replace(changed, generation=generation, **fields)
        self.worker.wake()

    def doubt(self, why: str, *peers: Mastering) -> None:
        self.role.now = msgspec.structs.replace(self.role.now, doubt=why, peers=peers)
        self.worker.wake()

    def holds(self, claim: Claim = ADDRESS, who: str = "a") -> bool:
        return self.world.held[claim] == who

    @property
    def writes(self) -> int:
        return len(self.cloud.received)


def eventually(question: Callable[[], bool], seconds: float = PATIENCE) -> bool:
    until = time.monotonic() + seconds
    while not question():
        if time.monotonic() > until:
            return False
        time.sleep(0.002)
    return True


def never(question: Callable[[], bool], seconds: float) -> bool:
    return not eventually(question, seconds)


@contextmanager
def bench(
    tmp_path: Path,
    *,
    held: dict[Claim, str] | None = None,
    reconcile: float = RECONCILE,
    paused: str = "",
    standby: float = STANDBY,
    start: bool = True,
    priorities: tuple[int, int] = (150, 100),
    **cloud_of: Any,
) -> Iterator[Bench]:
    world = FakeWorld({ADDRESS: "b"} if held is None else held, clock=SystemClock())
    cloud = SlowCloud(world, "a", **cloud_of)

    def build(setup: Setup) -> SlowCloud:
        cloud.setup = setup
        return cloud

    role, notes = KnownRole(), Notes()
    around = Around(
        target=_target(tmp_path, tuple(world.held), build, (standby, reconcile), priorities),
        keeper=role,
        heart=role,
        clock=SystemClock(),
        observer=notes,
    )
    worker = Worker(around, paused=paused)
    if start:
        worker.start()
    try:
        yield Bench(worker, cloud, world, role, notes)
    finally:
        if cloud.hold is not None:
            cloud.hold.set()
        worker.stop("the test is over")
        assert worker.join(Deadline.after(SystemClock(), PATIENCE))


def config_of(
    tmp_path: Path,
    claims: tuple[Claim, ...] = (ADDRESS,),
    build: Callable[[Setup], FakeCloud] = lambda setup: FakeCloud(FakeWorld({ADDRESS: "b"}), "a"),
    intervals: tuple[float, float] = (STANDBY, RECONCILE),
    priorities: tuple[int, int] = (150, 100),
) -> Config:
    """One instance, on two nodes; this one is `a`."""
    nodes = tuple(
        ConfiguredNode(name=name, address=ip_address(f"10.0.0.{index}"), priority=priority,
                       interface_id=name)
        for index, (name, priority) in enumerate(zip("ab", priorities, strict=True), 1)
    )  # fmt: skip
    instance = Instance(
        name="edge", provider="fake", interface="eth0", virtual_router_id=51, nodes=nodes, claims=claims,
        vrrp=Vrrp(advert_int=ADVERT),
    )  # fmt: skip
    settings = AgentSettings(standby_interval=intervals[0], reconcile_interval=intervals[1])
    journal = JournalSettings(path=tmp_path / "journal.jsonl")
    spec = ProviderSpec(
        name="fake", summary="", extra="", kinds=frozenset({"private-ip", "public-ip"}),
        settings=msgspec.defstruct("None_", []), build=build, render=lambda step: [],
        validate=lambda claims: [], permissions=lambda claims: [], policy=lambda claims, s: {},
        deadline=DEADLINE,
    )  # fmt: skip
    return Config(
        instances={"edge": instance}, agent=settings, journal=journal, specs={"fake": spec},
        providers={"fake": spec.settings()},
    )  # fmt: skip


def _target(
    tmp_path: Path,
    claims: tuple[Claim, ...],
    build: Callable[[Setup], FakeCloud],
    intervals: tuple[float, float],
    priorities: tuple[int, int],
) -> Target:
    config = config_of(tmp_path, claims, build, intervals, priorities)
    instance, spec = config.instances["edge"], config.specs["fake"]
    return Target(
        config=config, instance=instance, spec=spec, settings=spec.settings(),
        me=instance.nodes[0], interface_id="a", deadline=DEADLINE,
    )  # fmt: skip


def has_plan(one: Bench) -> bool:
    plan = one.worker.standby_plan
    return plan is not None and bool(plan.lanes)
