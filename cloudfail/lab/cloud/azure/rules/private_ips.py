"""Private addresses of ipConfigurations."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator
from ipaddress import ip_address, ip_network

from cloudfail.lab.cloud.azure.answers import Json, bad_request
from cloudfail.lab.cloud.azure.links import is_same, key_of
from cloudfail.lab.cloud.azure.nics import Address, Config, configs, effective_configs
from cloudfail.lab.cloud.azure.store import Store

_RESERVED = 4


def require_in_subnet(subnet: Json, config: Config) -> None:
    """azure-resource-manager/troubleshooting/common-deployment-errors: PrivateIPAddressNotInSubnet.

    virtual-network/virtual-networks-faq: "Azure reserves the first four addresses and the last
    address [...] within each subnet" (PrivateIPAddressInReservedRange).
    """
    address = config.address
    if address is None:
        raise bad_request(
            "InvalidRequestContent",
            f"IP configuration {config.id} has privateIPAllocationMethod Static, and no "
            "privateIPAddress.",
        )
    if config.version != f"IPv{address.version}":
        raise bad_request(
            "InvalidIPAddressFormat",
            f"IP configuration {config.id} has the address {address} and the version "
            f"{config.version}.",
        )
    for prefix in prefixes_of(subnet):
        network = ip_network(prefix)
        if address in network:
            if address in {*itertools.islice(network, _RESERVED), network[-1]}:
                raise bad_request(
                    "PrivateIPAddressInReservedRange",
                    f"Private static IP address {address} falls within reserved IP range of subnet "
                    f"prefix {prefix}.",
                )
            return
    raise bad_request(
        "PrivateIPAddressNotInSubnet",
        f"Private static IP address {address} does not belong to the range of subnet prefix "
        f"{', '.join(prefixes_of(subnet))}.",
    )


def require_unused(store: Store, config: Config) -> None:
    """cloudfoundry/bosh-azure-cpi-release#121: an address is used once in a virtual network."""
    for other in configs(store):
        if is_same(other.nic, config.nic) or not is_same(other.network, config.network):
            continue
        if other.address == config.address:
            raise bad_request(
                "PrivateIPAddressInUse",
                f"IP configuration {config.id} is using the private IP address {config.address} "
                f"which is already allocated to resource {other.id}.",
            )


def require_distinct(mine: Collection[Config]) -> None:
    """cloudfoundry/bosh-azure-cpi-release#121: the same, within one interface."""
    seen: dict[Address, Config] = {}
    for config in mine:
        if config.address is not None and config.address in seen:
            raise bad_request(
                "PrivateIPAddressInUse",
                f"IP configuration {config.id} is using the private IP address {config.address} "
                f"which is already allocated to resource {seen[config.address].id}.",
            )
        if config.address is not None:
            seen[config.address] = config


def require_cleaned_up(store: Store, config: Config, now: float, seconds: float) -> None:
    """ClusterLabs/fence-agents, azure_fence.py: an address that was let go is not free at once.

    PrivateIPAddressIsBeingCleanedUp, while the operation runs that takes it off another interface,
    and for `seconds` after it.
    """
    released = store.released.get((key_of(config.network), str(config.address)), -seconds)
    leaving = [
        other
        for other in effective_configs(store)
        if other.address == config.address
        and is_same(other.network, config.network)
        and not is_same(other.nic, config.nic)
    ]
    if leaving or now < released + seconds:
        raise bad_request(
            "PrivateIPAddressIsBeingCleanedUp",
            f"Private IP address {config.address} of IP configuration {config.id} is being cleaned "
            "up by the platform. Please retry later.",
        )


def prefixes_of(subnet: Json) -> list[str]:
    properties = subnet["properties"]
    return list(properties.get("addressPrefixes") or [properties["addressPrefix"]])


def free_address(store: Store, subnet: Json, version: str, taken: Collection[Address]) -> str:
    """virtual-network/ip-services/private-ip-addresses: Dynamic assigns the next available one."""
    used = {config.address for config in effective_configs(store)} | set(taken)
    used |= {config.address for config in configs(store)}
    for address in _candidates(subnet, version):
        if address not in used:
            return str(address)
    raise bad_request("SubnetIsFull", f"Subnet {subnet['name']} does not have enough capacity.")


def _candidates(subnet: Json, version: str) -> Iterator[Address]:
    for prefix in prefixes_of(subnet):
        network = ip_network(prefix)
        if f"IPv{network.version}" == version:
            for address in itertools.islice(network, _RESERVED, None):
                if address != network[-1]:
                    yield ip_address(str(address))
