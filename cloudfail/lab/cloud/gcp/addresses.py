"""Reserved addresses: found by value, and their state, which follows from who uses them."""

from __future__ import annotations

from cloudfail.lab.cloud.gcp.answers import Json
from cloudfail.lab.cloud.gcp.links import link, region_of
from cloudfail.lab.cloud.gcp.nics import is_same_address, seats
from cloudfail.lab.cloud.gcp.store import Store


def find_address(store: Store, value: str) -> tuple[str, Json] | None:
    """Return the reserved address of this value, and its path."""
    for path, address in store.every("addresses"):
        if is_same_address(address["address"], value):
            return path, address
    return None


def users_of(store: Store, value: str) -> list[str]:
    """Return the paths of the instances and forwarding rules that have this external address."""
    users = [seat.instance for seat in seats(store) if _has(seat.nat_ips, value)]
    users += [
        path
        for path, rule in store.every("forwardingRules")
        if is_same_address(rule["IPAddress"], value)
    ]
    return users


def refresh_addresses(store: Store) -> None:
    """Set status and users of every address as Compute does: RESERVED or IN_USE."""
    for path, address in list(store.every("addresses")):
        users = [link(user) for user in users_of(store, address["address"])]
        if users == address.get("users", []) and "status" in address:
            continue
        kept = {name: value for name, value in address.items() if name != "users"}
        used = {"status": "IN_USE", "users": users} if users else {"status": "RESERVED"}
        store.put(path, {**kept, **used})


def is_global(path: str) -> bool:
    return not region_of(path)


def _has(values: list[str], value: str) -> bool:
    return any(is_same_address(one, value) for one in values)
