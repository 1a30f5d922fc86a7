"""keepalived's side of the configuration as the rest of cloudfail uses it: parsed and frozen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cloudfail.config.vrrp.tables import DEFAULT_COMMAND, DEFAULT_DIRECTORY, DEFAULT_INCLUDE
from cloudfail.model import Address

Argv = tuple[str, ...]


class VirtualAddress(msgspec.Struct, frozen=True, kw_only=True):
    """An address that keepalived adds on the master; `dev` is empty for the default device."""

    address: Address
    dev: str = ""
    label: str = ""


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """A reference to a script, file, process or device; no weight: the one of its definition."""

    name: str
    weight: int | None = None
    reverse: bool = False


class Authentication(msgspec.Struct, frozen=True, kw_only=True):
    """`type` is none, PASS, AH or hmac; the secret stays in its file."""

    type: str = "none"
    secret_file: Path | None = None


class Hook(msgspec.Struct, frozen=True, kw_only=True):
    """A command for a role (MASTER, BACKUP, FAULT, STOP); `timeout` is in seconds."""

    on: str
    command: Argv
    timeout: float = 10.0


class Services(msgspec.Struct, frozen=True, kw_only=True):
    """systemd units that run on the master only; `timeout` is in seconds, for each."""

    master: tuple[str, ...] = ()
    timeout: float = 30.0


class Vrrp(msgspec.Struct, frozen=True, kw_only=True):
    """What a `vrrp_instance` has beside its nodes. Times are in seconds.

    `virtual_ipaddress` is None where the claims decide. `preempt_delay` is None where there is
    none.
    """

    state: str = "BACKUP"
    nopreempt: bool = True
    preempt_delay: float | None = None
    advert_int: float = 1.0
    unicast_ttl: int | None = None
    unicast_fault_no_peer: bool = True
    use_vmac: bool = True
    vmac_xmit_base: bool = True
    smtp_alert: bool = False
    include: str = ""
    virtual_ipaddress: tuple[VirtualAddress, ...] | None = None
    virtual_ipaddress_excluded: tuple[VirtualAddress, ...] = ()
    authentication: Authentication = Authentication()
    track_script: tuple[Tracked, ...] = ()
    track_interface: tuple[Tracked, ...] = ()
    track_file: tuple[Tracked, ...] = ()
    track_process: tuple[Tracked, ...] = ()
    services: Services = Services()
    hooks: tuple[Hook, ...] = ()

    def is_followed(self, role: str) -> bool:
        """Say whether services or hooks follow this role."""
        return bool(self.services.master) or any(hook.on == role for hook in self.hooks)


class Script(msgspec.Struct, frozen=True, kw_only=True):
    """A `vrrp_script`. `command` is its argv, ready-made checks included; times in seconds."""

    name: str
    command: Argv
    interval: int = 2
    timeout: int = 2
    fall: int = 2
    rise: int = 2
    weight: int = 0
    user: str = ""
    init_fail: bool = False


class TrackFile(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    file: str
    weight: int = 1
    init_file: int | None = None


class TrackProcess(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    process: str
    weight: int = 0
    quorum: int = 1
    delay: float = 0.0


class SyncGroup(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    instances: tuple[str, ...]
    smtp_alert: bool = False


class Keepalived(msgspec.Struct, frozen=True, kw_only=True):
    """`global_defs`, what instances share, and where the files go."""

    directory: str = DEFAULT_DIRECTORY
    include: str = DEFAULT_INCLUDE
    file_per_instance: bool = False
    command: str = DEFAULT_COMMAND
    vrrp_version: int = 3
    enable_script_security: bool = True
    script_user: str = "root"
    vrrp_check_unicast_src: bool = True
    vrrp_higher_prio_send_advert: bool = True
    vrrp_min_garp: bool = True
    vrrp_startup_delay: float | None = None
    vrrp_notify_fifo: str = ""
    vrrp_notify_fifo_user: str = "cloudfail cloudfail"
    notification_email: tuple[str, ...] = ()
    notification_email_from: str = ""
    smtp_server: str = ""
    smtp_connect_timeout: int | None = None
    scripts: Mapping[str, Script] = {}
    track_files: Mapping[str, TrackFile] = {}
    track_processes: Mapping[str, TrackProcess] = {}
    sync_groups: Mapping[str, SyncGroup] = {}

    def mates_of(self, instance: str) -> tuple[str, ...]:
        """Return the other instances of its sync group: keepalived changes their roles together."""
        groups = [g.instances for g in self.sync_groups.values() if instance in g.instances]
        return tuple(name for group in groups for name in group if name != instance)


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """`ip_forward` is None where the claims decide."""

    ip_nonlocal_bind: bool = True
    ip_forward: bool | None = None
    real_server: tuple[Address, ...] = ()
    network: str = "systemd-networkd"
