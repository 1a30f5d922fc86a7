"""Claims, and a fake cloud that is hooked to a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address

from cloudfail.errors import CloudfailError
from cloudfail.model import Claim, PrivateIp, PublicIp
from cloudfail.provider import Setup
from cloudfail.run import Run
from cloudfail.testing import FakeCloud, FakeWorld, Fault

FIRST = PrivateIp(address=ip_address("10.0.0.100"))
SECOND = PrivateIp(address=ip_address("10.0.0.101"))
ON_FIRST = PublicIp(address=ip_address("203.0.113.7"), private_address=FIRST.address)


def hooked(run: Run) -> Setup:
    return Setup(settings=None, before_write=run.before_write, on_call=run.on_call)


def cloud_of(
    run: Run,
    held: Mapping[Claim, str],
    kind: type[FakeCloud] = FakeCloud,
    *,
    atomic: bool = True,
    batch: bool = False,
    reads: Iterable[Fault] = (),
    writes: Iterable[Fault] = (),
    bad: Mapping[Claim, CloudfailError] | None = None,
) -> FakeCloud:
    """Node `a` in that world, whose time is the run's."""
    return kind(
        FakeWorld(held, clock=run.clock), "a", setup=hooked(run), atomic=atomic, batch=batch,
        reads=reads, writes=writes, bad=bad,
    )  # fmt: skip
