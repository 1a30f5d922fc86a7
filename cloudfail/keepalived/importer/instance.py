"""vrrp_instance blocks of one node's file."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from cloudfail.keepalived.importer import values
from cloudfail.keepalived.importer.addresses import read_addresses
from cloudfail.keepalived.importer.authentication import read_authentication, read_hmac
from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.section import Found, Section
from cloudfail.keepalived.importer.trackers import Trackers
from cloudfail.keepalived.importer.tracks import read_tracks
from cloudfail.keepalived.importer.values import Parse
from cloudfail.keepalived.syntax import NOTIFY, Statement, Tree
from cloudfail.model import Address

_KEYWORDS: Mapping[str, tuple[str, Parse]] = {
    "state": ("state", values.one_of("MASTER", "BACKUP")),
    "interface": ("interface", values.text("device")),
    "virtual_router_id": ("virtual_router_id", values.whole(1, 255)),
    "priority": ("priority", values.whole(1, 255)),
    "version": ("version", values.whole(2, 3)),
    "advert_int": ("advert_int", values.seconds(0.005, 255)),
    "nopreempt": ("nopreempt", values.flag),
    "preempt": ("preempt", values.flag),
    "preempt_delay": ("preempt_delay", values.seconds(0, 1000)),
    "unicast_src_ip": ("address", values.one_address),
    "mcast_src_ip": ("mcast_src_ip", values.one_address),
    "unicast_ttl": ("unicast_ttl", values.whole(0, 255)),
    "unicast_fault_no_peer": ("unicast_fault_no_peer", values.flag),
    "use_vmac": ("use_vmac", values.flag),
    "vmac_xmit_base": ("vmac_xmit_base", values.flag),
    "smtp_alert": ("smtp_alert", values.switch),
    "no_virtual_ipaddress": ("no_virtual_ipaddress", values.flag),
    "check_unicast_src": ("check_unicast_src", values.flag),
    "higher_prio_send_advert": ("higher_prio_send_advert", values.switch),
}
_LOST = (
    "cloudfail.toml has no word for it, and it may not fit what is generated; if you need it, write "
    "it into a file that [instance.NAME] include names"
)
# What stands beside the generated lines without touching them.
_MOVABLE = frozenset(
    {"virtual_routes", "virtual_rules", "track_bfd", "debug"}
    | {f"garp_{word}" for word in ("master_delay", "master_repeat", "master_refresh")}
    | {
        f"garp_{word}"
        for word in ("master_refresh_repeat", "lower_prio_delay", "lower_prio_repeat")
    }
)
_INSIDE = (
    "cloudfail.toml has no word for it: it belongs into instance.d/{name}.conf, which the "
    "generated vrrp_instance includes"
)
_WHY = {
    "accept": "it is keepalived's default",
    "native_ipv6": "keepalived goes by the addresses",
    "strict_mode": "it forbids unicast",
    "skip_check_adv_addr": "with it 2.2.7 does not look who sends an advert",
    "dont_track_primary": "a lost link is a FAULT, which hands over fastest",
    "mcast_dst_ip": "a cloud has no multicast",
    "track_src_ip": "keepalived goes to FAULT without its unicast address anyway",
}


class Instance(Struct, frozen=True):
    """One block. `peers` are as written, `notifies` the statements that name scripts."""

    name: str
    block: Statement
    section: Section
    peers: tuple[Address, ...] = ()
    notifies: tuple[Statement, ...] = ()


class Known(Struct, frozen=True):
    """What instances refer to, and what they take from global_defs."""

    trackers: Mapping[str, Trackers]
    shared: Section
    grouped: frozenset[str]


def read_instances(tree: Tree, known: Known, ledger: Ledger) -> tuple[Instance, ...]:
    found: dict[str, Instance] = {}
    for block in tree.find("vrrp_instance"):
        if not block.is_block:
            continue
        name = _name_of(block)
        if not block.value or name in found:
            ledger.leave_out(block, "it has no name of its own; keepalived ignores it")
            continue
        ledger.carry(block)
        if name != block.value:
            ledger.change(block, f'it is called "{name}" now: a name goes into paths and commands')
        found[name] = _read(block, name, known, Section(ledger))
    return tuple(found.values())


def _name_of(block: Statement) -> str:
    """Return the name as the toml can have it."""
    kept = re.sub(r"[^A-Za-z0-9_.:@-]", "_", block.value)[:200]
    return kept if re.match(r"[A-Za-z0-9_]", kept) else f"VI{kept}"


def _read(block: Statement, name: str, known: Known, section: Section) -> Instance:
    statements = block.children or ()
    section.read(statements, _KEYWORDS)
    _read_interface(section, known)
    peers: list[Address] = []
    for statement in statements:
        _read_block(statement, section, known, block.value)
        if statement.keyword == "unicast_peer":
            peers += _read_peers(statement, section.ledger)
    notifies = tuple(one for one in statements if one.keyword in NOTIFY)
    section.ledger.carry(*notifies)
    for statement in statements:
        if statement.keyword in _MOVABLE:
            section.ledger.leave_to(name, statement, _INSIDE.format(name=name))
        section.ledger.sweep((statement,), _WHY.get(statement.keyword, _LOST))
    _say_of_flags(section)
    return Instance(name, block, section, tuple(dict.fromkeys(peers)), notifies)


def _read_interface(section: Section, known: Known) -> None:
    """Without one keepalived takes the default_interface, else eth0 (measured with 2.2.7)."""
    default = known.shared.found.get("default_interface")
    if "interface" not in section.found and default is not None:
        section.found["interface"] = default


def _read_block(statement: Statement, section: Section, known: Known, name: str) -> None:
    if not statement.is_block:
        return
    match statement.keyword:
        case "virtual_ipaddress" | "virtual_ipaddress_excluded":
            device = section.get("interface", "eth0")
            read_addresses(statement, section, device=device)
        case "authentication":
            read_authentication(statement, section)
        case "auth_hmac":
            read_hmac(statement, section)
        case "track_interface":
            device = section.get("interface", "eth0")
            weighted = name not in known.grouped
            read_tracks(statement, section, None, weighted=weighted, device=device)
        case "track_script" | "track_file" | "track_process" as kind:
            trackers = known.trackers[kind]
            read_tracks(statement, section, trackers, weighted=name not in known.grouped)
        case _:
            return


def _read_peers(block: Statement, ledger: Ledger) -> list[Address]:
    found = []
    ledger.carry(block)
    for line in block.children or ():
        try:
            found.append(values.address(line.keyword))
        except UnfitError as unfit:
            ledger.leave_out(line, str(unfit))
            continue
        ledger.carry(line)
        if line.args:
            ledger.change(line, f"without `{line.rest}`, which the toml has no word for")
    return found


def _say_of_flags(section: Section) -> None:
    """What is written, and is not in the toml in these words."""
    ledger = section.ledger
    for key, why in _CHANGED.items():
        found = section.found.get(key)
        if found is not None:
            ledger.change(found.statement, why)
    for key in ("address", "use_vmac"):
        found = section.found.get(key)
        words = () if found is None else found.statement.args[1 if key == "address" else 0 :]
        if found is not None and words:
            ledger.change(found.statement, f"without `{' '.join(words)}`: {_IGNORED[key]}")
    _cancel_preempt(section, section.found.get("preempt"))


_CHANGED = {
    "no_virtual_ipaddress": "before 2.2.8 an address that nobody routes stands in for it",
    "check_unicast_src": "by vrrp_check_unicast_src, for all instances",
    "higher_prio_send_advert": "by vrrp_higher_prio_send_advert, for all instances",
    "mcast_src_ip": "the node's unicast address: a cloud has no multicast",
}
_IGNORED = {
    "address": "keepalived reads one address here and no more",
    "use_vmac": "the toml has no word for a name or an address of the VMAC",
}


def _cancel_preempt(section: Section, preempt: Found | None) -> None:
    """`preempt` undoes a nopreempt before it, and is the default."""
    nopreempt = section.found.get("nopreempt")
    if preempt is None:
        return
    section.ledger.change(preempt.statement, "nopreempt = false says so")
    if nopreempt is not None and nopreempt.statement.place < preempt.statement.place:
        section.ledger.change(nopreempt.statement, "undone by preempt")
        del section.found["nopreempt"]
