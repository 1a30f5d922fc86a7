"""virtual_ipaddress: each line an address, with what keepalived was told of it."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.config.vrrp.tables import VirtualAddressTable
from cloudfail.keepalived.addresses import virtual_address
from cloudfail.keepalived.importer import values
from cloudfail.keepalived.importer.note import UnfitError
from cloudfail.keepalived.importer.section import Section
from cloudfail.keepalived.syntax import Statement

Addresses = tuple[VirtualAddressTable, ...]
_ALWAYS = frozenset({"-nodad"})  # VRRP's own addresses have it anyway


def read_addresses(block: Statement, section: Section, *, device: str) -> None:
    """Put the addresses of the block under its keyword; `device` is the instance's.

    An address that sits on `device` has no `dev` in the toml: the generator says where it goes.
    """
    ledger, key = section.ledger, block.keyword
    earlier = section.found.pop(key, None)
    found: dict[str, VirtualAddressTable] = {
        one.address: one for one in (earlier.value if earlier else ())
    }
    for line in block.children or ():
        try:
            options = virtual_address(line, key).options
            one, changes = _read_line(line, options, device, vmac=section.get("use_vmac", False))
        except UnfitError as unfit:
            ledger.leave_out(line, str(unfit))
            continue
        if one.address in found:
            ledger.leave_out(line, "the address is there already")
            continue
        found[one.address] = one
        ledger.carry(line)
        if changes:
            ledger.change(line, "; ".join(changes))
    section.put(key, tuple(found.values()), block)


def _why_on_loopback(address: str, *, vmac: bool) -> str:
    """Say why the generator puts it on lo; empty where it goes on the instance's device."""
    if vmac:
        return "on lo: a cloud drops what leaves with a virtual MAC address"
    if ":" in address:
        return "on lo: on the device it would become the source of what this node sends"
    return ""


def _read_line(
    line: Statement, words: dict[str, str], device: str, *, vmac: bool
) -> tuple[VirtualAddressTable, list[str]]:
    written, slash, mask = line.keyword.partition("/")
    address = values.address(written)
    changes = list(_changes(words))
    if slash and mask != str(address.max_prefixlen):
        changes.insert(
            0, f"/{mask} becomes /{address.max_prefixlen}: no route of the subnet with it"
        )
    dev, label = words.get("dev", ""), words.get("label", "")
    if dev:
        values.fit(dev, "device")
    on_loopback = _why_on_loopback(str(address), vmac=vmac)
    if dev in {"", device}:
        dev = ""
        changes += [on_loopback] if on_loopback else []
    elif dev == "lo" and on_loopback:
        dev = ""
    if label:
        values.fit(label, "label")
    return VirtualAddressTable(address=str(address), dev=dev, label=label), changes


def _changes(words: dict[str, str]) -> Iterator[str]:
    for word, value in words.items():
        if word in {"dev", "label"} | _ALWAYS or (word, value) == ("preferred_lft", "forever"):
            continue
        if (word, value) == ("scope", "global"):
            continue
        yield f"without `{f'{word} {value}'.strip()}`, which the toml has no word for"
