"""A cloud whose calls and operations take their time, and the kinds of claims moved in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Protocol

import msgspec
from cloudfail.lab.cloud.faults import Faults

from bench.crowd import ADVERT_INT
from bench.resident import Owned
from bench.scene import Cloud, Scene

LATENCY_MS, OPERATION_MS = 50.0, 1000.0
SLOW = Faults(latency_ms=LATENCY_MS, operation_ms=OPERATION_MS)
SLOWED = f"API calls take {LATENCY_MS:.0f} ms more, and operations {OPERATION_MS / 1000:g} s"
FEW = 5  # rounds of what takes seconds each


class Kind(msgspec.Struct, frozen=True):
    """A kind of claim: how cloudfail is told of it, in a file and by flags."""

    name: str
    keys: str
    flags: tuple[str, ...]

    @property
    def table(self) -> str:
        """The claim's table of an instance called NAME."""
        return f'[[instance.NAME.claim]]\nkind = "{self.name}"\n{self.keys}\n'

    @property
    def owned(self) -> Owned:
        """keepalived's word is believed for an interval without an advert: there are none here."""
        return Owned("edge", 51, self.table, f"advert_int = {ADVERT_INT}\n")


class SlowCloud(Cloud, Protocol):
    faults: Faults


class SlowScene(Scene, Protocol):
    """A scene of a cloud that has operations, with a claim of each kind."""

    kinds: ClassVar[Mapping[str, Kind]]
    waits: ClassVar[str]
    """How the names of the calls end that ask whether an operation is over."""
    asides: ClassVar[tuple[str, ...]]
    """How those end by which an agent looks, now and then, what its node is allowed."""

    @property
    def cloud(self) -> SlowCloud: ...
