"""What a read shows beyond what was written: who refers to a resource, and its state then."""

from __future__ import annotations

import copy
from typing import Any

from cloudfail.lab.cloud.azure.answers import Json
from cloudfail.lab.cloud.azure.links import is_same, is_within, key_of, types_of
from cloudfail.lab.cloud.azure.nics import configs, configs_of, effective_configs
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.users import user_of


def shown(store: Store, document: Json) -> Json:
    """Return what GET answers for a resource, or for a part of one."""
    more = _MORE.get(types_of(document["id"]))
    if more is None:
        return document
    made = copy.deepcopy(document)
    more(store, made)
    return made


def is_updating(store: Store, public_ip: str) -> bool:
    """Whether an operation on an interface puts this address on it, or takes it off."""
    held = {(c.id, key_of(c.public_ip)) for c in configs(store) if store.is_in_flight(c.nic)}
    before = {
        (c.id, key_of(c.public_ip)) for c in effective_configs(store) if store.is_in_flight(c.nic)
    }
    return any(key == key_of(public_ip) for _, key in held ^ before)


def _address(store: Store, made: Json) -> None:
    user = user_of(store, made["id"])
    if user:
        is_gateway = "/natgateways/" in key_of(user)
        made["properties"]["natGateway" if is_gateway else "ipConfiguration"] = {"id": user}
    if is_updating(store, made["id"]):
        made["properties"]["provisioningState"] = "Updating"


def _network(store: Store, made: Json) -> None:
    for subnet in made["properties"].get("subnets", ()):
        _subnet(store, subnet)


def _subnet(store: Store, made: Json) -> None:
    found = [{"id": c.id} for c in configs(store) if is_same(c.subnet, made["id"])]
    if found:
        made["properties"]["ipConfigurations"] = found


def _table(store: Store, made: Json) -> None:
    found = [
        {"id": subnet["id"]}
        for network in store.every("virtualNetworks")
        for subnet in network["properties"].get("subnets", ())
        if is_same((subnet["properties"].get("routeTable") or {}).get("id", ""), made["id"])
    ]
    if found:
        made["properties"]["subnets"] = found


def _balancer(store: Store, made: Json) -> None:
    for pool in made["properties"].get("backendAddressPools", ()):
        _pool(store, pool)
    for rule in made["properties"].get("inboundNatRules", ()):
        _rule(store, rule)


def _pool(store: Store, made: Json) -> None:
    found = _users(store, "loadBalancerBackendAddressPools", made["id"])
    if found:
        made["properties"]["backendIPConfigurations"] = found


def _rule(store: Store, made: Json) -> None:
    for user in _users(store, "loadBalancerInboundNatRules", made["id"]):
        made["properties"]["backendIPConfiguration"] = user


def _users(store: Store, field: str, resource: str) -> list[Json]:
    return [
        {"id": config.id}
        for nic in store.every("networkInterfaces")
        for config in configs_of(nic)
        if any(is_within(item, resource) for item in config.linked(field))
    ]


_MORE: dict[tuple[str, ...], Any] = {
    ("publicIPAddresses",): _address,
    ("virtualNetworks",): _network,
    ("virtualNetworks", "subnets"): _subnet,
    ("routeTables",): _table,
    ("loadBalancers",): _balancer,
    ("loadBalancers", "backendAddressPools"): _pool,
    ("loadBalancers", "inboundNatRules"): _rule,
}
