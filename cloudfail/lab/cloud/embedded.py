"""The embedded AWS as an object: an API, its faults, its records, and metadata services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.api import Api
from cloudfail.lab.cloud.builder import Builder
from cloudfail.lab.cloud.client import PREFIX
from cloudfail.lab.cloud.control import Control
from cloudfail.lab.cloud.engine import ACCOUNTS, Engine
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import HttpService, Incoming, Reply
from cloudfail.lab.cloud.ledger import Ledger
from cloudfail.lab.cloud.metadata import Metadata
from cloudfail.lab.cloud.records import Call, Change
from cloudfail.lab.cloud.sessions import ADMIN_KEY
from cloudfail.lab.cloud.world import Built, World


class EmbeddedAws:
    """An AWS on a loopback port, from `with` to the end of it. Port 0 takes a free one.

    Several may live in one process; each has an account of its own. Raises ProviderMissingError
    when moto is not installed, OSError when the address cannot be bound.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._address = (host, port)
        self._account = ACCOUNTS.take()
        self.ledger = Ledger()
        self.api = Api(Engine(self._account), self.ledger)
        self._control = Control(self)
        self._built: Built | None = None
        self._world: World | None = None
        self._service: HttpService | None = None
        self._metadata: dict[str, HttpService] = {}
        self._closed = False

    def __enter__(self) -> Self:
        self.reset()
        self._service = HttpService(*self._address, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every service and connection of this cloud."""
        for service in (self._service, *self._metadata.values()):
            if service is not None:
                service.close()
        self._service, self._metadata = None, {}
        if not self._closed:
            ACCOUNTS.give_back(self._account)
        self._closed = True

    @property
    def endpoint(self) -> str:
        """URL of the API, for AWS_ENDPOINT_URL."""
        if self._service is None:
            raise UsageError("the embedded cloud is not running; use it in a `with`")
        return self._service.url

    @property
    def control(self) -> str:
        """URL for CloudControl."""
        return f"{self.endpoint}{PREFIX}"

    @property
    def built(self) -> Built:
        if self._built is None:
            raise UsageError("no world was built in this cloud yet")
        return self._built

    @property
    def faults(self) -> Faults:
        return self.api.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self.api.faults = faults

    @property
    def changes(self) -> list[Change]:
        return self.ledger.changes()

    @property
    def holders(self) -> list[Change]:
        return self.ledger.holders()

    @property
    def calls(self) -> list[Call]:
        return self.api.calls()

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call back at each change, before the API answers. It must be quick, and not call us."""
        self.ledger.on_change(callback)

    def build(self, world: World) -> Built:
        """Replace everything by `world`. Raises UsageError when EC2's rules do not allow it."""
        with self.api.lock:
            self.reset()
            self.api.engine.region = world.region
            built = Builder(self.api.engine, world).build()
            self._built, self._world = built, world
            self.api.start(_names(built))
            self.api.table_owners = {
                built.tables[table.name]: table.account
                for table in world.route_tables
                if table.account
            }
        return built

    def reset(self) -> None:
        """Empty the cloud: no world, faults, changes or calls."""
        with self.api.lock:
            self.api.engine.reset()
            self._built = self._world = None
            self.api.faults = Faults()
            self.api.iam.reset()
            self.api.table_owners = {}
            self.api.start({})

    def terminate_node(self, name: str) -> None:
        """Terminate the instance, as EC2 would: its EIPs are freed, its routes blackholes."""
        node = self.built.nodes.get(name)
        if node is None:
            raise UsageError(f"no node {name!r}; there are {', '.join(self.built.nodes)}")
        self.api.lab_call("TerminateInstances", {"InstanceId.1": node.instance_id})

    def enforce_iam(
        self,
        policies: Sequence[Mapping[str, Any]],
        roles: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        """From now on the nodes' role may do only what these policy documents allow.

        `roles` are other roles by ARN, for AssumeRole. Credentials must be those of the metadata
        service or of AssumeRole; only `client()` may do everything. Raises UsageError for
        conditions other than StringEquals.
        """
        self.api.iam.enforce(policies, roles or {})

    def relax_iam(self) -> None:
        """Any credentials may do everything again."""
        self.api.iam.relax()

    def metadata_endpoint(self, node: str) -> str:
        """URL of an instance metadata service (IMDSv2 only) that answers for `node`."""
        if node not in self._metadata:
            service = Metadata(self, lambda _source: node)
            self._metadata[node] = HttpService(self._address[0], 0, service.handle)
        return self._metadata[node].url

    def serve_metadata(self, host: str, port: int) -> str:
        """URL of one metadata service that tells nodes apart by the caller's address."""
        service = Metadata(self, self._node_at)
        self._metadata[f"{host}:{port}"] = started = HttpService(host, port, service.handle)
        return started.url

    def client(self, service: str = "ec2") -> Any:
        """Build a boto3 client of this cloud, with retries off."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=self.api.engine.region,
            aws_access_key_id=ADMIN_KEY,
            aws_secret_access_key="lab",  # noqa: S106 - nobody checks it
            config=Config(retries={"total_max_attempts": 1}),
        )

    def _handle(self, incoming: Incoming) -> Reply:
        if incoming.path.startswith(PREFIX):
            return self._control.handle(incoming)
        return self.api.handle(incoming)

    def _node_at(self, source: str) -> str:
        nodes = () if self._world is None else self._world.nodes
        for node in nodes:
            if source in (node.address, node.ipv6, *(item.address for item in node.interfaces)):
                return node.name
        return ""


def _names(built: Built) -> dict[str, str]:
    return {
        interface.interface_id: node.name
        for node in built.nodes.values()
        for interface in node.interfaces
    }
