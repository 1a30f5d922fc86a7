"""Where keepalived and the agent meet on a node."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cloudfail.config.agent.tables import DEFAULT_FIFO

if TYPE_CHECKING:
    from cloudfail.config.model import Config

USER = "cloudfail"
UNIT = "cloudfail-agent.service"
# What the generated tmpfiles.d and the unit make, for the user above.
RUNTIME_DIRECTORY = Path("/run/cloudfail")
STATE_DIRECTORY = Path("/var/lib/cloudfail")
# Before the name of an instance: how keepalived.conf calls the file by which it is handed over.
TRACKER = "cloudfail_handover_"


def fifo_of(config: Config) -> Path | None:
    """Return the FIFO that keepalived is told to write: the one that is named, else the agent's.

    None: there is none, and each event starts a process.
    """
    if config.keepalived.vrrp_notify_fifo:
        return Path(config.keepalived.vrrp_notify_fifo)
    return Path(DEFAULT_FIFO) if config.agent.enabled else None
