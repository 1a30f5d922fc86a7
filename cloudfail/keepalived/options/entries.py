"""Words that may follow in a line of a list: `dev` after an address, `weight` after a script."""

from __future__ import annotations

from collections.abc import Mapping

from cloudfail.keepalived.options.option import Option, new, old

_DEPRECATED = "without it an IPv6 address with /128 is deprecated, and never a source address"

_ADDRESS = {
    **old("value", "dev", "scope", "brd", "broadcast", "label", "peer"),
    **old("flag", "home", "-nodad", "mngtmpaddr", "noprefixroute", "autojoin"),
    **new("2.0.20", "ChangeLog", "value", "preferred_lft", note=_DEPRECATED),
}
_VIRTUAL = {
    **_ADDRESS,
    **new("2.0.3", "ChangeLog", "flag", "no_track"),
    **new("2.2.0", "release notes", "flag", "use_vmac", needs="VRRP_VMAC"),
}
_WEIGHT = {
    **old("value", "weight"),
    **new("2.0.18", "ChangeLog", "flag", "reverse"),
}
_NAMED = {**_WEIGHT, **new("2.2.7", "parser", "flag", "noreverse")}

ENTRY_WORDS: Mapping[str, Mapping[str, Option]] = {
    "unicast_peer": new(
        "2.1.0",
        "release notes",
        "value",
        "min_ttl",
        "max_ttl",
        note="switches check_unicast_src on",
    ),
    "virtual_ipaddress": _VIRTUAL,
    "virtual_ipaddress_excluded": _VIRTUAL,
    "static_ipaddress": {**_ADDRESS, **new("2.0.3", "ChangeLog", "value", "track_group")},
    "track_interface": _WEIGHT,
    "track_script": _NAMED,
    "track_file": _NAMED,
    "track_process": _NAMED,
    "track_bfd": _NAMED,
}
