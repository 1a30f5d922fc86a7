"""Keywords of global_defs about keepalived's own processes, SNMP, D-Bus and the LVS side."""

from __future__ import annotations

from cloudfail.keepalived.options.option import new, old

_OLD_NAME = "misspelt; from 2.1.0 on ..._rlimit_rttime"

_SCHEDULING = {
    **old(
        "value",
        "vrrp_priority",
        "checker_priority",
        "bfd_priority",
        "vrrp_rt_priority",
        "checker_rt_priority",
        "bfd_rt_priority",
    ),
    **old("flag", "vrrp_no_swap", "checker_no_swap", "bfd_no_swap"),
    **old("value", "vrrp_rlimit_rtime", "checker_rlimit_rtime", "bfd_rlimit_rtime", note=_OLD_NAME),
    **new(
        "2.0.17",
        "ChangeLog",
        "values",
        "vrrp_cpu_affinity",
        "checker_cpu_affinity",
        "bfd_cpu_affinity",
    ),
    **new("2.1.0", "release notes", "optional", "max_auto_priority"),
    **new("2.1.0", "release notes", "value", "min_auto_priority_delay"),
    # The parser of 2.2.7 calls rlimit_rtime "Deprecated 02/02/2020": after 2.0.20.
    **new(
        "2.1.0",
        "parser",
        "value",
        "vrrp_rlimit_rttime",
        "checker_rlimit_rttime",
        "bfd_rlimit_rttime",
    ),
}

_NAMES = {
    **new("2.0.16", "ChangeLog", "flag", "process_names"),
    **new("2.0.16", "ChangeLog", "value", "process_name", "vrrp_process_name", "bfd_process_name"),
    **new(
        "2.0.16",
        "ChangeLog",
        "value",
        "lvs_process_name",
        note="from 2.2.0 on checker_process_name",
    ),
    **new("2.2.0", "release notes", "value", "checker_process_name"),
}

_BUFFERS = {
    **new("2.0.3", "ChangeLog", "value", "vrrp_rx_bufs_policy", "vrrp_rx_bufs_multiplier"),
    **new(
        "2.0.20",
        "parser",
        "value",
        "vrrp_netlink_cmd_rcv_bufs",
        "vrrp_netlink_monitor_rcv_bufs",
        "lvs_netlink_cmd_rcv_bufs",
        "lvs_netlink_monitor_rcv_bufs",
        "process_monitor_rcv_bufs",
    ),
    **new(
        "2.0.20",
        "parser",
        "bool",
        "vrrp_netlink_cmd_rcv_bufs_force",
        "vrrp_netlink_monitor_rcv_bufs_force",
        "lvs_netlink_cmd_rcv_bufs_force",
        "lvs_netlink_monitor_rcv_bufs_force",
        "process_monitor_rcv_bufs_force",
    ),
}

_SNMP_AND_DBUS = {
    **old("value", "snmp_socket", needs="SNMP_VRRP"),
    **old("flag", "enable_traps", "enable_snmp_vrrp", needs="SNMP_VRRP"),
    **old(
        "flag", "enable_snmp_keepalived", needs="SNMP_VRRP", note="from 2.0.0 on enable_snmp_vrrp"
    ),
    **old("flag", "enable_snmp_rfc", "enable_snmp_rfcv2", needs="SNMP_RFCV2"),
    **old("flag", "enable_snmp_rfcv3", needs="SNMP_RFCV3"),
    **old("flag", "enable_snmp_checker", needs="SNMP_CHECKER"),
    **new(
        "2.3.0",
        "release notes",
        "value",
        "snmp_vs_stats_update_interval",
        "snmp_rs_stats_update_interval",
        needs="SNMP_CHECKER",
    ),
    **old("flag", "enable_dbus", needs="DBUS"),
    **old("value", "dbus_service_name", needs="DBUS"),
    **new("2.3.0", "release notes", "value", "dbus_no_interface_name", needs="DBUS"),
}

_LVS = {
    **old("values", "lvs_sync_daemon", "lvs_timeouts", "lvs_notify_fifo", needs="LVS"),
    **old("script", "lvs_notify_fifo_script", needs="LVS"),
    **old("flag", "lvs_flush", "rs_init_notifies", "no_checker_emails", needs="LVS"),
    **old("bool", "smtp_alert_checker", needs="LVS"),
    **new("2.0.11", "ChangeLog", "bool", "checker_log_all_failures", needs="LVS"),
    **new(
        "2.0.15",
        "ChangeLog",
        "optional",
        "lvs_flush_onstop",
        needs="LVS",
        note="from 2.2.0 on lvs_flush_on_stop",
    ),
    **new("2.2.0", "parser", "optional", "lvs_flush_on_stop", needs="LVS"),
    **new("2.2.2", "release notes", "optional", "nftables_ipvs", needs="LVS"),
    **new(
        "2.2.2",
        "release notes",
        "value",
        "nftables_ipvs_priority",
        "nftables_ipvs_start_fwmark",
        needs="LVS",
    ),
}

OTHER_GLOBALS = {**_SCHEDULING, **_NAMES, **_BUFFERS, **_SNMP_AND_DBUS, **_LVS}
