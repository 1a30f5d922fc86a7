"""`cloudfail`, which waits longer for an agent and a metadata service than it does: both are near."""

from __future__ import annotations

from cloudfail.agent.control import client
from cloudfail.cli.main import entry
from cloudfail.machine import metadata

metadata.TIMEOUT_SECONDS = 30.0  # before a provider takes it for its own
client._ACK_WAIT = client._WAIT = 6.0
entry()
