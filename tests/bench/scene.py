"""What a number needs of a cloud: a master and a standby in it, whichever cloud it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol

from cloudfail.lab.cloud.records import Call, Change

MASTER, STANDBY = "a", "b"


class Cloud(Protocol):
    """The part of `EmbeddedCloud` that is measured at."""

    @property
    def calls(self) -> Sequence[Call]: ...
    @property
    def changes(self) -> Sequence[Change]: ...
    def calls_since(self, since: int) -> Sequence[Call]: ...


class Scene(Protocol):
    """A cloud with two nodes, and what a command on one of them needs to reach it."""

    provider: ClassVar[str]
    service: ClassVar[str]
    """How the cloud's record of calls names its API."""
    addresses: ClassVar[Mapping[str, str]]

    @property
    def cloud(self) -> Cloud: ...
    @property
    def built(self) -> Any: ...
    @property
    def folder(self) -> Path: ...
    @property
    def settings(self) -> str:
        """The lines of the provider's table in cloudfail.toml."""
        ...

    @property
    def standby(self) -> str:
        """Id of the standby's network interface."""
        ...

    def environment(self, node: str = STANDBY) -> dict[str, str]: ...
    def give(self, node: str) -> None:
        """Let the node hold everything, past latency and call log."""
        ...


class Mark:
    """What the cloud recorded since a moment."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._changes = len(scene.cloud.changes)
        self._calls = len(scene.cloud.calls)

    def changes(self) -> Sequence[Change]:
        return self._scene.cloud.changes[self._changes :]

    def calls(self) -> Sequence[Call]:
        """Return the API's, in the order in which they came."""
        found = self._scene.cloud.calls[self._calls :]
        ours = [call for call in found if call.service == self._scene.service]
        return sorted(ours, key=lambda call: call.t)


def arrivals(changes: Sequence[Change], holder: str) -> Mapping[str, float]:
    """When each target came to `holder` for good: CLOCK_MONOTONIC in seconds."""
    last = {change.target: change for change in changes}
    return {target: change.t for target, change in last.items() if change.holder == holder}


def unowned_seconds(changes: Sequence[Change], end: float) -> float:
    """For how long some target had no holder, until `end`; times of several targets add up."""
    since: dict[str, float] = {}
    total = 0.0
    for change in changes:
        if not change.holder:
            since[change.target] = change.t
        elif change.target in since:
            total += change.t - since.pop(change.target)
    return total + sum(end - t for t in since.values())
