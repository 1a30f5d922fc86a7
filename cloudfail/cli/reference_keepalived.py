"""The reference page of what `generate` writes: keyword, key, default, first version, reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cloudfail.cli.reference_config import default_of
from cloudfail.config.schema import json_schema
from cloudfail.keepalived.options import option
from cloudfail.keepalived.version import OLDEST

Row = tuple[str, str, str]

# keepalived's keyword, the key of cloudfail.toml (empty: always as it is), what it is there for.
_GLOBAL: tuple[Row, ...] = (
    ("router_id", "NodeTable.router_id", "names the node in mail and logs; without one keepalived asks the DNS when it starts"),
    ("notification_email", "KeepalivedTable.notification_email", "who gets mail"),
    ("notification_email_from", "KeepalivedTable.notification_email_from", "its sender"),
    ("smtp_server", "KeepalivedTable.smtp_server", "who takes it"),
    ("smtp_connect_timeout", "KeepalivedTable.smtp_connect_timeout", "seconds"),
    ("enable_script_security", "KeepalivedTable.enable_script_security", "runs nothing as root that others may change"),
    ("script_user", "KeepalivedTable.script_user", "who runs scripts: without it keepalived looks for a user that is rarely there, and drops them"),
    ("vrrp_version", "KeepalivedTable.vrrp_version", "3 has advert intervals below a second"),
    ("vrrp_check_unicast_src", "KeepalivedTable.vrrp_check_unicast_src", "drops adverts of strangers, which keepalived obeys otherwise"),
    ("vrrp_higher_prio_send_advert", "KeepalivedTable.vrrp_higher_prio_send_advert", "tells the survivor of a partition that it has to look again"),
    ("vrrp_min_garp", "KeepalivedTable.vrrp_min_garp", "one gratuitous ARP instead of ten, which a cloud ignores; before 2.0.12 by `vrrp_garp_master_*`"),
    ("vrrp_startup_delay", "KeepalivedTable.vrrp_startup_delay", "waits after the start"),
    ("vrrp_notify_fifo", "KeepalivedTable.vrrp_notify_fifo", "every change of role in order, without a process; without a key the agent's, and none where there is no agent; its owner is `vrrp_notify_fifo_user`"),
)  # fmt: skip
_INSTANCE: tuple[Row, ...] = (
    ("state", "InstanceTable.state", "BACKUP everywhere: the priorities decide, and nopreempt works"),
    ("nopreempt", "InstanceTable.nopreempt", "default: true, unless there is a preempt_delay, or a weight that is to hand over; a restart of the master moves the claims once, not twice"),
    ("preempt_delay", "InstanceTable.preempt_delay", "instead of nopreempt: the better node comes back, later"),
    ("interface", "InstanceTable.interface", "the device of the unicast address"),
    ("use_vmac", "InstanceTable.use_vmac", "see below"),
    ("vmac_xmit_base", "InstanceTable.vmac_xmit_base", "see below"),
    ("virtual_router_id", "InstanceTable.virtual_router_id", "the same on all nodes: another one is ignored without a word"),
    ("priority", "NodeTable.priority", "1 to 254, no two alike: 255 cannot be lowered by any tracker"),
    ("advert_int", "InstanceTable.advert_int", "below 0.5 s a host that steals the processor makes two masters"),
    ("unicast_src_ip", "NodeTable.address", "the node's own address; no keepalived has a `dev` here, so it stands as a comment"),
    ("unicast_peer", "NodeTable.address", "all other nodes, never oneself: a cloud has no multicast"),
    ("unicast_ttl", "InstanceTable.unicast_ttl", "of the adverts"),
    ("unicast_fault_no_peer", "InstanceTable.unicast_fault_no_peer", "FAULT instead of multicast when the list is empty"),
    ("authentication", "AuthenticationTable.type", "PASS and AH, VRRP version 2 only; the secret is in a file of its own, mode 0600"),
    ("auth_hmac", "AuthenticationTable.type", "in its final form from 2.4.2 on; the key stays in `secret_file`"),
    ("virtual_ipaddress", "InstanceTable.virtual_ipaddress", "/32, or /128 with `preferred_lft forever`: an IPv6 address without it is deprecated"),
    ("virtual_ipaddress_excluded", "InstanceTable.virtual_ipaddress_excluded", "the other family, which adverts cannot carry"),
    ("no_virtual_ipaddress", "", "where the master has no address; before 2.2.8 one of 192.0.2.0/24 or 2001:db8::/32 stands in, on lo"),
    ("track_script", "InstanceTable.track_script", "checks of the service"),
    ("track_interface", "InstanceTable.track_interface", "other devices that have to be up"),
    ("track_file", "InstanceTable.track_file", "a hand-brake; one more is there for `cloudfail handover`, unless there is no agent"),
    ("track_process", "InstanceTable.track_process", "processes that have to be there"),
    ("smtp_alert", "InstanceTable.smtp_alert", "mail at each change"),
    ("notify", "KeepalivedTable.command", "every change of role reaches cloudfail, with the instance's name"),
    ("notify_master_rx_lower_pri", "KeepalivedTable.command", "another master was heard: look again; flock(1) before it makes one process of the many that a frozen machine, or a one-way partition, would start"),
)  # fmt: skip
_SCRIPT: tuple[Row, ...] = tuple(
    (word, f"ScriptTable.{key}", reason)
    for word, key, reason in (
        ("script", "command", "the words of `tcp`, `http`, `process`, `unit` or `command`: none starts a Python"),
        ("interval", "interval", "seconds"),
        ("timeout", "timeout", "seconds; then it has failed"),
        ("fall", "fall", "failures in a row"),
        ("rise", "rise", "successes in a row"),
        ("weight", "weight", "0: FAULT, and the peer masters within one interval; else it takes three"),
        ("user", "user", "who runs it"),
        ("init_fail", "init_fail", "down until it has succeeded"),
    )
)  # fmt: skip
_TRACK_FILE: tuple[Row, ...] = (
    ("file", "TrackFileTable.file", "holds the number that is tracked"),
    ("weight", "TrackFileTable.weight", "0: any number but 0 is a FAULT; else it is multiplied, and added to the priority"),
    ("init_file", "TrackFileTable.init_file", "makes the file, so that keepalived finds one when it starts"),
)  # fmt: skip
_TRACK_PROCESS: tuple[Row, ...] = (
    ("process", "TrackProcessTable.process", "by the kernel's events, without a check that is started again and again"),
    ("weight", "TrackProcessTable.weight", "0: too few are a FAULT"),
    ("quorum", "TrackProcessTable.quorum", "how many there must be"),
    ("delay", "TrackProcessTable.delay", "seconds before a change counts"),
)  # fmt: skip
_SYNC_GROUP: tuple[Row, ...] = (
    ("group", "SyncGroupTable.instances", "those of them that the node is a member of, two at least: they change their role together"),
    ("smtp_alert", "SyncGroupTable.smtp_alert", "mail at each change"),
)  # fmt: skip
_BLOCKS: Mapping[str, tuple[Row, ...]] = {
    "global_defs": _GLOBAL,
    "vrrp_instance": _INSTANCE,
    "vrrp_script": _SCRIPT,
    "track_file": _TRACK_FILE,
    "vrrp_track_process": _TRACK_PROCESS,
    "vrrp_sync_group": _SYNC_GROUP,
}
_VMAC = """\
### use_vmac in a cloud

