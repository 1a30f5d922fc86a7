"""What all embedded clouds do alike: ports, control API, metadata services, records, life."""

from __future__ import annotations

import abc
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

import msgspec

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.client import PREFIX
from cloudfail.lab.cloud.control import Control
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import Handler, HttpService, Incoming, Reply
from cloudfail.lab.cloud.interface import BuiltWorld
from cloudfail.lab.cloud.ledger import Ledger
from cloudfail.lab.cloud.notices import Notice, Notices
from cloudfail.lab.cloud.records import Call, Change

NodeOf = Callable[[str], str]
B = TypeVar("B", bound=BuiltWorld)
_ONLY_BUILT = "nothing but the lab makes anything in this embedded cloud"


class Faulty(Protocol):
    """What answers the API, as far as all clouds have it."""

    @property
    def faults(self) -> Faults: ...
    @faults.setter
    def faults(self, faults: Faults) -> None: ...


class CloudService(abc.ABC, Generic[B]):
    """An `EmbeddedCloud` on a loopback port; port 0 takes a free one.

    OSError when the address cannot be bound. A cloud says what answers the API, what answers for
    metadata, and what its worlds are.
    """

    world_type: ClassVar[type[msgspec.Struct]]
    server: ClassVar[str]
    """What the API calls itself in the header `Server`."""
    notice_kinds: ClassVar[Sequence[str]]
    api: Faulty

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._address = (host, port)
        self.ledger = Ledger()
        self.notices = Notices()
        self._control = Control(self)
        self._service: HttpService | None = None
        self._metadata: dict[str, HttpService] = {}
        self._built: B | None = None

    def __enter__(self) -> Self:
        self.reset()
        self._service = HttpService(*self._address, self._handle, self.server, self.tls)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every service and connection of this cloud."""
        for service in (self._service, *self._metadata.values()):
            if service is not None:
                service.close()
        self._service, self._metadata = None, {}
        self.notices.clear()

    @property
    def is_running(self) -> bool:
        return self._service is not None

    @property
    def endpoint(self) -> str:
        if self._service is None:
            raise UsageError("the embedded cloud is not running; use it in a `with`")
        return self._service.url

    @property
    def tls(self) -> ssl.SSLContext | None:
        """What makes the API an HTTPS one, where the vendor's SDK sends no token without."""
        return None

    @property
    def ca_file(self) -> str:
        return ""

    @property
    def control(self) -> str:
        return f"{self.endpoint.replace('https:', 'http:')}{PREFIX}"

    def metadata_endpoint(self, node: str) -> str:
        if node not in self._metadata:
            handler = self.metadata_of(lambda _source: node)
            self._metadata[node] = HttpService(self._address[0], 0, handler)
        return self._metadata[node].url

    def serve_metadata(self, host: str, port: int) -> str:
        started = HttpService(host, port, self.metadata_of(self.node_at))
        self._metadata[f"{host}:{port}"] = started
        return started.url

    def metadata_environment(self, node: str) -> Mapping[str, str]:
        return self.metadata_variables(self.metadata_endpoint(node))

    @property
    def holders(self) -> list[Change]:
        return self.ledger.holders()

    @property
    def changes(self) -> list[Change]:
        return self.ledger.changes()

    def changes_since(self, since: int, wait: float) -> list[Change]:
        return self.ledger.changes(since, wait)

    def on_change(self, callback: Callable[[Change], None]) -> None:
        self.ledger.on_change(callback)

    @property
    def calls(self) -> list[Call]:
        return self.calls_since(0)

    @property
    def violations(self) -> Sequence[str]:
        return ()

    @property
    def built(self) -> B:
        if self._built is None:
            raise UsageError("no world was built in this cloud yet")
        return self._built

    @property
    def faults(self) -> Faults:
        return self.api.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.api.faults = faults

    def announce(self, node: str, kind: str, seconds: float = 120.0) -> Notice:
        if node not in self.built.nodes:
            raise UsageError(f"no node {node!r}; there are {', '.join(self.built.nodes)}")
        if kind not in self.notice_kinds:
            known = ", ".join(self.notice_kinds)
            raise UsageError(f"this cloud announces no {kind!r}; there are {known}")
        return self.notices.announce(node, kind, seconds)

    def withdraw(self, node: str, kind: str = "") -> None:
        self.notices.withdraw(node, kind)

    def adopt(self, instances: Mapping[str, str]) -> B:
        del instances
        raise UsageError(f"{_ONLY_BUILT}: `build` a world")

    def enforce_attached_iam(self) -> None:
        raise UsageError(f"{_ONLY_BUILT}: give the documents to `enforce_iam`")

    @property
    def announced(self) -> Sequence[Notice]:
        return self.notices.every()

    # ---- what a cloud says; `EmbeddedCloud` has the words

    @abc.abstractmethod
    def answer(self, incoming: Incoming) -> Reply:
        """Answer an API request; raise ConnectionCutError to reset its connection."""

    @abc.abstractmethod
    def metadata_of(self, node_of: NodeOf) -> Handler:
        """Return a metadata service; `node_of` names the node of a caller's address, or ""."""

    @abc.abstractmethod
    def metadata_variables(self, url: str) -> Mapping[str, str]: ...

    @abc.abstractmethod
    def node_at(self, source: str) -> str:
        """Name the node that has this address, or ""."""

    @abc.abstractmethod
    def build(self, world: Any) -> B: ...
    @abc.abstractmethod
    def reset(self) -> None: ...
    @abc.abstractmethod
    def calls_since(self, since: int) -> list[Call]: ...
    @abc.abstractmethod
    def terminate_node(self, name: str) -> None: ...
    @abc.abstractmethod
    def enforce_iam(
        self,
        policies: Sequence[Mapping[str, Any]],
        roles: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    ) -> None: ...
    @abc.abstractmethod
    def relax_iam(self) -> None: ...

    def _handle(self, incoming: Incoming) -> Reply:
        if incoming.path.startswith(PREFIX):
            return self._control.handle(incoming)
        if self.ca_file and not incoming.secure:
            return Reply(403, f"use {self.endpoint}, and trust {self.ca_file}".encode())
        return self.answer(incoming)


def names_of(built: BuiltWorld) -> dict[str, str]:
    """Return each interface id, and the name of the node that has it."""
    return {
        interface.interface_id: node.name
        for node in built.nodes.values()
        for interface in node.interfaces
    }
