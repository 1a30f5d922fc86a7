"""The machine we run on: its node and its role's keys, looked up while the SDK is still loading."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from cloudfail.errors import UnreachableError
from cloudfail.machine.ahead import Ahead
from cloudfail.model import Address, Node
from cloudfail.provider import Setup

from cloudfail_aws.credentials import Keys, needs_chain, role_keys, static_keys
from cloudfail_aws.identity import addresses_of, associations_of, find_node
from cloudfail_aws.metadata import Metadata

T = TypeVar("T")


class Machine:
    """Asks the metadata service. What was looked up ahead is used once, then asked afresh."""

    def __init__(self, setup: Setup, metadata: Metadata | None = None) -> None:
        self._setup = setup
        self._metadata = metadata or Metadata()
        self._keys = Ahead(lambda: role_keys(self._metadata))
        self._node = Ahead(lambda: find_node(self._metadata, setup))
        self._lock = threading.Lock()
        self._found: Node | None = None

    def look_ahead(self) -> None:
        """Begin in the background. Raises ConfigError for a credentials file that is off."""
        settings = self._setup.settings
        own_keys = static_keys(settings) is None and not needs_chain(settings)
        first = [self._keys.begin()] if own_keys else []
        questions = [*first, self._node.begin()]
        threading.Thread(
            target=lambda: [ask() for ask in questions], name="metadata", daemon=True
        ).start()

    def node(self) -> Node:
        """Return this machine's node, as `identity.find_node` does; remembered once found."""
        with self._lock:
            if self._found is None:
                self._found = self._node.take()
            return self._found

    def keys(self) -> Keys | None:
        """Return the instance role's keys, None without a role. Raises UnreachableError."""
        return self._keys.take()

    def addresses(self, node: Node) -> frozenset[Address] | None:
        """Return the addresses the instance is told to have now; None: there is no telling."""
        return self._ask(node, addresses_of)

    def associations(self, node: Node) -> Mapping[Address, Address] | None:
        """Return private -> public address now; None: there is no telling."""
        return self._ask(node, associations_of)

    def _ask(self, node: Node, question: Callable[[Metadata, str], T]) -> T | None:
        if node.facts.get("identity") != "metadata":
            return None
        try:
            return question(self._metadata, node.facts["mac"])
        except (UnreachableError, ValueError):  # nothing, or nothing that reads as addresses
            return None