`use_vmac` makes a device `vrrp.VRID` with the virtual MAC address; `vmac_xmit_base`, which unicast needs,
sends adverts from the real one. In a cloud the virtual MAC address brings nothing: the fabric answers ARP
itself, delivers by its own tables, and drops every frame with a MAC address that it did not give out. What is
left of it is harmless as generated, and was measured with keepalived 2.2.7: the addresses go to `lo`, not
to the device (anywhere else, `dev eth0` included, 2.2.7 puts them on the VMAC, and gratuitous ARPs and
neighbour advertisements leave with the virtual MAC address). So generated, not one frame leaves with it, even
with the device's own route at metric 100. An on-link prefix on the VMAC would instead send the whole subnet's
traffic from the virtual MAC address: that is why addresses are always /32 or /128. Side effects that remain:
keepalived sets `arp_ignore` and `arp_filter` on the device and `rp_filter` on all, and makes an nftables table.
`use_vmac = false` does without; IPv4 addresses then sit on the device itself.
"""


def keepalived_page(note: str) -> str:
    """Return the page: one table a block, each row checked against the tables it names."""
    schema = json_schema("cloudfail")["$defs"]
    parts = [
        "# What generate writes",
        "",
        note,
        "",
        "`cloudfail generate` writes these lines of keepalived.conf. Where keepalived is older than an",
        "option, a key of yours is an error that names both; a default of ours becomes a comment and a",
        "warning. Everything else goes into the included `conf.d`, or into the `include` of an instance.",
        "",
    ]
    for block, rows in _BLOCKS.items():
        parts += _table(block, rows, schema)
    return "\n".join([*parts, _VMAC]).rstrip() + "\n"


def written_keywords() -> frozenset[tuple[str, str]]:
    """Return (block, keyword) of every row."""
    return frozenset((block, row[0]) for block, rows in _BLOCKS.items() for row in rows)


def _table(block: str, rows: tuple[Row, ...], schema: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"## {block}", "")
    yield "| keepalived.conf | cloudfail.toml | default | from | why |"
    yield "|---|---|---|---|---|"
    for keyword, key, reason in rows:
        table, _, field = key.partition(".")
        default = (
            default_of(field, schema[table]["properties"][field], schema[table]) if key else ""
        )
        named = f"`{_PLACES[table]}{field}`" if key else ""
        yield f"| `{keyword}` | {named} | {default} | {_since(block, keyword)} | {reason} |"
    yield ""


_PLACES = {
    "KeepalivedTable": "[keepalived] ",
    "InstanceTable": "",
    "NodeTable": "node.",
    "AuthenticationTable": "authentication.",
    "ScriptTable": "",
    "TrackFileTable": "",
    "TrackProcessTable": "",
    "SyncGroupTable": "",
}


def _since(block: str, keyword: str) -> str:
    known = option(block, keyword)
    if known is None:
        raise LookupError(f"{keyword} is no keyword of {block}")
    return "" if known.since <= OLDEST else str(known.since)
