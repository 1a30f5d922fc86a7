"""The machine we run on: what its metadata says, looked up while the SDK is still loading."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cloudfail.errors import UnreachableError
from cloudfail.machine.ahead import Ahead
from cloudfail.model import Node
from cloudfail.provider import Setup

from cloudfail_azure.metadata import Metadata

if TYPE_CHECKING:
    from cloudfail_azure.api import Api


class Machine:
    """Asks the metadata service. What was looked up ahead is used once, then asked afresh."""

    def __init__(self, setup: Setup, metadata: Metadata | None = None) -> None:
        self._setup = setup
        self.metadata = client = metadata or Metadata()
        self._document: Ahead[Any] = Ahead(client.instance)
        self._lock = threading.Lock()
        self._found: Node | None = None

    def look_ahead(self) -> None:
        """Begin in the background."""
        ask = self._document.begin()
        threading.Thread(target=ask, name="metadata", daemon=True).start()

    def node(self, api: Api) -> Node:
        """Return this machine's node, as `identity.find_node` does; remembered once found."""
        with self._lock:
            if self._found is None:
                self._found = self._find(api)
            return self._found

    def _find(self, api: Api) -> Node:
        from cloudfail_azure.identity import find_configured, find_node, read_instance

        try:
            document = self._document.take()
        except UnreachableError as error:
            return find_configured(api, self._setup, error)
        return find_node(read_instance(document, self.metadata.endpoint), api, self._setup)
