"""The embedded Google Cloud with what Terraform applied, and Terraform's with what became of it."""

from __future__ import annotations

from typing import Any

from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import path_of
from cloudfail.lab.cloud.gcp.world import (
    World,
    WorldAddress,
    WorldForwardingRule,
    WorldInterface,
    WorldNode,
    WorldSubnet,
)

from terraform.gcp_inputs import CIDR, PROJECT, REGION
from terraform.stubs import Stub

SUBNET = "nodes"


def world_of(google: Stub) -> World:
    """What was applied, as a cloud has it; the subnetwork was there before."""
    account = google.one("google_service_account")["account_id"]
    return World(
        subnets=(WorldSubnet(SUBNET, CIDR, private_google_access=True),),
        nodes=tuple(_node(google, one) for one in google.objects("google_compute_instance")),
        addresses=tuple(
            WorldAddress(one["name"], one["address"])
            for one in google.objects("google_compute_address")
            if one["address_type"] == "EXTERNAL"
        ),
        forwarding_rules=tuple(
            WorldForwardingRule(one["name"], one["ip_address"], _name(one["target"]))
            for one in google.objects("google_compute_forwarding_rule")
            if one["target"]
        ),
        project=PROJECT,
        region=REGION,
        account=account,
    )


def _node(google: Stub, instance: dict[str, Any]) -> WorldNode:
    (nic,) = instance["network_interface"]
    targets = {one["instance"] for one in google.objects("google_compute_target_instance")}
    return WorldNode(
        instance["name"],
        (WorldInterface(nic["network_ip"], _name(nic["subnetwork"])),),
        zone=instance["zone"],
        can_ip_forward=instance["can_ip_forward"],
        target_instance=path_of(instance["self_link"], PROJECT) in targets,
    )


def _name(link: str) -> str:
    return link.rpartition("/")[2]


def refresh(google: Stub, cloud: EmbeddedGcp) -> None:
    """Let Terraform's provider find what the embedded cloud has now."""
    for instance in google.objects("google_compute_instance"):
        (nic,) = instance["network_interface"]
        held = _read(cloud, path_of(instance["self_link"], PROJECT))["networkInterfaces"][0]
        google.change(
            "google_compute_instance",
            instance["id"],
            network_interface=[{**nic, **_blocks(held)}],
        )
    for rule in google.objects("google_compute_forwarding_rule"):
        if rule["target"]:
            target = _read(
                cloud, f"projects/{PROJECT}/regions/{REGION}/forwardingRules/{rule['name']}"
            )
            google.change("google_compute_forwarding_rule", rule["id"], target=target["target"])


def _blocks(nic: dict[str, Any]) -> dict[str, Any]:
    """An interface's blocks as Google's provider reads them."""
    return {
        "access_config": [
            {
                "nat_ip": one["natIP"],
                "network_tier": one["networkTier"],
                "public_ptr_domain_name": one.get("publicPtrDomainName", ""),
            }
            for one in nic.get("accessConfigs", [])
        ],
        "alias_ip_range": [
            {
                "ip_cidr_range": one["ipCidrRange"],
                "subnetwork_range_name": one.get("subnetworkRangeName", ""),
            }
            for one in nic.get("aliasIpRanges", [])
        ],
    }


def _read(cloud: EmbeddedGcp, path: str) -> dict[str, Any]:
    with cloud.api.lock:
        return dict(cloud.api.store.edit(path))
