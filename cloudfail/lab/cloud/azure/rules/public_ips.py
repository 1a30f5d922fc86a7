"""Public addresses on ipConfigurations."""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.lab.cloud.azure.answers import Json, bad_request
from cloudfail.lab.cloud.azure.links import is_same, key_of, name_of, top_of
from cloudfail.lab.cloud.azure.nics import Config
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.users import user_of


def require_unused(store: Store, config: Config) -> None:
    """microsoft/azure-tools-for-java#91: refused at once, before anything changes."""
    user = user_of(store, config.public_ip)
    if user and not is_same(top_of(user), config.nic):
        raise bad_request(
            "PublicIPAddressInUse",
            f"Resource {config.id} is referencing public IP address {config.public_ip} that is "
            f"already allocated to resource {user}.",
        )


def require_referenced_once(resource: str, mine: Sequence[Config]) -> None:
    """kubernetes-sigs/cloud-provider-azure#4243: one address, one ipConfiguration."""
    seen: set[str] = set()
    for config in mine:
        if config.public_ip and key_of(config.public_ip) in seen:
            raise bad_request(
                "PublicIPReferencedByMultipleIPConfigs",
                f"Public ip address {config.public_ip} is referenced by multiple ipconfigs in "
                f"resource {resource}.",
            )
        seen.add(key_of(config.public_ip))


def require_same_version(address: Json, config: Config) -> None:
    """virtual-network/ip-services/ipv6-overview: IPv6 public addresses are for IPv6 ones only."""
    version = address["properties"]["publicIPAddressVersion"]
    if version != config.version:
        raise bad_request(
            "IpConfigurationPublicIpAddressVersionMismatch",
            f"IP configuration {config.id} has the version {config.version}, its public IP address "
            f"{address['id']} the version {version}.",
        )


def require_zone(address: Json, zone: str, machine: str) -> None:
    """fortinet/azure-templates#43: a zonal address goes to machines of its zone.

    virtual-network/ip-services/public-ip-addresses: a Standard one without zones, or with all of
    them, is for every zone.
    """
    zones = list(address.get("zones", ()))
    if machine and len(zones) == 1 and zones != [zone]:
        raise bad_request(
            "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint",
            f"Compute resource {machine} has a zone constraint {zone or 'Regional'} but the "
            f"PublicIPAddress {address['id']} used by the compute resource via NetworkInterface or "
            f"LoadBalancer has a different zone constraint {zones[0]}.",
        )


def require_same_sku(store: Store, mine: Sequence[Config]) -> None:
    """virtual-network/ip-services/public-ip-addresses: Basic and Standard are not mixed."""
    known = [store.get(config.public_ip) for config in mine if config.public_ip]
    names = {item["sku"]["name"] for item in known}
    if len(names) > 1:
        listed = ", ".join(name_of(item["id"]) for item in known)
        message = f"Different basic sku and standard sku public IP resources: {listed}."
        raise bad_request("DifferentSkuPublicIPsOnNicNotAllowed", message)
