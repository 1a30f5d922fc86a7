"""The claims of cloudfail.toml as they are written: one table a kind."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Text = Annotated[str, Meta(min_length=1)]


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
        str,
        Meta(
            min_length=1,
            description="The private address; Google Cloud: or a range, like 10.0.1.64/28.",
            examples=["10.0.1.100"],
        ),
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
        Meta(
            min_length=1,
            description="Ids of the route tables; Google Cloud: names of the networks, or "
            "projects/PROJECT/global/networks/NAME.",
            examples=[["rtb-0aa"]],
        ),
    ]
    role_arn: Annotated[
        str,
        Meta(
            description="AWS: the role to assume for tables of another account.",
            examples=["arn:aws:iam::123456789012:role/cloudfail-routes"],
        ),
    ] = ""


class ForwardingRuleTable(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="forwarding-rule",
):
    """Google Cloud: a forwarding rule whose target is the master's target instance."""

    name: Annotated[str, Meta(min_length=1, description="The rule's name.", examples=["edge"])]
    region: Annotated[
        str, Meta(description="The rule's region; default: the node's.", examples=["europe-west1"])
    ] = ""
    project: Annotated[
        str, Meta(description="The rule's project; default: the node's.", examples=["my-project"])
    ] = ""


# What a script or configuration that is imported can be found to move.
MovedTable = PublicIpTable | PrivateIpTable | RouteTable
ClaimTable = MovedTable | ForwardingRuleTable
KINDS: dict[str, type[Struct]] = {
    "public-ip": PublicIpTable,
    "private-ip": PrivateIpTable,
    "route": RouteTable,
    "forwarding-rule": ForwardingRuleTable,
}
