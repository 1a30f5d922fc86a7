"""Keywords outside any block, and the directives that may stand on any line."""

from __future__ import annotations

from cloudfail.keepalived.options.option import new, old

TOP_LEVEL = {
    **old("block", "global_defs", "vrrp_instance", "vrrp_sync_group", "vrrp_script", "garp_group"),
    **old("list", "static_ipaddress", "static_routes", "static_rules"),
    **old("block", "vrrp_track_file", note="from 2.1.0 on a synonym of track_file"),
    # track_file.c calls vrrp_track_file deprecated "after v2.0.20"; FILE_CHECK shares it.
    **new("2.1.0", "release notes", "block", "track_file", note="before 2.1.0 vrrp_track_file"),
    **new("2.0.3", "ChangeLog", "block", "track_group"),
    **new(
        "2.0.11",
        "ChangeLog",
        "block",
        "vrrp_track_process",
        note="needs a kernel with PROC_EVENTS; there is no track_process outside a block",
    ),
    **new("2.0.13", "ChangeLog", "list", "linkbeat_interfaces"),
    **new("2.2.3", "release notes", "list", "interface_up_down_delays"),
    **old("flag", "linkbeat_use_polling", "namespace_with_ipsets", "use_pid_dir"),
    **old("value", "net_namespace", note="a reload cannot change it"),
    **old("value", "instance", note="a reload cannot change it"),
    **new("2.0.20", "parser", "value", "child_wait_time"),
    **new("2.1.0", "release notes", "optional", "net_namespace_ipvs"),
    **old("foreign", "bfd_instance", needs="BFD"),
    **old("foreign", "virtual_server", "virtual_server_group", "SSL", needs="LVS"),
}

TRACK_GROUP = old("list", "group")

# Handled before any keyword (lib/parser.c), and therefore known in every block.
DIRECTIVES = {
    **old("value", "include", note="inside a list of entries only from 2.1.4 on, best 2.1.5"),
    **new(
        "2.2.0",
        "release notes",
        "value",
        "includer",
        "includem",
        "includew",
        "includeb",
        "includea",
    ),
}

# Blocks inside the foreign ones. Nobody reads their keywords here.
FOREIGN = {
    "bfd_instance": (),
    "SSL": (),
    "virtual_server_group": (),
    "virtual_server": ("real_server",),
    "real_server": (
        "HTTP_GET",
        "SSL_GET",
        "TCP_CHECK",
        "SMTP_CHECK",
        "DNS_CHECK",
        "MISC_CHECK",
        "UDP_CHECK",
        "PING_CHECK",
        "FILE_CHECK",
        "BFD_CHECK",
    ),
    "HTTP_GET": ("url",),
    "SSL_GET": ("url",),
    "SMTP_CHECK": ("host",),
}
