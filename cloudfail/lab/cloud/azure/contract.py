"""What Azure's networking exchanges: the resource types there are, and the models of their JSON."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from cloudfail.lab.cloud.azure.answers import ArmError, bad_request
from cloudfail.lab.cloud.azure.request import AUTHORIZATION, ArmRequest
from cloudfail.lab.cloud.azure.schema import check, models

MODELS = {
    ("applicationSecurityGroups",): "ApplicationSecurityGroup",
    ("loadBalancers",): "LoadBalancer",
    ("loadBalancers", "backendAddressPools"): "BackendAddressPool",
    ("loadBalancers", "inboundNatRules"): "InboundNatRule",
    ("natGateways",): "NatGateway",
    ("networkInterfaces",): "NetworkInterface",
    ("networkInterfaces", "ipConfigurations"): "NetworkInterfaceIPConfiguration",
    ("networkSecurityGroups",): "NetworkSecurityGroup",
    ("publicIPAddresses",): "PublicIPAddress",
    ("publicIPPrefixes",): "PublicIPPrefix",
    ("routeTables",): "RouteTable",
    ("routeTables", "routes"): "Route",
    ("virtualNetworks",): "VirtualNetwork",
    ("virtualNetworks", "subnets"): "Subnet",
}
_VERSION = re.compile(r"20\d\d-\d\d-\d\d(-preview)?")
_AUTHORIZATION_VERSIONS = {
    "permissions": {"2015-07-01", "2018-01-01-preview", "2022-04-01", "2022-05-01-preview"},
    "locks": {"2015-01-01", "2016-09-01", "2017-04-01", "2020-05-01"},
}
"""rest/api/authorization/versions, rest/api/resources (management locks)."""


def require_version(request: ArmRequest) -> None:
    """azure-resource-manager: every request names an api-version, which its type has to know."""
    given = request.query.get("api-version", "")
    if not given:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise bad_request("MissingApiVersionParameter", message)
    known = _AUTHORIZATION_VERSIONS.get(request.kind)
    is_known = given in known if known is not None else _VERSION.fullmatch(given) is not None
    if not is_known:
        namespace = AUTHORIZATION if known is not None else "Microsoft.Network"
        raise bad_request(
            "InvalidResourceType",
            f"The resource type '{request.kind}' could not be found in the namespace "
            f"'{namespace}' for api version '{given}'.",
        )


def check_request(request: ArmRequest, planted: Collection[str]) -> Iterator[str]:
    """Tell what is wrong with a request; `planted` are fields that no model has to know."""
    if request.verb in {"GET", "DELETE"}:
        if request.body is not None:
            yield f"{request.method} takes no body"
        return
    if not request.headers.get("content-type", "").startswith("application/json"):
        yield "Content-Type is not application/json"
    model = MODELS.get(request.types)
    if model is None or request.verb != "PUT":
        return
    yield from check(getattr(models(), model), request.body, "", planted)


def check_answer(request: ArmRequest, body: Any, planted: Collection[str]) -> Iterator[str]:
    """Tell what is wrong with an answer of ours."""
    model = MODELS.get(request.types)
    if model is None or body is None:
        return
    kind = getattr(models(), model)
    if not request.is_collection:
        yield from check(kind, body, "", planted)
        return
    for number, item in enumerate(body["value"]):
        yield from check(kind, item, f"value[{number}]", planted)


def unreadable(problems: Collection[str]) -> ArmError:
    """Build Microsoft.Network's refusal of a body that its types do not allow."""
    return bad_request("InvalidRequestFormat", f"Cannot parse the request. {'; '.join(problems)}")


def canonical(types: tuple[str, ...]) -> tuple[str, ...]:
    """Spell a type as Azure does; as given when there is none of it."""
    return _SPELLED.get(tuple(part.lower() for part in types), types)


_SPELLED: Mapping[tuple[str, ...], tuple[str, ...]] = {
    tuple(part.lower() for part in types): types for types in MODELS
}
