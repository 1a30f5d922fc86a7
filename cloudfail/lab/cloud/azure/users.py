"""Who has a public address: an ipConfiguration, a load balancer's frontend, a NAT gateway."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.lab.cloud.azure.links import is_same, key_of
from cloudfail.lab.cloud.azure.nics import configs
from cloudfail.lab.cloud.azure.store import Store


def user_of(store: Store, public_ip: str) -> str:
    """Return the id of what has this address, as it was asked for; "" when nothing has it."""
    for config in configs(store):
        if is_same(config.public_ip, public_ip):
            return config.id
    return dict(standing_users(store)).get(key_of(public_ip), "")


def standing_users(store: Store) -> Iterator[tuple[str, str]]:
    """Go through the addresses that are on no interface: the key of an address, and who has it."""
    for balancer in store.every("loadBalancers"):
        for frontend in balancer["properties"].get("frontendIPConfigurations", ()):
            found = (frontend["properties"].get("publicIPAddress") or {}).get("id", "")
            if found:
                yield key_of(found), frontend["id"]
    for gateway in store.every("natGateways"):
        for item in gateway["properties"].get("publicIpAddresses", ()):
            yield key_of(item["id"]), gateway["id"]
