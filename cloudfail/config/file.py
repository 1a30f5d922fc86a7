"""The tables of cloudfail.toml as they are written: names, types, bounds, and their descriptions.

The reader, the JSON Schema and the reference page all come from these Structs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

DEFAULT_JOURNAL = "/var/lib/cloudfail/journal.jsonl"

Text = Annotated[str, Meta(min_length=1)]


class NodeTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member of the instance. List every node, this one included: the file is the same on all."""

    name: Annotated[str, Meta(min_length=1, description="What people call the node; unique.")]
    address: Annotated[
        str,
        Meta(
            min_length=1,
            description="The unicast address VRRP speaks from; tells a node that it is this one.",
            examples=["10.0.1.10"],
        ),
    ]
    priority: Annotated[
        int, Meta(ge=1, le=254, description="VRRP priority; no two nodes share one.")
    ]
    interface_id: Annotated[
        str,
        Meta(
            description="The cloud's id of the network interface that claims move to; "
            "default: by the metadata service.",
            examples=["eni-0a1b2c3d4e5f60718"],
        ),
    ] = ""
    subnet: Annotated[
        str,
        Meta(
            description="The cloud subnet of `address`; default: its /24 (IPv4) or /64 (IPv6).",
            examples=["10.0.0.0/20"],
        ),
    ] = ""


class PublicIpTable(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="public-ip",
):
    """A public address that follows the master."""

    address: Annotated[
        str, Meta(min_length=1, description="The public address.", examples=["203.0.113.7"])
    ]
    private_address: Annotated[
        str,
        Meta(
            description="The private address it sits on; default: the interface's primary one.",
            examples=["10.0.1.100"],
        ),
    ] = ""
    resource_id: Annotated[
        str,
        Meta(
            description="The cloud's id of the address; default: found by address.",
            examples=["eipalloc-0a1b2c3d4e5f60718"],
        ),
    ] = ""


class PrivateIpTable(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="private-ip",
):
    """A secondary private address that follows the master; all nodes share one subnet."""

    address: Annotated[
        str, Meta(min_length=1, description="The private address.", examples=["10.0.1.100"])
    ]
    resource_id: Annotated[
        str, Meta(description="The cloud's id of the address, if it has one.")
    ] = ""


class RouteTable(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="route"
):
    """A destination whose next hop is the master, in any number of route tables."""

    destination: Annotated[
        str, Meta(min_length=1, description="The network routed.", examples=["10.99.0.0/16"])
    ]
    tables: Annotated[
        tuple[Text, ...],
        Meta(min_length=1, description="Ids of the route tables.", examples=[["rtb-0aa"]]),
    ]
    role_arn: Annotated[
        str,
        Meta(
            description="AWS: the role to assume for tables of another account.",
            examples=["arn:aws:iam::123456789012:role/cloudfail-routes"],
        ),
    ] = ""


ClaimTable = PublicIpTable | PrivateIpTable | RouteTable
KINDS: dict[str, type[Struct]] = {
    "public-ip": PublicIpTable,
    "private-ip": PrivateIpTable,
    "route": RouteTable,
}


class InstanceTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `vrrp_instance`, by keepalived's name for it, and what its master must own."""

    provider: Annotated[
        str, Meta(min_length=1, description="The cloud; see `cloudfail providers`.")
    ]
    interface: Annotated[
        str,
        Meta(
            description="The network device VRRP runs on; default: by the unicast address.",
            examples=["eth0"],
        ),
    ] = ""
    virtual_router_id: (
        Annotated[int, Meta(ge=1, le=255, description="The VRRP virtual router id.")] | None
    ) = None
    deadline: (
        Annotated[
            float,
            Meta(gt=0, le=86400, description="Seconds a run may take; default: the provider's."),
        ]
        | None
    ) = None
    width: Annotated[int, Meta(ge=1, le=64, description="How many calls may run at once.")] = 16
    node: Annotated[tuple[NodeTable, ...], Meta(description="The members; see below.")] = ()
    claim: Annotated[
        tuple[ClaimTable, ...], Meta(description="What the master must own; see below.")
    ] = ()


class GuardTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What cloudfail refuses to do."""

    protected: Annotated[
        tuple[Text, ...],
        Meta(
            description="Networks never taken nor routed, whatever is claimed.",
            examples=[["10.0.0.0/8"]],
        ),
    ] = ()
    own_egress: Annotated[
        Literal["check", "assured"],
        Meta(
            description="`check`: prove that the cloud's API stays reachable without any claimed "
            "object; `assured`: the operator's word that it does."
        ),
    ] = "check"


class JournalTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where runs are written down."""

    path: Annotated[str, Meta(min_length=1, description="The file; made when missing.")] = (
        DEFAULT_JOURNAL
    )
    max_bytes: Annotated[int, Meta(ge=4096, description="Rotate at this size.")] = 1 << 20
    keep: Annotated[int, Meta(ge=1, le=1000, description="How many rotated files stay.")] = 5


class FileTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """cloudfail.toml: what each VRRP instance's master must own in the cloud."""

    instance: dict[str, InstanceTable] = {}
    provider: dict[str, dict[str, Any]] = {}
    guard: GuardTable = GuardTable()
    journal: JournalTable = JournalTable()
