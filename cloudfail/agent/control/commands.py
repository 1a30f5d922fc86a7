"""What the agent does for those who ask through its socket."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from cloudfail.agent.view import AgentView
from cloudfail.config import Config
from cloudfail.model import Plan
from cloudfail.outcome import Ended, Order
from cloudfail.role import Event
from cloudfail.target import Target


class Commands(Protocol):
    """Called from the agent's loop, so each must return at once; what takes longer is a Future.

    A Future ends with a CloudfailError where the command would raise it, and may be cancelled by
    nobody: whoever asked may leave, the agent goes on. Instances are named as `config` has them.
    """

    @property
    def config(self) -> Config:
        """The configuration that the agent goes by now."""
        ...

    def view(self) -> AgentView: ...

    def target(self, instance: str) -> Target:
        """What the agent's provider of an instance is built from. Raises ConfigError."""
        ...

    def hasten(self, event: Event, *, again: bool) -> Future[Ended | None]:
        """Take what keepalived told a process: look now, or join the look under way.

        `again` is a lower advert heard: look once more, though everything was verified. MASTER
        ends with how the look ended, or with RefusedError where FIFO and wire say that this node
        is not MASTER. Any other role, and MASTER of an instance without claims, ends with None
        once it is taken, or is known to count for nothing because the FIFO tells the role.
        """
        ...

    def promote(self, instance: str, order: Order) -> Future[Ended]:
        """Promote by hand. Ends with RefusedError when the role contradicts, but for `force`."""
        ...

    def plan(self, instance: str) -> Future[Plan]:
        """Look, and say what a promotion would do."""
        ...

    def pause(self, instances: Sequence[str], who: str, why: str) -> Future[None]:
        """Move and repair nothing of these instances until `resume`, across restarts too.

        In force at once; ends when the disk keeps it, or with ConfigError when it does not.
        """
        ...

    def resume(self, instances: Sequence[str]) -> Future[None]: ...

    def reload(self) -> Future[str]:
        """Read the configuration again: "" when it is in use, else what is wrong with it."""
        ...

    def handover(self, instance: str) -> Future[str]:
        """Give the role to a peer. Ends with the outcome as a sentence, or a CloudfailError."""
        ...
