"""What IMDS says of one node, as virtual-machines/instance-metadata-service lays it out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Any

from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.azure.links import group_of, key_of, name_of, subscription_of
from cloudfail.lab.cloud.azure.nics import Config, configs_of
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.world import Built, BuiltNode

# The table "Endpoint categories", for those that are not there from the beginning.
_SINCE = {
    "azEnvironment": "2018-10-01",
    "isHostCompatibilityLayerVm": "2020-06-01",
    "placementGroupId": "2017-08-01",
    "priority": "2020-12-01",
    "provider": "2018-10-01",
    "resourceGroupName": "2017-08-01",
    "resourceId": "2019-03-11",
    "subscriptionId": "2017-08-01",
    "tags": "2017-08-01",
    "tagsList": "2019-06-04",
    "vmScaleSetName": "2017-12-01",
    "zone": "2017-12-01",
}


def tree_of(store: Store, built: Built, node: BuiltNode, version: str) -> Json:
    """Tell what `/metadata/instance` has of a node, for one version of the API."""
    compute = {k: v for k, v in _compute(built, node).items() if version >= _SINCE.get(k, "")}
    interfaces = [_interface(store, item.interface_id, item.mac) for item in node.interfaces]
    return {"compute": compute, "network": {"interface": interfaces}}


def find(tree: Any, path: Sequence[str]) -> Any:
    """Return what is at the path; KeyError when there is nothing."""
    here = tree
    for part in path:
        if isinstance(here, list):
            here = dict(zip(map(str, range(len(here))), here, strict=True))[part]
        elif isinstance(here, dict):
            here = {name.lower(): value for name, value in here.items()}[part.lower()]
        else:
            raise KeyError(part)
    return here


def is_leaf(value: Any) -> bool:
    return not isinstance(value, dict | list)


def text_of(value: Any) -> str:
    """Return a leaf's text, or the listing of what is below."""
    if isinstance(value, list):
        return "\n".join(f"{number}/" for number in range(len(value)))
    if isinstance(value, dict):
        return "\n".join(k if is_leaf(v) else f"{k}/" for k, v in value.items())
    return str(value)


def _compute(built: Built, node: BuiltNode) -> Json:
    return {
        "azEnvironment": "AzurePublicCloud",
        "isHostCompatibilityLayerVm": "false",
        "location": built.location,
        "name": name_of(node.vm),
        "offer": "debian-12",
        "osType": "Linux",
        "placementGroupId": "",
        "platformFaultDomain": "0",
        "platformUpdateDomain": "0",
        "priority": "",
        "provider": "Microsoft.Compute",
        "publisher": "Debian",
        "resourceGroupName": name_of(group_of(node.vm)),
        "resourceId": node.vm,
        "sku": "12-gen2",
        "subscriptionId": subscription_of(node.vm),
        "tags": "",
        "tagsList": [],
        "version": "0.20260801.1",
        "vmId": node.vm_id,
        "vmScaleSetName": "",
        "vmSize": "Standard_D2s_v5",
        "zone": node.zone,
    }


def _interface(store: Store, resource: str, mac: str) -> Json:
    configs = list(_configs(store, resource))
    return {
        "ipv4": {
            "ipAddress": [
                {"privateIpAddress": str(c.address), "publicIpAddress": _public(store, c)}
                for c in configs
                if c.version == "IPv4"
            ],
            "subnet": _subnets(store, configs),
        },
        "ipv6": {
            "ipAddress": [
                {"privateIpAddress": str(c.address)} for c in configs if c.version == "IPv6"
            ]
        },
        "macAddress": mac.replace("-", "").replace(":", "").upper(),
    }


def _configs(store: Store, resource: str) -> Iterator[Config]:
    """Go through what is in effect on an interface; nothing when it is gone."""
    for nic in store.every_effective("networkInterfaces"):
        if key_of(nic["id"]) == key_of(resource):
            yield from configs_of(nic)


def _public(store: Store, config: Config) -> str:
    """Return a public address of SKU Basic.

    load-balancer/howto-load-balancer-imds: those of SKU Standard are in `/metadata/loadbalancer`.
    """
    found = store.find(config.public_ip) if config.public_ip else None
    if found is None or found["sku"]["name"] != "Basic":
        return ""
    return str(found["properties"].get("ipAddress", ""))


def _subnets(store: Store, configs: Sequence[Config]) -> list[Json]:
    """Return the IPv4 ranges that the interface's addresses are of."""
    ids = dict.fromkeys(key_of(c.subnet) for c in configs if c.version == "IPv4")
    networks = [ip_network(text) for one in ids for text in _ranges(store, one)]
    return [
        {"address": str(n.network_address), "prefix": str(n.prefixlen)}
        for n in networks
        if n.version == 4  # noqa: PLR2004 - IPv4
    ]


def _ranges(store: Store, subnet: str) -> list[str]:
    properties = store.get(subnet)["properties"]
    ranges: list[str] = properties.get("addressPrefixes") or [properties["addressPrefix"]]
    return ranges
