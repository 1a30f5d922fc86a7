"""What a check says, and what it is given to look at."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from cloudfail.config import Config, ConfiguredNode, Instance
from cloudfail.keepalived.generate import Site
from cloudfail.keepalived.version import Version
from cloudfail.provider import Provider


class Status(enum.StrEnum):
    """WARNING: it may be right, or could not be proven. FAILED: a failover would suffer."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report. `subject` is what was looked at, `remedy` what to do about it."""

    subject: str
    status: Status
    message: str
    remedy: str = ""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every instance. `site` and `version` are None without keepalived.

    Files are looked for beneath `root`.
    """

    config: Config
    site: Site | None
    version: Version | None
    environ: Mapping[str, str] = {}
    root: Path = Path("/")

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One instance on this node; `deadline` is in seconds.

    `build` makes its provider; None where nothing is claimed.
    """

    machine: Machine
    instance: Instance
    me: ConfiguredNode | None
    build: Callable[[], Provider] | None = None
    deadline: float = 30.0
    endpoint: str = ""

    @property
    def device(self) -> str:
        return self.instance.device_of(self.me)


Checks = Iterator[Check]


def ok(subject: str, message: str) -> Check:
    return Check(subject=subject, status=Status.OK, message=message)


def warning(subject: str, message: str, remedy: str = "") -> Check:
    return Check(subject=subject, status=Status.WARNING, message=message, remedy=remedy)


def failed(subject: str, message: str, remedy: str = "") -> Check:
    return Check(subject=subject, status=Status.FAILED, message=message, remedy=remedy)
