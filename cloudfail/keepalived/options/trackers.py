"""Keywords of vrrp_script, track files and processes, sync groups and garp_group."""

from __future__ import annotations

from cloudfail.keepalived.options.option import new, old

_MILLISECONDS = "whole seconds up to 2.3.1; milliseconds from 2.3.2 on"
_REVERSE = "`reverse` from 2.0.18 on"

VRRP_SCRIPT = {
    **old("value", "script", note="one quoted string holds the command and its arguments"),
    **old("value", "interval", "timeout", note=_MILLISECONDS),
    **old("values", "weight", note=_REVERSE),
    **old("value", "rise", "fall"),
    **old("values", "user"),
    **old("flag", "init_fail"),
}

TRACK_FILE = {
    **old("value", "file"),
    **old("values", "weight", note=_REVERSE),
    **old("values", "init_file", note="2.3.3 no longer overwrites a file unless told to"),
}

VRRP_TRACK_PROCESS = {
    **new("2.0.11", "ChangeLog", "values", "process"),
    **new("2.0.11", "ChangeLog", "values", "weight", note=_REVERSE),
    **new("2.0.11", "ChangeLog", "value", "quorum", "delay"),
    # 2.0.11 says no more than "Add track_process".
    **new("2.2.3", "parser", "flag", "full_command"),
    **new("2.0.16", "ChangeLog", "value", "quorum_max", "fork_delay", "terminate_delay"),
    **new("2.0.16", "ChangeLog", "optional", "param_match"),
}

VRRP_SYNC_GROUP = {
    **old("list", "group", note="a group of one works again from 2.2.3 on"),
    **old("list", "track_interface", "track_script", "track_file"),
    **old("list", "track_bfd", needs="BFD"),
    **new("2.2.0", "release notes", "list", "track_process"),
    **old("script", "notify_master", "notify_backup", "notify_fault", "notify_stop", "notify"),
    **new("2.2.0", "release notes", "bool", "notify_priority_changes"),
    **old("bool", "smtp_alert"),
    **old("flag", "global_tracking", note="deprecated: track in the group"),
    **old("flag", "sync_group_tracking_weight"),
}

GARP_GROUP = {
    **old("value", "garp_interval", "gna_interval", "interface"),
    **old("list", "interfaces"),
}
