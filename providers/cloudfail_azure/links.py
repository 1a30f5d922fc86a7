"""Azure's resource ids: `/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/TYPE/NAME`.

They compare without regard to case (azure-resource-manager/management/resource-name-rules), and
Azure spells one and the same id in several ways.
"""

from __future__ import annotations

_NETWORK = "providers/Microsoft.Network"


def key_of(resource_id: str) -> str:
    """Return what two ids of one resource have in common: to compare, or to index by."""
    return resource_id.rstrip("/").lower()


def same(one: str, other: str) -> bool:
    """Say whether two ids name one resource; "" is no resource's, and the same as nothing."""
    return bool(one) and key_of(one) == key_of(other)


def name_of(resource_id: str) -> str:
    return resource_id.rstrip("/").rsplit("/", maxsplit=1)[-1]


def part_of(resource_id: str, collection: str) -> str:
    """Return the name after a collection's: `part_of(id, "resourceGroups")`; "" without one."""
    parts = resource_id.split("/")
    lower = [part.lower() for part in parts]
    wanted = collection.lower()
    return parts[lower.index(wanted) + 1] if wanted in lower[:-1] else ""


def subscription_of(resource_id: str) -> str:
    return part_of(resource_id, "subscriptions")


def group_of(resource_id: str) -> str:
    return part_of(resource_id, "resourceGroups")


def up_to(resource_id: str, collection: str) -> str:
    """Return the id of the resource in this collection that the id is of, or is below of.

    `up_to(ip_configuration, "networkInterfaces")` is the network interface's; "" when the id is
    below of nothing of the kind.
    """
    parts = resource_id.split("/")
    lower = [part.lower() for part in parts]
    wanted = collection.lower()
    return "/".join(parts[: lower.index(wanted) + 2]) if wanted in lower[:-1] else ""


def group_id(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def collection_id(subscription: str, group: str, collection: str) -> str:
    """Return the id of all resources of one type in a resource group."""
    return f"{group_id(subscription, group)}/{_NETWORK}/{collection}"


def network_id(subscription: str, group: str, collection: str, name: str) -> str:
    """Return the id of a resource of Microsoft.Network."""
    return f"{collection_id(subscription, group, collection)}/{name}"


def interface_of(resource_id: str) -> str:
    """Return the network interface's id of an ipConfiguration's; "" when it is of another thing."""
    return up_to(resource_id, "networkInterfaces")


def network_of(subnet: str) -> str:
    """Return the virtual network's id of a subnet's."""
    return up_to(subnet, "virtualNetworks")


def table_id(table: str, subscription: str, group: str) -> str:
    """Return the id of a claim's table: a whole id, `GROUP/NAME`, or `NAME`.

    `subscription` and `group` are this node's, for what is left out.
    """
    if table.startswith("/"):
        return table.rstrip("/")
    before, _, name = table.rpartition("/")
    return network_id(subscription, before or group, "routeTables", name)
