"""What a `vrrp_instance` has beside its nodes: parsed, and held against itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cloudfail.config.problems import Problems
from cloudfail.config.values import parse_address
from cloudfail.config.vrrp import text
from cloudfail.config.vrrp.model import (
    Authentication,
    Hook,
    Services,
    Tracked,
    VirtualAddress,
    Vrrp,
)
from cloudfail.config.vrrp.tables import TrackTable, VirtualAddressTable

_PLAIN = (
    *("state", "preempt_delay", "advert_int", "unicast_ttl", "unicast_fault_no_peer"),
    *("use_vmac", "vmac_xmit_base", "smtp_alert", "include"),
)
_TRACKS = ("track_script", "track_interface", "track_file", "track_process")
_ADDRESSES = ("virtual_ipaddress", "virtual_ipaddress_excluded")
# systemd.unit(5): what ends in none of these is a service, whatever dots it has (php8.2-fpm).
_UNIT_TYPES = (
    *(".service", ".socket", ".device", ".mount", ".automount", ".swap", ".target", ".path"),
    *(".timer", ".slice", ".scope"),
)


def read_vrrp(good: Mapping[str, Any], key: str, problems: Problems) -> Vrrp:
    """Return the VRRP settings among the values of an instance's table."""
    values: dict[str, Any] = {name: good[name] for name in _PLAIN if name in good}
    values["nopreempt"] = _nopreempt(good, key, problems)
    for name in _ADDRESSES:
        if good.get(name) is not None:
            values[name] = _addresses(good[name], f"{key}.{name}", problems)
    _check_both(values, f"{key}.virtual_ipaddress_excluded", problems)
    for name in _TRACKS:
        values[name] = _tracked(good.get(name, ()), f"{key}.{name}", problems)
    if "authentication" in good:
        values["authentication"] = _authentication(good["authentication"], key, problems)
    if "services" in good:
        values["services"] = _services(good["services"], f"{key}.services", problems)
    values["hooks"] = _hooks(good.get("hook", ()), f"{key}.hook", problems)
    _check_vmac(good, key, problems)
    _check_include(good.get("include", ""), f"{key}.include", problems)
    return Vrrp(**values)


def _nopreempt(good: Mapping[str, Any], key: str, problems: Problems) -> bool:
    """Say whether nopreempt is in force; with `state MASTER` keepalived clears it and preempt_delay."""
    asked, delay = good.get("nopreempt"), good.get("preempt_delay")
    is_master = good.get("state") == "MASTER"
    if asked and delay is not None:
        problems.add(
            f"{key}.preempt_delay",
            "has no meaning with nopreempt",
            "remove one of the two; nopreempt = true moves the claims less often",
        )
    for name, value in (("nopreempt", asked), ("preempt_delay", delay)):
        if is_master and value:
            problems.add(
                f"{key}.{name}", 'needs state = "BACKUP"', "remove state: the priorities decide"
            )
    if asked is None:
        return delay is None and not is_master
    return bool(asked)


def _check_vmac(good: Mapping[str, Any], key: str, problems: Problems) -> None:
    if good.get("use_vmac", True) and not good.get("vmac_xmit_base", True):
        problems.add(
            f"{key}.vmac_xmit_base",
            "must be true with use_vmac: unicast needs it, and a cloud drops a virtual MAC",
            "remove it, or set use_vmac = false as well",
        )


def _check_include(written: str, key: str, problems: Problems) -> None:
    if written and not text.is_pattern(written):
        problems.add(
            key,
            f'"{written}" is no file beneath the directory of keepalived.conf, nor a pattern of some',
            "write it like instance.d/edge.conf or instance.d/edge/*.conf",
        )


def _addresses(
    entries: Iterable[str | VirtualAddressTable], key: str, problems: Problems
) -> tuple[VirtualAddress, ...]:
    found: dict[str, VirtualAddress] = {}
    for index, entry in enumerate(entries):
        where = f"{key}[{index}]"
        table = VirtualAddressTable(address=entry) if isinstance(entry, str) else entry
        one = _address(table, where, problems)
        if one is None:
            continue
        if str(one.address) in found:
            problems.add(where, f"{one.address} is there twice", "remove one of them")
        found[str(one.address)] = one
    return tuple(found.values())


