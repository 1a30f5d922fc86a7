"""What a PUT of a network interface needs, besides the interface: `join` on all that it refers to.

ARM asks for it on every reference of the document, not only on new ones, wherever that is
(role-based-access-control/permissions/networking). A refusal comes as LinkedAuthorizationFailed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

_NETWORK = "Microsoft.Network"
WRITE = f"{_NETWORK}/networkInterfaces/write"
# Properties of an ipConfiguration with references, and the action that each needs.
OF_CONFIG: Mapping[str, str] = {
    "subnet": "virtualNetworks/subnets/join/action",
    "publicIPAddress": "publicIPAddresses/join/action",
    "applicationSecurityGroups": "applicationSecurityGroups/joinIpConfiguration/action",
    "loadBalancerBackendAddressPools": "loadBalancers/backendAddressPools/join/action",
    "loadBalancerInboundNatRules": "loadBalancers/inboundNatRules/join/action",
    "applicationGatewayBackendAddressPools": "applicationGateways/backendAddressPools/join/action",
    "gatewayLoadBalancer": "loadBalancers/frontendIPConfigurations/join/action",
}
OF_INTERFACE: Mapping[str, str] = {
    "networkSecurityGroup": "networkSecurityGroups/join/action",
    "dscpConfiguration": "dscpConfiguration/join/action",
}


class Need(NamedTuple):
    """An action that has to be allowed on a resource."""

    action: str
    scope: str

    def __str__(self) -> str:
        return f"{self.action} on {self.scope}"


def needs_of(document: Mapping[str, Any]) -> Iterator[Need]:
    """Go through what a PUT of this document needs, the write itself first."""
    yield Need(WRITE, str(document["id"]))
    properties = document.get("properties") or {}
    yield from _references(properties, OF_INTERFACE)
    for config in properties.get("ipConfigurations") or ():
        yield from _references(config.get("properties") or {}, OF_CONFIG)


def _references(properties: Mapping[str, Any], actions: Mapping[str, str]) -> Iterator[Need]:
    for name, action in actions.items():
        found = properties.get(name) or ()
        for reference in [found] if isinstance(found, Mapping) else found:
            if reference.get("id"):
                yield Need(f"{_NETWORK}/{action}", str(reference["id"]))
