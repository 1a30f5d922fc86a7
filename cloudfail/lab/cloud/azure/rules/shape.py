"""What Resource Manager asks of a body before it looks who sent it."""

from __future__ import annotations

from ipaddress import ip_address

from cloudfail.lab.cloud.azure.answers import Json, bad_request
from cloudfail.lab.cloud.azure.nics import configs_of, links_of

_PARTS = 8


def require_names(resource: str, body: Json) -> None:
    """Reference, NetworkInterfaceIPConfiguration.name: "used to access the resource"."""
    for number, config in enumerate(configs_of(body, resource)):
        if not config.document.get("name"):
            path = f"properties.ipConfigurations[{number}].name"
            raise bad_request("InvalidRequestFormat", f"Cannot parse the request. No {path}.")


def require_ids(resource: str, body: Json) -> None:
    """azure-resource-manager/troubleshooting/common-deployment-errors: LinkedInvalidPropertyId."""
    for action, link in links_of(body, resource):
        parts = link.strip("/").split("/")
        if parts[0].lower() != "subscriptions" or len(parts) < _PARTS:
            raise bad_request(
                "LinkedInvalidPropertyId",
                f"Property id '{link}' for {action} is invalid. Expect fully qualified resource Id "
                "that start with '/subscriptions/{subscriptionId}' or "
                "'/providers/{resourceProviderNamespace}/'.",
            )
    for config in configs_of(body, resource):
        if not config.subnet:
            message = f"Subnet is not specified for IP configuration {config.id}."
            raise bad_request("InvalidRequestContent", message)


def require_addresses(resource: str, body: Json) -> None:
    """Reference, NetworkInterfaceIPConfiguration.privateIPAddress: an IPv4 or IPv6 address."""
    for config in configs_of(body, resource):
        given = config.properties.get("privateIPAddress")
        try:
            if given is not None:
                ip_address(given)
        except ValueError as exc:
            message = f"IP configuration {config.id} has the invalid IP address '{given}'."
            raise bad_request("InvalidIPAddressFormat", message) from exc
