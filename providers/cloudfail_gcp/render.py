"""A step as the command line of the vendor's own tool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloudfail.errors import ProviderError
from cloudfail.model import Node, Step

from cloudfail_gcp.links import name_of, part_of
from cloudfail_gcp.settings import GcpSettings


def render(step: Step) -> Sequence[str]:
    """Return the argv of `gcloud compute ...`; the caller quotes it."""
    params = step.params
    match step.call:
        case "forwardingRules.setTarget":
            target = str(params["target"])
            return [
                *("gcloud", "compute", "forwarding-rules", "set-target"),
                str(params["forwardingRule"]),
                *("--project", str(params["project"]), "--region", str(params["region"])),
                *("--target-instance", name_of(target)),
                *("--target-instance-zone", part_of(target, "zones")),
            ]
        case "routes.insert":
            instance = str(params["nextHopInstance"])
            tags = ",".join(params.get("tags", ()))
            return [
                *("gcloud", "compute", "routes", "create", str(params["name"])),
                *("--project", str(params["project"]), "--network", str(params["network"])),
                *("--destination-range", str(params["destRange"])),
                *("--next-hop-instance", _named(instance, str(params["project"]))),
                *("--next-hop-instance-zone", part_of(instance, "zones")),
                *("--priority", str(params["priority"])),
                *(("--tags", tags) if tags else ()),
            ]
        case "routes.delete":
            return [
                *("gcloud", "compute", "routes", "delete", str(params["route"])),
                *("--project", str(params["project"]), "--quiet"),
            ]
        case "instances.updateNetworkInterface":
            aliases = ";".join(map(_alias, params["aliasIpRanges"]))
            return [
                *("gcloud", "compute", "instances", "network-interfaces", "update"),
                *_interface(params),
                f"--aliases={aliases}",
            ]
        case "instances.deleteAccessConfig":
            return [
                *("gcloud", "compute", "instances", "delete-access-config", *_interface(params)),
                *("--access-config-name", str(params["accessConfig"])),
            ]
        case "instances.addAccessConfig":
            ptr = str(params.get("publicPtrDomainName", ""))
            return [
                *("gcloud", "compute", "instances", "add-access-config", *_interface(params)),
                *("--access-config-name", str(params["name"])),
                *("--address", str(params["natIP"]), "--network-tier", str(params["networkTier"])),
                *(("--public-ptr", "--public-ptr-domain", ptr) if ptr else ()),
            ]
        case _:
            raise ProviderError(f"Google Cloud has no step {step.call!r}")


def _named(instance: str, project: str) -> str:
    """Name an instance: one of another project, as in a shared VPC, by its whole path."""
    return name_of(instance) if part_of(instance, "projects") == project else instance


def _interface(params: Mapping[str, Any]) -> list[str]:
    return [
        *(str(params["instance"]), "--project", str(params["project"])),
        *("--zone", str(params["zone"]), "--network-interface", str(params["networkInterface"])),
    ]


def _alias(alias: Mapping[str, str]) -> str:
    name = alias.get("subnetworkRangeName", "")
    return f"{name}:{alias['ipCidrRange']}" if name else alias["ipCidrRange"]


def environment(settings: GcpSettings, node: Node) -> Mapping[str, str]:
    """Return the variables with which `gcloud` calls the same API, as the same account."""
    endpoint = settings.endpoint.rstrip("/")
    found = {
        "CLOUDSDK_CORE_PROJECT": settings.project or node.facts.get("project", ""),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{endpoint}/compute/v1/" if endpoint else "",
        "CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE": settings.credentials_file,
        "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT": settings.impersonate,
    }
    return {name: value for name, value in found.items() if value}
