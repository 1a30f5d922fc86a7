"""The machine we run on: its node, looked up while the SDK is still loading."""

from __future__ import annotations

import threading

from cloudfail.errors import UnreachableError
from cloudfail.machine.ahead import Ahead
from cloudfail.model import Node
from cloudfail.provider import Setup

from cloudfail_gcp.identity import find_node
from cloudfail_gcp.metadata import Metadata


class Machine:
    """Asks the metadata server. What was looked up ahead is used once, then asked afresh."""

    def __init__(self, setup: Setup, metadata: Metadata | None = None) -> None:
        self.metadata = client = metadata or Metadata()
        self._node = Ahead(lambda: find_node(client, setup))
        self._lock = threading.Lock()
        self._found: Node | None = None

    def look_ahead(self) -> None:
        """Begin in the background."""
        threading.Thread(target=self._node.begin(), name="metadata", daemon=True).start()

    def node(self) -> Node:
        """Return this machine's node, as `identity.find_node` does; remembered once found."""
        with self._lock:
            if self._found is None:
                self._found = self._node.take()
            return self._found

    def external_address(self, nic: str) -> str:
        """Return the external address that this machine is told to have; "" : there is no telling."""
        if self._found is None:
            return ""
        path = f"instance/network-interfaces/{nic.removeprefix('nic')}/access-configs/0/external-ip"
        try:
            return self.metadata.text(path) or ""
        except UnreachableError:
            return ""
