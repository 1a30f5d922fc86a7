"""Which action a request needs on what.

role-based-access-control/permissions/networking: each call's own, and `join/action` on everything
that a network interface refers to, which is a linked scope.
"""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.lab.cloud.azure.links import NAMESPACE
from cloudfail.lab.cloud.azure.nics import links_of
from cloudfail.lab.cloud.azure.request import AUTHORIZATION, ArmRequest

_VERBS = {"GET": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
_HTTP = {"get": "read", "list": "read", "put": "write", "patch": "write", "delete": "delete"}
_PARENTS = {
    "backendAddressPools": "loadBalancers",
    "inboundNatRules": "loadBalancers",
    "ipConfigurations": "networkInterfaces",
    "routes": "routeTables",
    "subnets": "virtualNetworks",
}


def action_of(request: ArmRequest) -> str:
    namespace = AUTHORIZATION if request.kind in {"permissions", "locks"} else NAMESPACE
    return "/".join([namespace, *request.types, _VERBS[request.verb]])


def linked_of(request: ArmRequest) -> Iterator[tuple[str, str]]:
    """Go through the actions on linked scopes: of all that is referred to, not only of what is new."""
    if request.method == "networkInterfaces.put":
        for action, resource in links_of(request.body, request.target):
            yield f"{NAMESPACE}/{action}", resource


def denied_action(name: str) -> str:
    """Return the action behind a name in `Faults.deny`: `routes.put`, `subnets.join`, `*`."""
    kind, _, verb = name.partition(".")
    if not verb:
        return "*"
    path = "/".join([NAMESPACE, *([_PARENTS[kind]] if kind in _PARENTS else []), kind])
    if kind == "permissions":
        path = f"{AUTHORIZATION}/{kind}"
    if verb == "join":
        is_group = kind == "applicationSecurityGroups"
        return f"{path}/joinIpConfiguration/action" if is_group else f"{path}/join/action"
    return f"{path}/{_HTTP.get(verb, verb)}"
