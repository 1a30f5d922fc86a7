"""Keywords of global_defs that have to do with VRRP, scripts, mail and files."""

from __future__ import annotations

from cloudfail.keepalived.options.option import new, old

_IGNORED_ARGUMENT = "up to 2.2.8 the argument is not read: also `false` switches it on"
_FIFO = "user and group from 2.0.16 on; 2.4.0 refuses a FIFO that neither it nor the user owns"
_GARP = "vrrp_min_garp sets only what still has its default: put it first"
_NOT_SILENT = "0 is a configuration error and becomes 1: nothing switches gratuitous ARP off"
_DUMP = "the man page calls it ..._file_location, which no parser knows"

_MAIL = {
    **old(
        "value", "router_id", "notification_email_from", "smtp_helo_name", "smtp_connect_timeout"
    ),
    **old("values", "smtp_server"),
    **old("list", "notification_email"),
    **old("bool", "smtp_alert", "smtp_alert_vrrp"),
    **old("flag", "no_email_faults"),
}

_SCRIPTS = {
    **old("flag", "enable_script_security"),
    **old("values", "script_user", note="has to stand before the scripts it is for"),
    **old("values", "notify_fifo", "vrrp_notify_fifo", note=_FIFO),
    **old(
        "script", "notify_fifo_script", note="with a checker process running, that one starts it"
    ),
    **old("script", "vrrp_notify_fifo_script", note="not started again when it dies"),
    **new("2.0.16", "ChangeLog", "bool", "vrrp_notify_priority_changes"),
    **new("2.1.0", "release notes", "script", "startup_script", "shutdown_script"),
    **new("2.1.0", "release notes", "value", "startup_script_timeout", "shutdown_script_timeout"),
    **new(
        "2.2.7",
        "release notes",
        "flag",
        "fifo_write_vrrp_states_on_reload",
        note="writes nothing for an instance that stays MASTER, up to 2.4.3",
    ),
    **new("2.3.0", "release notes", "bool", "use_symlink_paths"),
    # Read in a man page newer than the one of 2.4.1; in which release it came is not proven.
    **new("2.4.4", "man page", "flag", "set_supplementary_groups"),
}

_ADVERTS = {
    **old("value", "vrrp_version"),
    **old("value", "vrrp_mcast_group4", "vrrp_mcast_group6", "default_interface"),
    **old("flag", "vrrp_check_unicast_src"),
    **old("bool", "vrrp_skip_check_adv_addr", note=_IGNORED_ARGUMENT),
    **old(
        "bool",
        "vrrp_strict",
        note=f"{_IGNORED_ARGUMENT}; 2.4.0 rejects it together with unicast_peer",
    ),
    **old("bool", "vrrp_lower_prio_no_advert", "vrrp_higher_prio_send_advert"),
    **old("optional", "dynamic_interfaces"),
    **new(
        "2.0.14",
        "ChangeLog",
        "value",
        "vrrp_startup_delay",
        note="only lengthens the first timer before 2.4.0; a reload within it, before 2.3.3,"
        " may make keepalived ignore all adverts",
    ),
    **new("2.4.0", "release notes", "value", "vrrp_delay_after_boot"),
    **new("2.0.16", "ChangeLog", "flag", "log_unknown_vrids"),
    **new("2.2.7", "parser", "value", "vrrp_down_timer_adverts"),
    **new("2.2.8", "release notes", "bool", "v3_checksum_as_v2"),
    **new("2.3.3", "release notes", "bool", "vrrp_owner_ignore_adverts"),
    **new("2.2.0", "release notes", "flag", "disable_local_igmp"),
}

_GRATUITOUS_ARP = {
    **old(
        "value",
        "vrrp_garp_master_delay",
        "vrrp_garp_master_refresh",
        "vrrp_garp_master_refresh_repeat",
        "vrrp_garp_lower_prio_delay",
        "vrrp_garp_lower_prio_repeat",
        note=_GARP,
    ),
    **old("value", "vrrp_garp_master_repeat", note=_NOT_SILENT),
    **old("value", "vrrp_garp_interval", "vrrp_gna_interval"),
    **new("2.0.12", "ChangeLog", "bool", "vrrp_min_garp", note=_GARP),
    # "Deprecated after v2.2.2 - incorrect keyword", says the parser of 2.2.7.
    **new(
        "2.2.2",
        "parser",
        "values",
        "vrrp_vmac_garp_intvl",
        needs="VRRP_VMAC",
        note="from 2.2.3 on vrrp_garp_extra_if",
    ),
    **new("2.2.3", "parser", "values", "vrrp_garp_extra_if", needs="VRRP_VMAC"),
    **new("2.2.3", "parser", "value", "vmac_prefix", "vmac_addr_prefix", needs="VRRP_VMAC"),
}

_FIREWALL = {
    **old("values", "vrrp_iptables", note="2.1.0 drops the iptables command for its library"),
    **old("values", "vrrp_ipsets", needs="IPTABLES"),
    **new(
        "2.0.11",
        "ChangeLog",
        "optional",
        "nftables",
        needs="NFTABLES",
    ),
    **new("2.0.11", "ChangeLog", "value", "nftables_priority", needs="NFTABLES"),
    **new("2.0.20", "parser", "flag", "nftables_counters", "nftables_ifindex", needs="NFTABLES"),
}

_FILES = {
    **new("2.0.9", "ChangeLog", "value", "umask"),
    **new("2.0.15", "ChangeLog", "value", "random_seed"),
    **new("2.1.0", "release notes", "value", "reload_time_file"),
    **new("2.1.0", "release notes", "flag", "reload_repeat"),
    **new("2.2.0", "release notes", "optional", "reload_check_config", "reload_file"),
    **new("2.2.0", "release notes", "values", "include_check"),
    **new("2.2.0", "release notes", "value", "tmp_config_directory"),
    **new("2.2.3", "release notes", "value", "config_save_dir"),
    **new("2.2.3", "release notes", "bool", "data_use_instance"),
    **new("2.2.8", "release notes", "value", "json_version", needs="JSON"),
    **new(
        "2.3.3", "parser", "value", "iproute_usr_dir", "iproute_etc_dir", note="work from 2.3.4 on"
    ),
    **new("2.3.3", "parser", "value", "state_dump_file", "stats_dump_file", note=_DUMP),
    **new("2.3.3", "parser", "value", "json_dump_file", note=_DUMP),
}

VRRP_GLOBALS = {**_MAIL, **_SCRIPTS, **_ADVERTS, **_GRATUITOUS_ARP, **_FIREWALL, **_FILES}

# In the man pages of 2.3.3 to 2.4.0, in no parser: keepalived says "Unknown keyword".
MISPRINTS = {
    "state_file_location": "state_dump_file",
    "stats_file_location": "stats_dump_file",
    "json_file_location": "json_dump_file",
}
