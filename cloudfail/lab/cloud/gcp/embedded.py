"""The embedded Google Cloud as an object: Compute, its faults, its records, metadata servers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.api import Api
from cloudfail.lab.cloud.gcp.builder import Builder
from cloudfail.lab.cloud.gcp.metadata import Metadata
from cloudfail.lab.cloud.gcp.notices import EVENTS, PREEMPTED
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.lab.cloud.gcp.world import Built, World
from cloudfail.lab.cloud.httpd import Handler, Incoming, Reply
from cloudfail.lab.cloud.records import Call
from cloudfail.lab.cloud.service import CloudService, NodeOf, names_of


class EmbeddedGcp(CloudService[Built]):
    """A Google Cloud on a loopback port, from `with` to the end of it. Port 0 takes a free one.

    Several may live in one process. Raises ProviderMissingError when the discovery document is not
    installed, OSError when the address cannot be bound.
    """

    world_type: ClassVar[type[msgspec.Struct]] = World
    server = "ESF"
    notice_kinds: ClassVar[Sequence[str]] = (*EVENTS, PREEMPTED)
    api: Api

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self.api = Api(self.ledger)
        self._world: World | None = None

    def close(self) -> None:
        super().close()
        with self.api.lock:
            self.api.operations.clear()

    def answer(self, incoming: Incoming) -> Reply:
        return self.api.handle(incoming)

    def metadata_of(self, node_of: NodeOf) -> Handler:
        return Metadata(self, node_of).handle

    def metadata_environment(self, node: str) -> Mapping[str, str]:
        return {"GCE_METADATA_HOST": self.metadata_endpoint(node).partition("://")[2]}

    def calls_since(self, since: int) -> list[Call]:
        return self.api.log.since(since)

    @property
    def violations(self) -> Sequence[str]:
        return self.api.log.violations

    def build(self, world: World) -> Built:
        """Replace everything by `world`. Raises UsageError when Google's rules do not allow it."""
        builder = Builder(world)
        built = builder.build()
        with self.api.lock:
            self.reset()
            self._built, self._world = built, world
            self.api.start(builder.store, names_of(built), builder.hosts)
        return built

    def reset(self) -> None:
        with self.api.lock:
            self._built = self._world = None
            self.api.faults = Faults()
            self.api.iam.reset()
            self.notices.clear()
            self.api.start(Store(), {}, {})

    def terminate_node(self, name: str) -> None:
        """Delete the instance: its addresses are free, routes to it are passed over."""
        node = self.built.nodes.get(name)
        if node is None:
            raise UsageError(f"no node {name!r}; there are {', '.join(self.built.nodes)}")
        self.api.apply(lambda store: store.drop(node.instance))

    def enforce_iam(
        self,
        policies: Sequence[Mapping[str, Any]],
        roles: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        """From now on the nodes' service account may do only what these custom roles hold.

        `roles` are those of other accounts by e-mail address. Tokens must be a metadata server's.
        """
        self.api.iam.enforce(policies, roles or {})

    def relax_iam(self) -> None:
        self.api.iam.relax()

    def node_at(self, source: str) -> str:
        for node in () if self._world is None else self._world.nodes:
            if any(source in (item.address, item.ipv6) for item in node.interfaces):
                return node.name
        return ""
