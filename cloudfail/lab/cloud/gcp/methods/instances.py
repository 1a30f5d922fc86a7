"""Instances: alias ranges and access configs of their network interfaces."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cloudfail.lab.cloud.gcp.addresses import find_address
from cloudfail.lab.cloud.gcp.answers import ComputeError, Json, invalid
from cloudfail.lab.cloud.gcp.links import region_of
from cloudfail.lab.cloud.gcp.methods.context import Context, Writing
from cloudfail.lab.cloud.gcp.nics import Seat, nic_of, seat_of
from cloudfail.lab.cloud.gcp.operations import Work
from cloudfail.lab.cloud.gcp.request import ComputeRequest
from cloudfail.lab.cloud.gcp.rules import access_configs, aliases, fingerprints
from cloudfail.lab.cloud.gcp.store import Store

_V4, _V6 = "accessConfigs", "ipv6AccessConfigs"
_DEFAULTS = {
    _V4: {"kind": "compute#accessConfig", "type": "ONE_TO_ONE_NAT", "name": "External NAT"},
    _V6: {"kind": "compute#accessConfig", "type": "DIRECT_IPV6", "name": "External IPv6"},
}


def _update_interface(context: Context, request: ComputeRequest) -> Work:
    """Reference: PATCH semantics, but an array is replaced as a whole."""
    seat, body = _seat(context.store, request), request.body or {}
    given = fingerprints.require_fingerprint(body)
    fingerprints.require_current(given, seat.nic)
    aliases.require_aliases_only(body)
    ranges = [_cidr(item) for item in body.get("aliasIpRanges", ())]
    aliases.require_few(ranges)
    aliases.require_ranges_in_subnet(context.store, seat, ranges)

    def effect(store: Store) -> None:
        now = _seat(store, request)
        fingerprints.require_current(given, now.nic)
        if "aliasIpRanges" not in body:
            return
        aliases.require_ranges_unused(store, now, ranges)
        _change(store, request, lambda nic: nic.update(aliasIpRanges=ranges))

    return Work("updateNetworkInterface", request.target, effect)


def _add_config(context: Context, request: ComputeRequest) -> Work:
    seat, body = _seat(context.store, request), request.body or {}
    where = _V6 if body.get("type") == "DIRECT_IPV6" else _V4
    access_configs.require_no_config(seat.nic.get(where, ()))
    value = body.get("externalIpv6" if where == _V6 else "natIP", "")
    _check_address(context.store, seat, value, body)

    def effect(store: Store) -> None:
        now = _seat(store, request)
        access_configs.require_no_config(now.nic.get(where, ()))
        if value:
            access_configs.require_unused(store, value)
        config = {"networkTier": "PREMIUM", **_DEFAULTS[where], **body}
        if not value:
            config["externalIpv6" if where == _V6 else "natIP"] = _ephemeral(store, now, where)
        if where == _V6:
            config.setdefault("externalIpv6PrefixLength", 96)
        _change(store, request, lambda nic: nic.update({where: [config]}))

    return Work("AddAccessConfig", request.target, effect)


def _delete_config(context: Context, request: ComputeRequest) -> Work:
    name = request.query["accessConfig"]
    access_configs.require_config(_configs(_seat(context.store, request).nic), name)

    def effect(store: Store) -> None:
        access_configs.require_config(_configs(_seat(store, request).nic), name)

        def remove(nic: Json) -> None:
            for where in (_V4, _V6):
                nic[where] = [item for item in nic.get(where, ()) if item["name"] != name]
                if not nic[where]:
                    del nic[where]

        _change(store, request, remove)

    return Work("DeleteAccessConfig", request.target, effect)


def _update_config(context: Context, request: ComputeRequest) -> Work:
    """Reference: JSON merge patch. What it may change of natIP no document says: nothing, here."""
    body = request.body or {}
    name = body.get("name", "External NAT")
    config = access_configs.require_config(_configs(_seat(context.store, request).nic), name)
    if body.get("natIP", config.get("natIP")) != config.get("natIP"):
        raise invalid("resource.natIP", body["natIP"], "The address cannot be changed.")
    if body.get("publicPtrDomainName") and not {**config, **body}.get("setPublicPtr"):
        raise ComputeError(400, "publicPtrDomainName needs setPublicPtr.", "invalid")

    def effect(store: Store) -> None:
        access_configs.require_config(_configs(_seat(store, request).nic), name)

        def patch(nic: Json) -> None:
            for item in _configs(nic):
                if item["name"] == name:
                    item.update(body)

        _change(store, request, patch)

    return Work("UpdateAccessConfig", request.target, effect)


def _check_address(store: Store, seat: Seat, value: str, body: Json) -> None:
    if value:
        access_configs.require_unused(store, value)
        address = access_configs.require_reserved(store, seat, value)
        access_configs.require_tier(body, address)


def _seat(store: Store, request: ComputeRequest) -> Seat:
    return seat_of(store, request.target, request.query["networkInterface"])


def _change(store: Store, request: ComputeRequest, how: Callable[[Json], None]) -> None:
    instance = store.edit(request.target)
    how(nic_of(instance, request.query["networkInterface"]))
    store.put(request.target, instance)


def _configs(nic: Json) -> list[Json]:
    return [*nic.get(_V4, ()), *nic.get(_V6, ())]


def _cidr(item: Json) -> Json:
    text = item.get("ipCidrRange", "")
    single = "/128" if ":" in text else "/32"
    return {**item, "ipCidrRange": text if "/" in text else f"{text}{single}"}


def _ephemeral(store: Store, seat: Seat, where: str) -> str:
    """Return an address of Google's pool that nobody has; here from a documentation range."""
    pattern = "2001:db8:ee::{}" if where == _V6 else "198.51.100.{}"
    used = {value for _, one in store.every("instances") for value in _addresses_of(one)}
    for number in range(100, 250):
        value = pattern.format(number)
        if value not in used and find_address(store, value) is None:
            return value
    raise ComputeError(403, f"No address is left in {region_of(seat.instance)}.", "quotaExceeded")


def _addresses_of(instance: Json) -> list[str]:
    return [
        item.get("natIP") or item.get("externalIpv6", "")
        for nic in instance["networkInterfaces"]
        for item in _configs(nic)
    ]


METHODS: Mapping[str, Writing] = {
    "instances.updateNetworkInterface": _update_interface,
    "instances.addAccessConfig": _add_config,
    "instances.deleteAccessConfig": _delete_config,
    "instances.updateAccessConfig": _update_config,
}
