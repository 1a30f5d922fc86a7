"""`cloudfail`, which waits longer for an agent on a busy machine to take a command than it does."""

from __future__ import annotations

from cloudfail.agent.control import client
from cloudfail.cli.main import entry

client._ACK_WAIT = client._WAIT = 6.0
entry()
