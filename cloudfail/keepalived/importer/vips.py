"""The virtual addresses of an instance, held against its nodes and against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudfail.config.vrrp.tables import VirtualAddressTable
from cloudfail.keepalived.importer.joined import Joined
from cloudfail.keepalived.importer.note import Ledger
from cloudfail.keepalived.importer.seats import Seat
from cloudfail.keepalived.importer.section import Found
from cloudfail.keepalived.importer.table import values_of
from cloudfail.keepalived.syntax import Place

Addresses = tuple[VirtualAddressTable, ...]
_KEYS = ("virtual_ipaddress", "virtual_ipaddress_excluded")


def own_addresses(joined: Joined) -> frozenset[str]:
    section = joined.first.instance.section
    return frozenset(one.address for key in _KEYS for one in section.get(key, ()))


def with_addresses(joined: Joined, more: Sequence[str]) -> dict[str, Found]:
    """Return the values of all files; `more` are addresses that the old script set itself."""
    values = values_of(joined)
    there = {one.address for key in _KEYS if key in values for one in values[key].value}
    added = tuple(VirtualAddressTable(address=one) for one in more if one not in there)
    if added:
        key = _KEYS[0]
        old = values.get(key, Found((), joined.first.instance.block))
        values[key] = Found((*old.value, *added), old.statement)
    return values


def settled(joined: Joined, values: Mapping[str, Found], seats: Sequence[Seat]) -> dict[str, Found]:
    """Return the values with addresses that `config check` accepts; what goes is noted."""
    ledger = joined.first.node.ledger
    kept = dict(values)
    taken = {str(seat.address): f"it is the address of node {seat.name}" for seat in seats}
    for key in _KEYS:
        found = kept.get(key)
        if found is None:
            continue
        if _is_stand_in(found, kept):
            ledger.change(found.statement, "it stands in for no address: the generator's own way")
            kept[key] = Found((), found.statement)
            continue
        good = _good(found, taken, ledger)
        kept[key] = Found(good, found.statement)
        taken |= {one.address: "it is in virtual_ipaddress already" for one in good}
    _say_of_families(kept, seats, ledger)
    _say_of_vmac(kept, ledger)
    return kept


def _good(found: Found, taken: Mapping[str, str], ledger: Ledger) -> Addresses:
    good = []
    for one in found.value:
        why = taken.get(one.address)
        if why:
            ledger.say(_place_of(found, one), "left out", f"virtual address {one.address}", why)
        else:
            good.append(one)
    return tuple(good)


def _place_of(found: Found, one: VirtualAddressTable) -> Place:
    lines = found.statement.children or ()
    return next(
        (line.place for line in lines if line.keyword.partition("/")[0] == one.address),
        found.statement.place,
    )


def _is_stand_in(found: Found, values: Mapping[str, Found]) -> bool:
    """An instance without an address, as it is written for keepalived before 2.2.8."""
    vrid = values.get("virtual_router_id")
    if vrid is None or len(found.value) != 1:
        return False
    lines = found.statement.children or ()
    if not all("lo" in line.args for line in lines):
        return False
    number: int = vrid.value
    return found.value[0].address in {f"192.0.2.{number}", f"2001:db8::{number:x}"}


def _say_of_families(values: Mapping[str, Found], seats: Sequence[Seat], ledger: Ledger) -> None:
    found = values.get("virtual_ipaddress")
    is_ipv6 = any(":" in str(seat.address) for seat in seats)
    for one in found.value if found else ():
        if found is not None and (":" in one.address) != is_ipv6:
            why = (
                "not in the adverts, which carry the family of the unicast addresses: the generator "
                "writes it into virtual_ipaddress_excluded"
            )
            ledger.say(_place_of(found, one), "changed", f"virtual address {one.address}", why)


def _say_of_vmac(values: Mapping[str, Found], ledger: Ledger) -> None:
    """With use_vmac the generator writes vmac_xmit_base always."""
    vmac, base = values.get("use_vmac"), values.get("vmac_xmit_base")
    if vmac is not None and base is None:
        ledger.change(vmac.statement, "with vmac_xmit_base, which unicast needs")
    if vmac is None and base is not None:
        ledger.change(base.statement, "without use_vmac it means nothing")
