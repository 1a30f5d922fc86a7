"""A step as the command line of Microsoft's own tool.

Sources: cli/azure/network/nic/ip-config, cli/azure/network/route-table/route, and
virtual-network/ip-services/remove-public-ip-address-vm: a public address leaves an ipConfiguration
with `--public-ip-address null`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudfail.errors import ProviderError
from cloudfail.model import Node, Step

from cloudfail_azure.links import group_of, name_of, subscription_of, up_to
from cloudfail_azure.nics import configurations
from cloudfail_azure.settings import AzureSettings

Command = list[str]
# How the command line names what hangs on an ipConfiguration.
_ASGS = "applicationSecurityGroups"
_LISTS = {
    _ASGS: "--application-security-groups",
    "loadBalancerBackendAddressPools": "--lb-address-pools",
    "loadBalancerInboundNatRules": "--lb-inbound-nat-rules",
    "applicationGatewayBackendAddressPools": "--app-gateway-address-pools",
}
_CLOUDS = {"usgovernment": "AzureUSGovernment", "china": "AzureChinaCloud"}


def render(step: Step) -> Sequence[str]:
    """Return the argv of `az network ...`; the caller quotes it.

    The tool changes one ipConfiguration a command: several of them are one shell's. It is not told
    of ETags, and resets what its version of the API does not know.
    """
    match step.call:
        case "routes.put":
            return _route(step)
        case "networkInterfaces.put":
            commands = list(_interface(step.params, _groups(step)))
            if len(commands) == 1:
                return commands[0]
            return ["sh", "-c", " && ".join(shlex.join(command) for command in commands)]
        case _:
            raise ProviderError(f"Azure has no step {step.call!r}")


def _route(step: Step) -> Command:
    ref, properties = str(step.params["id"]), step.params["route"]["properties"]
    exists = "nextHop" in step.conditions
    return [
        *("az", "network", "route-table", "route", "update" if exists else "create"),
        *_place(ref),
        *("--route-table-name", name_of(up_to(ref, "routeTables")), "--name", name_of(ref)),
        *("--address-prefix", str(properties["addressPrefix"])),
        *("--next-hop-type", str(properties["nextHopType"])),
        *("--next-hop-ip-address", str(properties["nextHopIpAddress"])),
    ]


def _groups(step: Step) -> Command:
    """Name the application security groups of the interface: an update without takes all off."""
    found = configurations(step.conditions.get("document") or {"properties": {}})
    ids = {
        str(one["id"]): None for config in found for one in config["properties"].get(_ASGS) or ()
    }
    return [_LISTS[_ASGS], *ids] if ids else []


def _interface(params: Mapping[str, Any], groups: Command) -> Iterator[Command]:
    ref = str(params["id"])
    if params.get("again"):
        yield ["az", "network", "nic", "update", *_place(ref), "--name", name_of(ref)]
    for item in params.get("detach", ()):
        yield [*_config("update", ref, item["name"]), "--public-ip-address", "null", *groups]
    for item in params.get("remove", ()):
        yield _config("delete", ref, item["name"])
    for configuration in params.get("add", ()):
        yield from _create(ref, configuration, groups)
    for item in params.get("attach", ()):
        name = item["name"] or _added_name(params, item["privateIPAddress"])
        yield [
            *_config("update", ref, name),
            *("--public-ip-address", str(item["publicIPAddress"]["id"])),
            *groups,
        ]


def _create(ref: str, configuration: Mapping[str, Any], groups: Command) -> Iterator[Command]:
    properties = configuration["properties"]
    command = [
        *_config("create", ref, configuration["name"]),
        *("--private-ip-address", str(properties["privateIPAddress"])),
        *("--private-ip-address-version", str(properties.get("privateIPAddressVersion", "IPv4"))),
        *("--subnet", str(properties["subnet"]["id"])),
    ]
    if public := properties.get("publicIPAddress"):
        command += ["--public-ip-address", str(public["id"])]
    for key, option in _LISTS.items():
        if ids := [str(item["id"]) for item in properties.get(key) or ()]:
            command += [option, *ids]
    yield command
    if gateway := properties.get("gatewayLoadBalancer"):
        chained = ["--gateway-lb", str(gateway["id"])]
        yield [*_config("update", ref, configuration["name"]), *chained, *groups]


def _added_name(params: Mapping[str, Any], address: str) -> str:
    """Return the name of the ipConfiguration of this address that the step itself adds."""
    added = params.get("add", ())
    found = (c for c in added if c["properties"]["privateIPAddress"] == address)
    return str(next(found, {"name": ""})["name"])


def _config(verb: str, ref: str, name: str) -> Command:
    return [
        *("az", "network", "nic", "ip-config", verb, *_place(ref)),
        *("--nic-name", name_of(ref), "--name", name),
    ]


def _place(ref: str) -> Command:
    return ["--subscription", subscription_of(ref), "--resource-group", group_of(ref)]


def environment(settings: AzureSettings, node: Node) -> Mapping[str, str]:
    """Return the variables with which `az` talks to the same cloud.

    Source: cli/azure/azure-cli-configuration: a variable is AZURE_, a section, and a name.
    """
    del node
    found = {
        "AZURE_CLOUD_NAME": _CLOUDS.get(settings.cloud, ""),
        "REQUESTS_CA_BUNDLE": settings.ca_file,
    }
    return {name: value for name, value in found.items() if value}
