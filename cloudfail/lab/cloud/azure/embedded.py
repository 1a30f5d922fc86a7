"""The embedded Azure as an object: ARM, its faults, its records, metadata services."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import msgspec

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.azure.api import Api
from cloudfail.lab.cloud.azure.builder import Builder
from cloudfail.lab.cloud.azure.metadata import Metadata
from cloudfail.lab.cloud.azure.scheduled import KINDS, ScheduledEvents
from cloudfail.lab.cloud.azure.schema import models
from cloudfail.lab.cloud.azure.setting import Setting
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.tokens import Tokens
from cloudfail.lab.cloud.azure.world import Built, World
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import Handler, Incoming, Reply
from cloudfail.lab.cloud.records import Call
from cloudfail.lab.cloud.service import CloudService, NodeOf, names_of
from cloudfail.lab.cloud.tls import Authority

_NAMES = ("127.0.0.1", "localhost", "*.lab.internal")


class EmbeddedAzure(CloudService[Built]):
    """An Azure on a loopback port, from `with` to the end of it. Port 0 takes a free one.

    Several may live in one process. Raises ProviderMissingError when azure-mgmt-network or trustme
    is not installed, OSError when the address cannot be bound. Its API is HTTPS: clients trust
    `ca_file`. Its control API is plain HTTP.
    """

    world_type: ClassVar[type[msgspec.Struct]] = World
    server = "Microsoft-HTTPAPI/2.0"
    notice_kinds: ClassVar[Sequence[str]] = KINDS
    api: Api

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        models()
        self._authority: Authority | None = None
        self.api = Api(self.ledger)
        self.scheduled = ScheduledEvents(self.notices)
        self._world: World | None = None

    def __enter__(self) -> Self:
        self._authority = Authority()
        return super().__enter__()

    def close(self) -> None:
        super().close()
        if self._authority is not None:
            self._authority.close()
        self._authority = None
        with self.api.lock:
            self.api.operations.clear()

    @property
    def tokens(self) -> Tokens:
        return self.api.iam.tokens

    @property
    def tls(self) -> ssl.SSLContext:
        return self._authority_now.context([self._address[0], *_NAMES])

    @property
    def ca_file(self) -> str:
        """UsageError outside of `with`: the file is there as long as the cloud is."""
        return str(self._authority_now.file)

    def answer(self, incoming: Incoming) -> Reply:
        return self.api.handle(incoming)

    def metadata_of(self, node_of: NodeOf) -> Handler:
        return Metadata(self, node_of).handle

    def metadata_variables(self, url: str) -> Mapping[str, str]:
        return {"AZURE_POD_IDENTITY_AUTHORITY_HOST": url}

    def calls_since(self, since: int) -> list[Call]:
        return self.api.log.since(since)

    @property
    def violations(self) -> Sequence[str]:
        return self.api.log.violations

    def build(self, world: World) -> Built:
        """Replace everything by `world`. Raises UsageError when Azure's rules do not allow it."""
        builder = Builder(world)
        built = builder.build()
        setting = Setting(
            location=world.location,
            tenant=world.tenant,
            zones=builder.zones,
            locks=tuple(builder.locks),
            planted=builder.planted,
            page_size=world.page_size,
        )
        with self.api.lock:
            self.reset()
            self._built, self._world = built, world
            self.api.start(builder.store, names_of(built), setting)
        return built

    def reset(self) -> None:
        with self.api.lock:
            self._built = self._world = None
            self.api.faults = Faults()
            self.api.iam.reset()
            self.notices.clear()
            self.scheduled.clear()
            self.api.start(Store(), {}, Setting())

    def terminate_node(self, name: str) -> None:
        """Delete the virtual machine. Its interfaces stay, with all that is on them."""
        node = self.built.nodes.get(name)
        if node is None:
            raise UsageError(f"no node {name!r}; there are {', '.join(self.built.nodes)}")

        def leave(store: Store) -> None:
            for interface in node.interfaces:
                document = store.edit(interface.interface_id)
                document["properties"].pop("virtualMachine", None)
                store.put(interface.interface_id, document)

        self.api.apply(leave, None)

    def enforce_iam(
        self,
        policies: Sequence[Mapping[str, Any]],
        roles: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        """From now on the nodes' identities may do only what these role definitions hold.

        `roles` are those of other principals by object id. Each is assigned at its assignable
        scopes. Tokens must be a metadata service's.
        """
        self.api.iam.enforce(policies, roles or {})

    def relax_iam(self) -> None:
        self.api.iam.relax()

    def node_at(self, source: str) -> str:
        for node in () if self._built is None else self._built.nodes.values():
            if any(source in interface.addresses for interface in node.interfaces):
                return node.name
        return ""

    @property
    def _authority_now(self) -> Authority:
        if self._authority is None:
            raise UsageError("the embedded cloud is not running; use it in a `with`")
        return self._authority
