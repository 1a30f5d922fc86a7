"""Network interfaces: PUT of the whole resource."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from typing import Any

from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.azure.links import key_of
from cloudfail.lab.cloud.azure.methods.context import Context, Writing
from cloudfail.lab.cloud.azure.nics import LISTS, Address, Config, configs_of, links_of
from cloudfail.lab.cloud.azure.operations import Work
from cloudfail.lab.cloud.azure.request import ArmRequest
from cloudfail.lab.cloud.azure.rules import etags, flight, interfaces, private_ips, public_ips
from cloudfail.lab.cloud.azure.schema import read_only
from cloudfail.lab.cloud.azure.store import Store

DEFAULTS: Mapping[str, Any] = {
    "enableAcceleratedNetworking": False,
    "enableIPForwarding": False,
    "disableTcpStateTracking": False,
    "nicType": "Standard",
    "auxiliaryMode": "None",
    "auxiliarySku": "None",
}
"""Azure/azure-rest-api-specs#11948: what a PUT leaves out becomes this, whatever it was before."""
SERVICE_FIELDS: Mapping[str, Any] = {
    "vnetEncryptionSupported": False,
    "hostedWorkloads": [],
    "tapConfigurations": [],
}


def _put(context: Context, request: ArmRequest) -> Work:
    store, nic, body = context.store, request.target, request.body
    current = store.find(nic)
    etags.require_match(request.if_match, nic, current)
    etags.require_none(request.headers.get("if-none-match", ""), nic, current)
    seconds = context.budget.faults.cleanup_ms / 1000
    made = new_interface(store, nic, body, context.zones, seconds)
    running = context.operations.running(nic)
    if running is not None and request.if_match:
        flight.require_calm(nic, f"{running.work.name} ({running.id})")
    for _, link in links_of(made, nic):
        if running is None:
            flight.require_provisioned(store, nic, link, "PutNetworkInterfaceOperation")
    return Work("PutNetworkInterfaceOperation", nic, made, current is None)


def new_interface(
    store: Store, nic: str, body: Json, zones: Mapping[str, str], cleanup: float = 0
) -> Json:
    """Return what a PUT makes of a NIC; ArmError when a rule does not allow it."""
    current = store.find(nic)
    _require_shape(store, nic, body, current)
    made = _made_of(body, current)
    _assign_addresses(store, nic, made, current)
    for config in configs_of(made, nic):
        _require_private(store, config, cleanup)
    private_ips.require_distinct(configs_of(made, nic))
    _require_public(store, nic, made, zones)
    return made


def _require_shape(store: Store, nic: str, body: Json, current: Json | None) -> None:
    wanted = configs_of(body, nic)
    interfaces.require_location(body, current)
    interfaces.require_configs(nic, wanted)
    interfaces.require_distinct_names(nic, wanted)
    interfaces.require_one_primary(nic, wanted)
    if current is not None:
        interfaces.require_primary_kept(configs_of(current), wanted)
    interfaces.require_references(store, nic, body)
    interfaces.require_one_subnet(wanted)
    interfaces.require_same_groups(wanted)


def _made_of(body: Json, current: Json | None) -> Json:
    """Return what a PUT makes of a NIC: the body, less what is the service's own, and defaults."""
    made = copy.deepcopy(body)
    made["location"] = str(body["location"]).replace(" ", "").lower()
    properties: Json = made.setdefault("properties", {})
    for name in read_only("NetworkInterfacePropertiesFormat"):
        properties.pop(name, None)
    before: Json = {} if current is None else current["properties"]
    kept = {name: before[name] for name in before if name in _SERVICE}
    made["properties"] = {**DEFAULTS, **SERVICE_FIELDS, **_present(properties), **kept}
    dns: Json = properties.get("dnsSettings") or {}
    applied = {"dnsServers": [], **dns, "appliedDnsServers": dns.get("dnsServers", [])}
    made["properties"]["dnsSettings"] = applied
    for item in made["properties"]["ipConfigurations"]:
        _complete(item, is_only=len(properties["ipConfigurations"]) == 1)
    return made


_SERVICE = (
    "defaultOutboundConnectivityEnabled",
    "macAddress",
    "primary",
    "resourceGuid",
    "virtualMachine",
)


def _present(properties: Json) -> Json:
    """Drop what is null: ARM takes it for left out."""
    return {name: value for name, value in properties.items() if value is not None}


def _complete(config: Json, *, is_only: bool) -> None:
    """Give an ipConfiguration the defaults of the reference; the only one is the primary one."""
    properties = _present(config.get("properties") or {})
    for name, value in properties.items():
        if name in _REFERENCES:
            properties[name] = _reference(value)
        elif name in LISTS:
            properties[name] = [_reference(item) for item in value]
    defaults = {
        "privateIPAllocationMethod": "Dynamic",
        "privateIPAddressVersion": "IPv4",
        "primary": is_only,
    }
    config["properties"] = {**defaults, **properties}


_REFERENCES = {"subnet", "publicIPAddress", "gatewayLoadBalancer"}


def _reference(value: Json) -> Json:
    """Keep of a reference what the service keeps: whose it is, and what becomes of it."""
    option = (value.get("properties") or {}).get("deleteOption")
    return {"id": value["id"], **({"properties": {"deleteOption": option}} if option else {})}


def _assign_addresses(store: Store, nic: str, made: Json, current: Json | None) -> None:
    """virtual-network/ip-services/private-ip-addresses: a Dynamic address stays while it is used."""
    held = {} if current is None else {c.name.lower(): c for c in configs_of(current)}
    taken: set[Address] = {c.address for c in configs_of(made, nic) if c.address is not None}
    for config in configs_of(made, nic):
        if config.properties["privateIPAllocationMethod"].lower() == "static":
            continue
        before = held.get(config.name.lower())
        if before is not None and before.version == config.version:
            config.properties["privateIPAddress"] = before.properties["privateIPAddress"]
            continue
        subnet = store.get(config.subnet)
        found = private_ips.free_address(store, subnet, config.version, taken)
        config.properties["privateIPAddress"] = found


def _require_public(store: Store, nic: str, made: Json, zones: Mapping[str, str]) -> None:
    wanted = configs_of(made, nic)
    machine = str((made["properties"].get("virtualMachine") or {}).get("id", ""))
    for config in wanted:
        if not config.public_ip:
            continue
        address = store.get(config.public_ip)
        public_ips.require_unused(store, config)
        public_ips.require_same_version(address, config)
        public_ips.require_zone(address, zones.get(key_of(machine), ""), machine)
    public_ips.require_referenced_once(nic, wanted)
    public_ips.require_same_sku(store, wanted)


def _require_private(store: Store, config: Config, cleanup: float) -> None:
    private_ips.require_in_subnet(store.get(config.subnet), config)
    private_ips.require_unused(store, config)
    before = {c.address for c in configs_of(store.find(config.nic) or {"id": config.nic})}
    if config.address not in before:
        private_ips.require_cleaned_up(store, config, time.monotonic(), cleanup)


METHODS: Mapping[str, Writing] = {"networkInterfaces.put": _put}
