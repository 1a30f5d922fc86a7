"""What every embedded cloud gives to those who rehearse on it: sites, routers, control, tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

import msgspec

from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.notices import Notice
from cloudfail.lab.cloud.records import Call, Change


class BuiltNic(Protocol):
    """A network interface as the cloud built it."""

    @property
    def interface_id(self) -> str: ...


class BuiltPlace(Protocol):
    """A node as the cloud built it: its first network interface, and where a router finds it."""

    @property
    def name(self) -> str: ...
    @property
    def interface_id(self) -> str:
        """The id that `Change.holder` and cloudfail's `Node.ref` have."""
        ...

    @property
    def mac(self) -> str: ...
    @property
    def address(self) -> str:
        """The primary private address."""
        ...

    @property
    def interfaces(self) -> Sequence[BuiltNic]:
        """All of them, the first one too."""
        ...


class BuiltWorld(Protocol):
    """The ids that a cloud gave to what a world asked for."""

    @property
    def region(self) -> str: ...
    @property
    def nodes(self) -> Mapping[str, BuiltPlace]: ...
    @property
    def public_ips(self) -> Mapping[str, str]:
        """Each public address, and the id of the object that it is."""
        ...


class EmbeddedCloud(Protocol):
    """An API, metadata services, faults and records, from `with` to the end of it.

    All members may be used from any number of threads. Several clouds live in one process.
    """

    world_type: ClassVar[type[msgspec.Struct]]
    """What `build` takes, as a JSON document elsewhere."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...

    # ---- where it is

    @property
    def endpoint(self) -> str:
        """URL of the API, for the SDK's endpoint setting; UsageError outside of `with`."""
        ...

    @property
    def ca_file(self) -> str:
        """Path of the PEM file that clients of `endpoint` have to trust; "" where it is HTTP."""
        ...

    @property
    def control(self) -> str:
        """URL for CloudControl; plain HTTP wherever the API is."""
        ...

    def metadata_endpoint(self, node: str) -> str:
        """URL of a metadata service that answers for `node`, whoever asks."""
        ...

    def metadata_environment(self, node: str) -> Mapping[str, str]:
        """The variables with which a process takes that service for its own."""
        ...

    def metadata_variables(self, url: str) -> Mapping[str, str]:
        """What the vendor's own libraries read of an environment, to ask the service at `url`."""
        ...

    def serve_metadata(self, host: str, port: int) -> str:
        """URL of one metadata service that tells nodes apart by the caller's address."""
        ...

    # ---- what is in it

    def build(self, world: Any) -> BuiltWorld:
        """Replace everything by `world`; UsageError when the cloud's rules do not allow it.

        Faults, changes, calls, notices and stale reads start anew.
        """
        ...

    def adopt(self, instances: Mapping[str, str]) -> BuiltWorld:
        """Take what others made through the API for the world; `instances` names its nodes' ids.

        Changes, calls and notices start anew. UsageError for an instance that is not there, and
        where this cloud cannot do it.
        """
        ...

    def reset(self) -> None:
        """Leave an empty cloud without faults, changes or calls."""
        ...

    @property
    def built(self) -> BuiltWorld:
        """What the last `build` gave; UsageError when there was none."""
        ...

    def terminate_node(self, name: str) -> None:
        """Let the machine be gone, as the cloud's own call would; UsageError for an unknown one."""
        ...

    # ---- what it tells its nodes in advance

    notice_kinds: ClassVar[Sequence[str]]
    """What can be announced, in the cloud's own words."""

    def announce(self, node: str, kind: str, seconds: float = 120.0) -> Notice:
        """Tell a node by its metadata service of what comes in so many seconds.

        Nothing happens to the node then. UsageError for an unknown node or kind.
        """
        ...

    def withdraw(self, node: str, kind: str = "") -> None:
        """Let what was announced be over; `kind` "" is all of it."""
        ...

    @property
    def announced(self) -> Sequence[Notice]:
        """What holds now, and when the nodes saw and acknowledged it."""
        ...

    # ---- who holds what: the router's data plane

    @property
    def holders(self) -> Sequence[Change]:
        """Every target and who holds it now, as the latest change would have said it."""
        ...

    @property
    def changes(self) -> Sequence[Change]: ...
    def changes_since(self, since: int, wait: float) -> Sequence[Change]:
        """Changes numbered above `since`; wait up to `wait` seconds for the first one."""
        ...

    def on_change(self, callback: Callable[[Change], None]) -> None:
        """Call back at each change, before anybody can read it. It must be quick, not call us."""
        ...

    # ---- who called what

    @property
    def calls(self) -> Sequence[Call]: ...
    def calls_since(self, since: int) -> Sequence[Call]: ...
    @property
    def violations(self) -> Sequence[str]:
        """Requests and answers that break the vendor's published contract. Tests want none."""
        ...

    # ---- what goes wrong

    faults: Faults

    def enforce_iam(
        self,
        policies: Sequence[Mapping[str, Any]],
        roles: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        """From now on the nodes may do only what these documents of the cloud allow.

        `roles` are the documents of other principals, by the cloud's name for them. UsageError
        for a document that cannot be judged.
        """
        ...

    def enforce_attached_iam(self) -> None:
        """From now on the nodes may do only what the cloud's own IAM has for their roles.

        Read at each request. UsageError for a document that cannot be judged, and where this cloud
        cannot do it.
        """
        ...

    def relax_iam(self) -> None:
        """Any credentials may do everything again."""
        ...
