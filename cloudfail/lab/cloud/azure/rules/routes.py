"""User-defined routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from cloudfail.lab.cloud.azure.answers import ArmError, Json, bad_request
from cloudfail.lab.cloud.azure.links import type_of

APPLIANCE = "VirtualAppliance"
_TAG = re.compile(r"[A-Z][A-Za-z0-9]*(\.[A-Za-z0-9]+)?")


def require_table(table: Json | None, route: str, parent: str) -> Json:
    """azure-resource-manager/troubleshooting/error-parent-resource: the table comes first."""
    if table is None:
        raise ArmError(
            404,
            "ParentResourceNotFound",
            f"Failed to perform 'write' on resource(s) of type '{type_of(route)}', because the parent "
            f"resource '{parent}' could not be found.",
        )
    return table


def require_prefix(route: str, properties: Json) -> None:
    """Reference, Route.addressPrefix: "The destination CIDR to which the route applies".

    virtual-network/virtual-networks-udr-overview: or a service tag.
    """
    text = str(properties.get("addressPrefix") or "")
    if _TAG.fullmatch(text):
        return
    try:
        network = ip_network(text, strict=False)
    except ValueError as exc:
        raise bad_request(
            "InvalidAddressPrefixFormat",
            f"Address prefix {text} of resource {route} is not formatted correctly. It should follow "
            "CIDR notation, for example 10.0.0.0/24.",
        ) from exc
    if "/" in text and not text.startswith(f"{network.network_address}/"):
        raise bad_request(
            "InvalidCIDRNotation",
            f"The address prefix {text} in resource {route} has an invalid CIDR notation. For the "
            f"given prefix length, the address prefix should be {network}.",
        )


def require_next_hop(route: str, properties: Json) -> None:
    """Reference, Route.nextHopIpAddress.

    "Next hop values are only allowed in routes where the next hop type is VirtualAppliance."
    """
    given = properties.get("nextHopIpAddress") or ""
    is_appliance = properties.get("nextHopType") == APPLIANCE
    try:
        good = bool(ip_address(given)) if is_appliance else not given
    except ValueError:
        good = False
    if not good:
        kind = properties.get("nextHopType")
        message = f"Route {route} has the next hop type {kind} and the next hop {given or 'none'}."
        raise bad_request("InvalidNextHopIpAddress", message)


def require_own_prefix(table: Json, name: str, properties: Json) -> None:
    """kubernetes-sigs/cloud-provider-azure#657: a prefix is in a table once."""
    for other in table["properties"].get("routes", ()):
        is_same_name = other["name"].lower() == name.lower()
        if not is_same_name and _prefix(other["properties"]) == _prefix(properties):
            raise bad_request(
                "RouteConflict",
                f"Route: {name} conflicts with Route: {other['name']}. Routes cannot have the same "
                "AddressPrefix.",
            )


def _prefix(properties: Mapping[str, str]) -> str:
    text = properties["addressPrefix"]
    return text if _TAG.fullmatch(text) else str(ip_network(text))
