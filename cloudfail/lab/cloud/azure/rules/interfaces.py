"""The shape of a network interface."""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.lab.cloud.azure.answers import ArmError, Json, bad_request
from cloudfail.lab.cloud.azure.links import is_same, key_of, name_of, type_of
from cloudfail.lab.cloud.azure.nics import Config, links_of
from cloudfail.lab.cloud.azure.store import Store


def require_location(body: Json, current: Json | None) -> None:
    """azure-resource-manager/management/move-support: a resource has a location, for good."""
    given = str(body.get("location") or "").replace(" ", "").lower()
    if not given:
        message = "The location property is required for this definition."
        raise bad_request("LocationRequired", message)
    if current is not None and given != current["location"]:
        raise ArmError(
            409,
            "InvalidResourceLocation",
            f"The resource '{current['name']}' already exists in location '{current['location']}' in "
            f"resource group. A resource with the same name cannot be created in location '{given}'.",
        )


def require_configs(resource: str, configs: Sequence[Config]) -> None:
    """virtual-network/ip-services/virtual-network-network-interface-addresses.

    "A network interface must have at least one IP configuration assigned".
    """
    if not configs:
        name = name_of(resource)
        message = f"Network interface {name} must have one or more IP configurations."
        raise bad_request("InvalidIPConfigCount", message)


def require_distinct_names(resource: str, configs: Sequence[Config]) -> None:
    """Reference, NetworkInterfaceIPConfiguration.name: "unique within a resource group"."""
    names = [config.name.lower() for config in configs]
    if len(set(names)) < len(names):
        message = f"Resource {resource} has IP configurations with the same name."
        raise bad_request("DuplicateResourceName", message)


def require_one_primary(resource: str, configs: Sequence[Config]) -> None:
    """virtual-network/ip-services/virtual-network-network-interface-addresses.

    "Each network interface is assigned one primary IP configuration"; Azure/azure-sdk-for-go#259.
    """
    count = sum(config.is_primary for config in configs)
    if len(configs) > 1 and count != 1:
        several = "more than one" if count else "none"
        raise bad_request(
            "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary",
            f"Network Interface {name_of(resource)} specifies multiple IPConfigurations but {several} "
            "of the IPConfigurations is specified as Primary.",
        )


def require_primary_kept(current: Sequence[Config], configs: Sequence[Config]) -> None:
    """ansible-collections/azure#1281: the primary one is neither deleted nor renamed."""
    names = {config.name.lower() for config in configs}
    for config in current:
        if config.is_primary and config.name.lower() not in names:
            raise bad_request(
                "IpConfigDeleteNotSupported",
                f"IP Configuration {config.name} cannot be deleted. Deletion and renaming of primary "
                "IP Configuration is not supported",
            )


def require_one_subnet(configs: Sequence[Config]) -> None:
    """Azure/azure-sdk-for-java#1865: they "cannot belong to different subnets"."""
    for config in configs:
        if not is_same(config.subnet, configs[0].subnet):
            raise bad_request(
                "IpConfigurationsOnSameNicCannotUseDifferentSubnets",
                "IPConfigurations on a Nic cannot belong to different subnets.",
            )


def require_same_groups(configs: Sequence[Config]) -> None:
    """Azure/azure-cli#21551: those of IPv4 are in the same application security groups."""
    found = [config for config in configs if config.version == "IPv4"]
    sets = [{key_of(one) for one in config.linked("applicationSecurityGroups")} for config in found]
    for config, groups in zip(found, sets, strict=True):
        if groups != sets[0]:
            raise bad_request(
                "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
                "All IPConfigurations on a Network Interface should reference the same set of "
                f"Application Security Groups. IPConfiguration {found[0].id} references ASG(s) "
                f"{', '.join(sorted(sets[0]))}, wheras IPConfiguration {config.id} references ASG(s) "
                f"{', '.join(sorted(groups))}.",
            )


def require_references(store: Store, resource: str, body: Json) -> None:
    """azure-resource-manager/troubleshooting/common-deployment-errors: InvalidResourceReference."""
    for action, link in links_of(body, resource):
        wanted = "Microsoft.Network/" + action.rsplit("/", maxsplit=2)[0]
        if type_of(link).lower() != wanted.lower() or store.find(link) is None:
            raise bad_request(
                "InvalidResourceReference",
                f"Resource {link} referenced by resource {resource} was not found. Please make sure "
                "that the referenced resource exists, and that both resources are in the same "
                "region.",
            )
