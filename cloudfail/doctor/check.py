"""What a check says, and what it is given to look at."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import msgspec

from cloudfail.config import Config, ConfiguredNode, Instance
from cloudfail.keepalived.generate import Site, device_here
from cloudfail.keepalived.version import Version
from cloudfail.model import Holding, Node
from cloudfail.provider import Provider

DEADLINE = 10.0  # seconds that a question to the cloud may take, with all its repetitions


class Status(enum.StrEnum):
    """WARNING: it may be right, or could not be proven. FAILED: a failover would suffer."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the report. `subject` is what was looked at, `remedy` what to do about it.

    `instance` is empty for what concerns the whole machine.
    """

    subject: str
    status: Status
    message: str
    remedy: str = ""
    instance: str = ""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What is the same for every instance.

    `site` is None where nothing can be generated: no keepalived, or no such node. Files are looked
    for beneath `root`.
    """

    config: Config
    site: Site | None
    version: Version | None
    environ: Mapping[str, str] = {}
    root: Path = Path("/")

    def path(self, name: str) -> Path:
        return self.root / name.lstrip("/")

    @property
    def has_systemd(self) -> bool:
        """sd_booted(3)."""
        return self.path("/run/systemd/system").is_dir()


def _nobody(holding: Holding, node: Node) -> str:
    del holding, node
    return ""


class Case(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """One instance on this node; `deadline` is in seconds, for each question.

    `build` makes its provider; None where nothing is claimed, or nothing can be asked. `me` is
    None where no nodes are configured, or this machine is none of them. `name_of` gives the name
    of the node that holds a claim, empty where it is not known.
    """

    machine: Machine
    instance: Instance
    me: ConfiguredNode | None
    build: Callable[[], Provider] | None = None
    name_of: Callable[[Holding, Node], str] = _nobody
    deadline: float = DEADLINE
    endpoint: str = ""

    @cached_property
    def device(self) -> str:
        """The network device that VRRP runs on here; looked for once, however many adverts come."""
        return device_here(self.instance, self.me) if self.me else self.instance.device_of(None)

    @property
    def peers(self) -> tuple[ConfiguredNode, ...]:
        return tuple(node for node in self.instance.nodes if node is not self.me)


Checks = Iterator[Check]


def ok(subject: str, message: str) -> Check:
    return Check(subject=subject, status=Status.OK, message=message)


def warning(subject: str, message: str, remedy: str = "") -> Check:
    return Check(subject=subject, status=Status.WARNING, message=message, remedy=remedy)


def failed(subject: str, message: str, remedy: str = "") -> Check:
    return Check(subject=subject, status=Status.FAILED, message=message, remedy=remedy)
