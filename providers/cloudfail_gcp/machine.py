"""The machine we run on: its node, looked up while the SDK is still loading."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from cloudfail.model import Node
from cloudfail.provider import Setup

from cloudfail_gcp.identity import find_node
from cloudfail_gcp.metadata import Metadata


class Machine:
    """Asks the metadata server. What was looked up ahead is used once, then asked afresh."""

    def __init__(self, setup: Setup, metadata: Metadata | None = None) -> None:
        self._setup = setup
        self.metadata = metadata or Metadata()
        self._lock = threading.Lock()
        self._ahead: Future[Node] | None = None
        self._found: Node | None = None

    def look_ahead(self) -> None:
        """Begin in the background."""
        outcome = self._ahead = Future[Node]()

        def run() -> None:
            try:
                outcome.set_result(find_node(self.metadata, self._setup))
            except BaseException as exc:  # noqa: BLE001 - raised again where it is wanted
                outcome.set_exception(exc)

        threading.Thread(target=run, name="metadata", daemon=True).start()

    def node(self) -> Node:
        """Return this machine's node, as `identity.find_node` does; remembered once found."""
        with self._lock:
            if self._found is None:
                ahead, self._ahead = self._ahead, None
                self._found = (
                    find_node(self.metadata, self._setup) if ahead is None else ahead.result()
                )
            return self._found
