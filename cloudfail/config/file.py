"""The tables of cloudfail.toml as they are written: names, types, bounds, and their descriptions.

The reader, the JSON Schema and the reference page all come from these Structs.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from cloudfail.config.agent.tables import AgentTable, ResponderTable
from cloudfail.config.claim_tables import ClaimTable, Text
from cloudfail.config.vrrp.tables import (
    AuthenticationTable,
    HookTable,
    HostTable,
    KeepalivedTable,
    ScriptTable,
    ServicesTable,
    SyncGroupTable,
    TrackFileTable,
    TrackProcessTable,
    TrackTable,
    VirtualAddressTable,
)

DEFAULT_JOURNAL = "/var/lib/cloudfail/journal.jsonl"


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
    interface: Annotated[
        str, Meta(description="The network device of this node; default: the instance's.")
    ] = ""
    router_id: Annotated[
        str, Meta(description="keepalived's `router_id` in mail and logs; default: the name.")
    ] = ""


class ClaimingTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who the members of an instance are, and what the master must own."""

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


class InstanceTable(ClaimingTable, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `vrrp_instance`, by keepalived's name for it, and what its master must own.

    The keys from `state` on are what `cloudfail generate` writes; they are keepalived's own words.
    """

    state: Annotated[
        Literal["BACKUP", "MASTER"],
        Meta(description="MASTER: the node with the highest priority starts as master."),
    ] = "BACKUP"
    nopreempt: Annotated[
        bool | None,
        Meta(
            description="A better node that comes back does not take over; default: true, unless "
            "there is a preempt_delay, or something is tracked with a weight."
        ),
    ] = None
    preempt_delay: (
        Annotated[
            float,
            Meta(
                ge=0, le=1000, description="Seconds until a better node that came back takes over."
            ),
        ]
        | None
    ) = None
    advert_int: Annotated[
        float, Meta(gt=0, le=255, description="Seconds between two adverts; the same on all nodes.")
    ] = 1.0
    unicast_ttl: (
        Annotated[
            int,
            Meta(
                ge=0,
                le=255,
                description="The TTL of adverts; default: keepalived's (255; 64 for IPv6).",
            ),
        ]
        | None
    ) = None
    unicast_fault_no_peer: Annotated[
        bool, Meta(description="FAULT without a peer, instead of multicast.")
    ] = True
    use_vmac: Annotated[
        bool,
        Meta(description="Make a device with the virtual MAC address; addresses then sit on lo."),
    ] = True
    vmac_xmit_base: Annotated[
        bool, Meta(description="With use_vmac: adverts leave with the device's own MAC address.")
    ] = True
    smtp_alert: Annotated[bool, Meta(description="Send mail at each change of role.")] = False
    include: Annotated[
        str,
        Meta(
            description="Files beneath [keepalived] directory that are included inside the "
            "vrrp_instance: the place for what there is no key for.",
            examples=["instance.d/edge.conf"],
        ),
    ] = ""
    virtual_ipaddress: Annotated[
        tuple[Text | VirtualAddressTable, ...] | None,
        Meta(
            description="Addresses that keepalived adds on the master; default: those of the "
            'claims. A table `{ address = "10.0.1.100", dev = "lo" }` says where.',
            examples=[["10.0.1.100"]],
        ),
    ] = None
    virtual_ipaddress_excluded: Annotated[
        tuple[Text | VirtualAddressTable, ...],
        Meta(description="The same, but not in the adverts: any family, any number."),
    ] = ()
    authentication: AuthenticationTable = AuthenticationTable()
    track_script: Annotated[
        tuple[Text | TrackTable, ...],
        Meta(description="Names of `[vrrp_script.NAME]`, or `{ name = ..., weight = ... }`."),
    ] = ()
    track_interface: Annotated[
        tuple[Text | TrackTable, ...], Meta(description="Network devices; a lost link is a FAULT.")
    ] = ()
    track_file: Annotated[
        tuple[Text | TrackTable, ...], Meta(description="Names of `[track_file.NAME]`.")
    ] = ()
    track_process: Annotated[
        tuple[Text | TrackTable, ...], Meta(description="Names of `[track_process.NAME]`.")
    ] = ()
    services: ServicesTable = ServicesTable()
    hook: Annotated[
        tuple[HookTable, ...],
        Meta(description="Commands that run after a change of role; see below."),
    ] = ()
    responder: Annotated[
        tuple[ResponderTable, ...],
        Meta(description="Ports of the agent that answer on the master only; see below."),
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
    keepalived: KeepalivedTable = KeepalivedTable()
    vrrp_script: dict[str, ScriptTable] = {}
    track_file: dict[str, TrackFileTable] = {}
    track_process: dict[str, TrackProcessTable] = {}
    vrrp_sync_group: dict[str, SyncGroupTable] = {}
    host: HostTable = HostTable()
    agent: AgentTable = AgentTable()
