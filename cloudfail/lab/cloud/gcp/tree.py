"""The metadata tree of one node, as compute/docs/metadata/predefined-metadata-keys lays it out.

Names are those of the recursive JSON (`networkInterfaces`); a path has them with hyphens.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from cloudfail.lab.cloud.gcp.answers import Json
from cloudfail.lab.cloud.gcp.links import link, name_of, path_of, project_of
from cloudfail.lab.cloud.gcp.methods.reads import number_of
from cloudfail.lab.cloud.gcp.nics import Seat
from cloudfail.lab.cloud.gcp.notices import of_metadata
from cloudfail.lab.cloud.gcp.store import Store
from cloudfail.lab.cloud.gcp.world import BuiltNode
from cloudfail.lab.cloud.notices import Notice

_CAPITAL = re.compile(r"(?<=[a-z0-9])([A-Z])")
Lines = tuple[str, ...]


def hyphened(name: str) -> str:
    return _CAPITAL.sub(lambda found: f"-{found[1].lower()}", name)


def find(tree: Any, path: str) -> Any:
    """Return what is at a path with hyphens; KeyError when there is nothing."""
    here = tree
    for part in filter(None, path.split("/")):
        if isinstance(here, list):
            here = dict(zip(map(str, range(len(here))), here, strict=True))[part]
        elif isinstance(here, dict):
            here = {hyphened(name): value for name, value in here.items()}[part]
        else:
            raise KeyError(path)
    return here


def is_directory(value: Any) -> bool:
    return isinstance(value, dict | list)


def text_of(value: Any) -> str:
    """Return a leaf's text, or the listing of a directory."""
    if isinstance(value, tuple):
        return "".join(f"{line}\n" for line in value)
    if isinstance(value, list):
        return "".join(f"{n}{_slash(item)}\n" for n, item in enumerate(value))
    if isinstance(value, dict):
        return "".join(f"{hyphened(name)}{_slash(item)}\n" for name, item in value.items())
    return str(value)


def _slash(value: Any) -> str:
    return "/" if is_directory(value) else ""


def tree_of(store: Store, node: BuiltNode, notices: Sequence[Notice] = ()) -> Json:
    """Tell what the metadata server says of a node; ComputeError 404 when it is gone."""
    instance = store.get(node.instance)
    project = project_of(node.instance)
    number = number_of(project)
    account = instance["serviceAccounts"][0]
    known = {
        "aliases": ("default",),
        "email": account["email"],
        "scopes": tuple(account["scopes"]),
    }
    return {
        "instance": {
            "hostname": f"{node.name}.{node.zone}.c.{project}.internal",
            "id": int(instance["id"]),
            "machineType": f"projects/{number}/machineTypes/e2-small",
            **of_metadata(notices),
            "name": node.name,
            "networkInterfaces": [
                _interface(store, Seat(node.instance, nic), built.mac)
                for nic, built in zip(instance["networkInterfaces"], node.interfaces, strict=True)
            ],
            "serviceAccounts": {"default": known, account["email"]: known},
            "tags": instance.get("tags", {}).get("items", []),
            "zone": f"projects/{number}/zones/{node.zone}",
        },
        "project": {"numericProjectId": number, "projectId": project},
        "universe": {"universeDomain": "googleapis.com"},
    }


def _interface(store: Store, seat: Seat, mac: str) -> Json:
    subnet, network = store.get(seat.subnetwork), store.get(seat.network)
    width = int(subnet["ipCidrRange"].rpartition("/")[2])
    mask = (0xFFFFFFFF << (32 - width)) & 0xFFFFFFFF
    forwarded = _forwarded(store, seat)
    number = number_of(project_of(seat.network))
    made: Json = {
        "accessConfigs": [
            {"externalIp": item.get("natIP", ""), "type": item["type"]}
            for item in seat.nic.get("accessConfigs", ())
        ],
        "dnsServers": ("169.254.169.254",),
        "forwardedIps": [rule["IPAddress"] for rule in forwarded["EXTERNAL", False]],
        "forwardedIpv6s": [rule["IPAddress"] for rule in forwarded["EXTERNAL", True]],
        "gateway": subnet["gatewayAddress"],
        "ip": seat.nic.get("networkIP", ""),
        "ipAliases": [item["ipCidrRange"] for item in seat.nic.get("aliasIpRanges", ())],
        "mac": mac,
        "mtu": network["mtu"],
        "network": f"projects/{number}/networks/{name_of(seat.network)}",
        "subnetmask": ".".join(str(mask >> shift & 255) for shift in (24, 16, 8, 0)),
        "targetInstanceIps": [rule["IPAddress"] for rule in forwarded["INTERNAL", False]],
    }
    if "ipv6Address" in seat.nic:
        made["ipv6s"] = [seat.nic["ipv6Address"]]
    return made


def _forwarded(store: Store, seat: Seat) -> dict[tuple[str, bool], list[Json]]:
    """Return the forwarding rules whose target is this machine, by scheme and IPv6."""
    found: dict[tuple[str, bool], list[Json]] = {
        (scheme, v6): [] for scheme in ("EXTERNAL", "INTERNAL") for v6 in (False, True)
    }
    for path, rule in store.every("forwardingRules"):
        target = store.find(path_of(rule.get("target", ""), project_of(path)))
        if target is None or target.get("instance") != link(seat.instance):
            continue
        if seat.nic["name"] == "nic0":
            found[rule["loadBalancingScheme"], ":" in rule["IPAddress"]].append(rule)
    return found
