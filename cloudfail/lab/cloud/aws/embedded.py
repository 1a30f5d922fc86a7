"""The embedded AWS as an object: an API, its faults, its records, and metadata services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import msgspec
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.api import Api
from cloudfail.lab.cloud.aws.applied import adopted
from cloudfail.lab.cloud.aws.builder import Builder
from cloudfail.lab.cloud.aws.engine import ACCOUNTS, Engine
from cloudfail.lab.cloud.aws.metadata import Metadata
from cloudfail.lab.cloud.aws.notices import ACTIONS, REBALANCE
from cloudfail.lab.cloud.aws.sessions import ADMIN_KEY
from cloudfail.lab.cloud.aws.world import Built, World
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import Handler, Incoming, Reply
from cloudfail.lab.cloud.records import Call
from cloudfail.lab.cloud.service import CloudService, NodeOf, names_of


class EmbeddedAws(CloudService[Built]):
    """An AWS on a loopback port, from `with` to the end of it. Port 0 takes a free one.

    Several may live in one process; each has an account of its own. Raises ProviderMissingError
    when moto is not installed, OSError when the address cannot be bound.
    """

    world_type: ClassVar[type[msgspec.Struct]] = World
    server = "AmazonEC2"
    notice_kinds: ClassVar[Sequence[str]] = (*ACTIONS, REBALANCE)
    api: Api

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self._account = ACCOUNTS.take()
        self.api = Api(Engine(self._account), self.ledger)
        self._sources: Mapping[str, str] = {}
        self._closed = False

    def close(self) -> None:
        super().close()
        if not self._closed:
            ACCOUNTS.give_back(self._account)
        self._closed = True

    def answer(self, incoming: Incoming) -> Reply:
        return self.api.handle(incoming)

    def calls_since(self, since: int) -> list[Call]:
        return self.api.calls(since)

    def build(self, world: World) -> Built:
        """Replace everything by `world`. Raises UsageError when EC2's rules do not allow it."""
        with self.api.lock:
            self.reset()
            self.api.engine.region = world.region
            built = Builder(self.api.engine, world).build()
            self._built = built
            self._sources = _sources_of(world)
            self.api.start(names_of(built))
            self.api.table_owners = {
                built.tables[table.name]: table.account
                for table in world.route_tables
                if table.account
            }
        return built

    def adopt(self, instances: Mapping[str, str]) -> Built:
        with self.api.lock:
            built = adopted(self.api.engine, instances)
            self._built = built
            self._sources = {
                nic.address: node.name for node in built.nodes.values() for nic in node.interfaces
            }
            self.notices.clear()
            self.api.start(names_of(built))
        return built

    def reset(self) -> None:
        """Empty the cloud: no world, faults, changes or calls."""
        with self.api.lock:
            self.api.engine.reset()
            self._built, self._sources = None, {}
            self.api.faults = Faults()
            self.api.iam.reset()
            self.api.table_owners = {}
            self.notices.clear()
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

    def enforce_attached_iam(self) -> None:
        self.api.iam.enforce_attached()

    def relax_iam(self) -> None:
        """Any credentials may do everything again."""
        self.api.iam.relax()

    def metadata_of(self, node_of: NodeOf) -> Handler:
        """Return an instance metadata service (IMDSv2 only)."""
        return Metadata(self, node_of).handle

    def metadata_variables(self, url: str) -> Mapping[str, str]:
        return {"AWS_EC2_METADATA_SERVICE_ENDPOINT": url}

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

    def node_at(self, source: str) -> str:
        return self._sources.get(source, "")


def _sources_of(world: World) -> Mapping[str, str]:
    """Return the primary addresses of the nodes' interfaces, with the names of the nodes."""
    return {
        address: node.name
        for node in world.nodes
        for address in (node.address, node.ipv6, *(item.address for item in node.interfaces))
        if address
    }
