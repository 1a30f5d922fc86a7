"""Keywords of vrrp_instance and of its blocks."""

from __future__ import annotations

from cloudfail.keepalived.options.option import new, old

_OLD_UNICAST = "up to 2.3.2 FAULT for ever when the address comes late; from 2.3.3 on IP_FREEBIND"
_ADVERT = "version 2 rounds to whole seconds; version 3 takes 0.01 to 40.95"
_ONE_ADDRESS = "one address, no `dev`: further words are ignored in every version"
_BACKUP = "needs state BACKUP"

_ADVERTS = {
    **old("value", "state", note="MASTER only with priority 255; nopreempt needs BACKUP"),
    **old("value", "interface", note="may be left out with unicast addresses from 2.1.0 on"),
    **old("value", "virtual_router_id", "priority", "version"),
    **old("value", "advert_int", note=_ADVERT),
    **old("flag", "nopreempt", note=_BACKUP),
    **old("flag", "preempt"),
    **old("value", "preempt_delay", note=f"0 to 1000 seconds, with fractions; {_BACKUP}"),
    **old("bool", "strict_mode", note="2.4.0 rejects it together with unicast_peer"),
    **old("bool", "skip_check_adv_addr", note="works from 2.0.19 on"),
    **old("bool", "lower_prio_no_advert", "higher_prio_send_advert"),
    **new(
        "2.2.3", "release notes", "value", "down_timer_adverts", note="has to be equal on all nodes"
    ),
    **new(
        "2.2.8",
        "release notes",
        "optional",
        "timer_expired_backup",
        note="the release notes call it thread_timer_expired; counts only with nopreempt",
    ),
    **new(
        "2.3.2",
        "release notes",
        "optional",
        "thread_timer_expired",
        note="a configuration error that works: write timer_expired_backup",
    ),
    **new("2.3.3", "release notes", "bool", "owner_ignore_adverts"),
    **old("block", "authentication", needs="VRRP_AUTH", note="version 3 ignores it"),
    **new(
        "2.4.0",
        "release notes",
        "block",
        "auth_hmac",
        needs="VRRP_AUTH",
        note="2.4.1 and later write another trailer: use one version, from 2.4.2 on, on all nodes",
    ),
    **new("2.0.3", "ChangeLog", "value", "kernel_rx_buf_size"),
    **old("value", "debug"),
}

_ADDRESSES = {
    **old("value", "mcast_src_ip", note=_ONE_ADDRESS),
    **old("value", "unicast_src_ip", note=f"{_ONE_ADDRESS}; {_OLD_UNICAST}"),
    **old(
        "list",
        "unicast_peer",
        note="empty is multicast, unless unicast_fault_no_peer; 2.3.3 rejects duplicates",
    ),
    **old("flag", "track_src_ip"),
    **old("optional", "old_unicast_checksum", needs="OLD_CHKSUM_COMPAT"),
    **new("2.1.0", "release notes", "value", "unicast_ttl"),
    # In a parser that has the options of 2.2.3 and not yet those of 2.2.7.
    **new(
        "2.2.5",
        "parser",
        "flag",
        "check_unicast_src",
        note="2.0.0 has vrrp_check_unicast_src in global_defs",
    ),
    **new("2.2.7", "release notes", "flag", "unicast_fault_no_peer"),
    **new("2.2.7", "release notes", "value", "mcast_dst_ip"),
    **new("2.2.7", "release notes", "value", "vrf"),
    **new("2.2.8", "release notes", "bool", "v3_checksum_as_v2"),
    **old(
        "list",
        "virtual_ipaddress",
        note="up to 2.3.2 two nodes whose lists differ are both"
        " master; from 2.3.3 on that is only logged",
    ),
    **old("list", "virtual_ipaddress_excluded", "virtual_routes", "virtual_rules"),
    **new("2.2.8", "release notes", "flag", "no_virtual_ipaddress"),
    **old("flag", "promote_secondaries", "accept", "no_accept"),
    **old("flag", "native_ipv6", note="deprecated: the addresses decide"),
}

_INTERFACES = {
    **old(
        "values",
        "use_vmac",
        needs="VRRP_VMAC",
        note="a MAC address from 2.2.7 on; name, group and netlink_notify_msg from 2.3.0 on",
    ),
    **old("flag", "vmac_xmit_base", needs="VRRP_VMAC", note="required by use_vmac with unicast"),
    **new("2.2.0", "release notes", "flag", "use_vmac_addr", needs="VRRP_VMAC"),
    **new("2.0.17", "ChangeLog", "values", "use_ipvlan", note="name and group from 2.3.0 on"),
    **old("flag", "dont_track_primary", "linkbeat_use_polling"),
    **old(
        "value",
        "garp_master_delay",
        "garp_master_refresh",
        "garp_master_refresh_repeat",
        "garp_lower_prio_delay",
        "garp_lower_prio_repeat",
    ),
    **old("value", "garp_master_repeat", note="0 is a configuration error and becomes 1"),
    **new(
        "2.2.2",
        "parser",
        "values",
        "vmac_garp_intvl",
        needs="VRRP_VMAC",
        note="from 2.2.3 on garp_extra_if",
    ),
    **new("2.2.3", "parser", "values", "garp_extra_if", needs="VRRP_VMAC"),
    **old(
        "value",
        "lvs_sync_daemon_interface",
        needs="LVS",
        note="deprecated: lvs_sync_daemon in global_defs",
    ),
}

_TRACKERS = {
    **old("list", "track_interface", "track_script", "track_file"),
    **old("list", "track_bfd", needs="BFD"),
    **new("2.0.11", "ChangeLog", "list", "track_process"),
}

_NOTIFIES = {
    **old("script", "notify_master", "notify_backup", "notify_fault", "notify_stop", "notify"),
    **new("2.0.6", "ChangeLog", "script", "notify_master_rx_lower_pri"),
    **new(
        "2.1.0",
        "release notes",
        "script",
        "notify_deleted",
        note="alone it reports DELETED instead of FAULT; of instances only, though the man"
        " page lists it under vrrp_sync_group",
    ),
    **new("2.0.16", "ChangeLog", "bool", "notify_priority_changes"),
    **old("bool", "smtp_alert"),
}

VRRP_INSTANCE = {**_ADVERTS, **_ADDRESSES, **_INTERFACES, **_TRACKERS, **_NOTIFIES}

AUTHENTICATION = {
    **old("value", "auth_type"),
    **old("value", "auth_pass", note="the first 8 characters count"),
}

AUTH_HMAC = {
    **new(
        "2.4.0",
        "release notes",
        "values",
        "key",
        note="an id of 1 to 255, then hex:..., file:PATH or an ASCII string of 32 to 64 bytes",
    ),
    **new("2.4.0", "release notes", "value", "active_key"),
    **new("2.4.0", "release notes", "value", "anti_replay", note="time or monotonic"),
    **new("2.4.0", "release notes", "value", "time_window", note="1 to 300 seconds"),
    **new(
        "2.4.0",
        "release notes",
        "value",
        "mode",
        note="enforce or permissive; receive-only is not proven up to 2.4.1",
    ),
}