def _check_both(values: Mapping[str, Any], key: str, problems: Problems) -> None:
    """Keepalived would add the address twice, and remove it twice."""
    advertised, excluded = (values.get(name) or () for name in _ADDRESSES)
    known = {one.address for one in advertised}
    for one in excluded:
        if one.address in known:
            problems.add(key, f"{one.address} is in virtual_ipaddress too", "remove one of them")


def _address(table: VirtualAddressTable, key: str, problems: Problems) -> VirtualAddress | None:
    if not _has_own_prefix(table.address):
        problems.add(
            key,
            f'"{table.address}" is more than one address',
            "leave the prefix out: an address is always added as /32 or /128, since an on-link "
            "prefix would draw the subnet's traffic to it",
        )
        return None
    address = parse_address(table.address.partition("/")[0], key, problems)
    for name, kind in (("dev", "device"), ("label", "label")):
        value = getattr(table, name)
        if value:
            text.check(value, kind, f"{key}.{name}", problems)
    if address is None:
        return None
    if address.is_loopback:
        problems.add(key, f"{address} is every machine's own", "name an address that can move")
        return None
    return VirtualAddress(address=address, dev=table.dev, label=table.label)


def _has_own_prefix(written: str) -> bool:
    """Say whether it has no prefix length, or the full one."""
    address, slash, length = written.partition("/")
    if not slash:
        return True
    try:
        return length == str(ip_address(address).max_prefixlen)
    except ValueError:
        return True  # what it is not, parse_address says


def _tracked(
    entries: Iterable[str | TrackTable], key: str, problems: Problems
) -> tuple[Tracked, ...]:
    kind = "device" if key.endswith("track_interface") else "name"
    found: list[Tracked] = []
    for index, entry in enumerate(entries):
        table = TrackTable(name=entry) if isinstance(entry, str) else entry
        if any(one.name == table.name for one in found):
            problems.add(f"{key}[{index}]", f"{table.name} is there twice", "remove one of them")
        if table.reverse and table.weight is None:
            problems.add(
                f"{key}[{index}].reverse", "needs a weight", "write the weight that it turns round"
            )
        if text.check(table.name, kind, f"{key}[{index}]", problems):
            found.append(Tracked(name=table.name, weight=table.weight, reverse=table.reverse))
    return tuple(found)


def _authentication(table: Any, key: str, problems: Problems) -> Authentication:
    where = f"{key}.authentication"
    if table.type != "none" and not table.secret_file:
        problems.add(
            f"{where}.secret_file", "is missing", "name a file, mode 0600, that holds the secret"
        )
    if table.type == "none" and table.secret_file:
        problems.add(
            f"{where}.type", "is missing: nobody is authenticated", 'write type = "PASS" or "hmac"'
        )
    if table.secret_file:
        text.check(table.secret_file, "path", f"{where}.secret_file", problems)
    path = Path(table.secret_file) if table.secret_file else None
    return Authentication(type=table.type, secret_file=path)


def _services(table: Any, key: str, problems: Problems) -> Services:
    good = [
        _unit(name)
        for index, name in enumerate(table.master)
        if text.check(name, "unit", f"{key}.master[{index}]", problems)
    ]
    return Services(master=tuple(dict.fromkeys(good)), timeout=table.timeout)


def _unit(name: str) -> str:
    """Name a unit in full, as polkit and systemd do."""
    return name if name.endswith(_UNIT_TYPES) else f"{name}.service"


def _hooks(tables: Iterable[Any], key: str, problems: Problems) -> tuple[Hook, ...]:
    found = []
    for index, table in enumerate(tables):
        if not table.command[0].startswith("/"):
            problems.add(
                f"{key}[{index}].command[0]",
                f'"{table.command[0]}" is no absolute path',
                "name the program like /usr/bin/systemctl: the search path there is not yours",
            )
        found.append(Hook(on=table.on, command=table.command, timeout=table.timeout))
    return tuple(found)
