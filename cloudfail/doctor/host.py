"""The machine around keepalived: who else touches its addresses, kernel settings, FIFO, SELinux."""

from __future__ import annotations

import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from cloudfail.doctor.check import Checks, Machine, failed, ok, warning
from cloudfail.keepalived.generate.host import services_of, sysctl_settings

# Each is known to add or remove addresses and routes of its own (facts: keepalived goes BACKUP for
# 0.4 s when an outsider removes a virtual address, and the claims move twice).
_MANAGERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "amazon-ec2-net-utils": (
        ("/usr/lib/systemd/system/policy-routes@.service", "/usr/bin/setup-policy-routes"),
        "mask its units for this device: it adds what EC2 assigns, and rules for it",
    ),
    "google-guest-agent": (
        ("/usr/bin/google_guest_agent", "/usr/bin/google_guest_agent_manager"),
        "set ip_forwarding = false in /etc/default/instance_configs.cfg, [NetworkInterfaces]",
    ),
    "Azure's waagent": (
        ("/usr/sbin/waagent",),
        "it restarts the network when the hostname changes: set Provisioning.MonitorHostName=n",
    ),
    "netplan": (
        ("/etc/netplan",),
        "set `critical: true` for this device: `netplan apply` removes what is not in its files",
    ),
}


def check_managers(machine: Machine) -> Checks:
    """Report guest agents that also manage addresses."""
    found = False
    for name, (paths, remedy) in _MANAGERS.items():
        if any(_is_there(machine.path(path)) for path in paths):
            found = True
            yield warning("other managers", f"{name} is here, and manages addresses too", remedy)
    if not found:
        yield ok("other managers", "no guest agent that manages addresses was found")


def check_sysctl(machine: Machine) -> Checks:
    """Compare the generated kernel settings with those in force."""
    if machine.site is None:
        return
    wrong = False
    for name, wanted in sysctl_settings(machine.site).items():
        path = Path("/proc/sys", *name.split("/"))
        try:
            now = path.read_text().strip()
        except OSError:
            now = "not there"
        if now != wanted:
            wrong = True
            key = name.replace("/", ".")
            yield warning(
                "kernel settings",
                f"{key} is {now}, not {wanted}",
                "sysctl -p /etc/sysctl.d/60-cloudfail.conf, after `cloudfail generate --install`",
            )
    if not wrong:
        yield ok("kernel settings", "as generated")


def check_fifo(machine: Machine) -> Checks:
    """Hold the FIFO to its owner: keepalived 2.4 uses only its own user's, or the one's named."""
    settings = machine.config.keepalived
    if not settings.vrrp_notify_fifo:
        return
    path = machine.path(settings.vrrp_notify_fifo)
    user = settings.vrrp_notify_fifo_user.split()[0]
    try:
        status = path.stat()
    except OSError as error:
        yield failed("FIFO", f"{path}: {error.strerror}", "systemd-tmpfiles --create")
        return
    if not stat.S_ISFIFO(status.st_mode):
        yield failed("FIFO", f"{path} is no FIFO", f"rm {path}; systemd-tmpfiles --create")
    elif _user_name(status.st_uid) not in {user, "root"}:
        yield failed(
            "FIFO",
            f"{path} belongs to {_user_name(status.st_uid)}, not to {user}",
            f"chown {user} {path}",
        )
    elif status.st_mode & 0o022:
        yield failed("FIFO", f"{path} can be written by others", f"chmod 0600 {path}")
    else:
        yield ok("FIFO", f"{path} belongs to {_user_name(status.st_uid)}")


def check_selinux(machine: Machine) -> Checks:
    """Hint at keepalived_t, which may not connect to an API."""
    try:
        enforcing = Path("/sys/fs/selinux/enforce").read_text().strip() == "1"
    except OSError:
        return
    if not enforcing:
        yield ok("SELinux", "is permissive")
        return
    command = machine.config.keepalived.command
    yield warning(
        "SELinux",
        f"is enforcing: keepalived's domain may not run {command} nor connect from it",
        "link it beneath /usr/libexec/keepalived/, name that as [keepalived] command, and look for "
        "denials: ausearch -m avc -c cloudfail",
    )


def check_services(machine: Machine) -> Checks:
    """Services that follow the role must not be started by systemd at boot."""
    if machine.site is None:
        return
    for unit in services_of(machine.site):
        wants = machine.path("/etc/systemd/system/multi-user.target.wants") / unit
        if _is_there(wants):
            yield warning(
                unit,
                "is enabled: after a reboot it runs before VRRP has decided",
                f"systemctl disable {unit}",
            )


def _is_there(path: Path) -> bool:
    try:
        return any(path.iterdir()) if path.is_dir() else path.exists()
    except OSError:
        return True


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
