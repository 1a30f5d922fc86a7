"""The machine around keepalived: who else touches its addresses, kernel settings, FIFO, SELinux."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from cloudfail.config.agent.paths import fifo_of
from cloudfail.doctor.check import Checks, Machine, failed, ok, warning
from cloudfail.keepalived.generate.host import sysctl_settings

# Each is known to add or remove addresses and routes of its own (facts: keepalived goes BACKUP for
# 0.4 s when an outsider removes a virtual address, and the claims move twice). Sources: the README of
# each, netplan(5), systemd.network(5) KeepConfiguration=, acassen/keepalived#1385.
_MANAGERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "amazon-ec2-net-utils": (
        ("/usr/lib/systemd/system/policy-routes@.service", "/usr/bin/setup-policy-routes"),
        (
            "it adds what EC2 assigns, and rules for it: systemctl mask "
            "policy-routes@{device}.service refresh-policy-routes@{device}.timer"
        ),
    ),
    "ec2-net-utils (Amazon Linux 2)": (
        ("/etc/sysconfig/network-scripts/ec2net-functions",),
        "it adds what EC2 assigns: set EC2SYNC=no in /etc/sysconfig/network-scripts/ifcfg-{device}",
    ),
    "nm-cloud-setup": (
        ("/usr/lib/systemd/system/nm-cloud-setup.timer",),
        (
            "it adds what the cloud assigns, and rules for it: systemctl disable --now "
            "nm-cloud-setup.timer nm-cloud-setup.service"
        ),
    ),
    "google-guest-agent": (
        ("/usr/bin/google_guest_agent", "/usr/bin/google_guest_agent_manager"),
        (
            "it sets up routes for forwarded and alias addresses: ip_forwarding = false beneath "
            "[NetworkInterfaces] in /etc/default/instance_configs.cfg, then restart it"
        ),
    ),
    "Azure's waagent": (
        ("/usr/sbin/waagent", "/usr/bin/waagent"),
        (
            "it restarts the network when the hostname changes: Provisioning.MonitorHostName=n in "
            "/etc/waagent.conf"
        ),
    ),
    "netplan": (
        ("/etc/netplan",),
        (
            "`netplan apply` lets systemd-networkd remove what is not in its files: `critical: true` "
            "for {device}, or KeepConfiguration=yes in its .network file"
        ),
    ),
}
_ALLOWED = "keepalived_unconfined_script_exec_t"  # keepalived_selinux(8)


def check_managers(machine: Machine) -> Checks:
    """Report guest agents that also manage addresses."""
    devices = [member.device for member in machine.site.members] if machine.site else []
    device = devices[0] if devices else "DEVICE"
    found = [
        (name, remedy)
        for name, (paths, remedy) in _MANAGERS.items()
        if any(_is_there(machine.path(path)) for path in paths)
    ]
    for name, remedy in found:
        text = f"{name} is here, and manages addresses too"
        yield warning("other managers", text, remedy.format(device=device))
    if not found:
        yield ok("other managers", "no guest agent that manages addresses was found")


def check_sysctl(machine: Machine) -> Checks:
    """Compare the generated kernel settings with those in force."""
    if machine.site is None:
        return
    wrong = [
        f"{name.replace('/', '.')} is {now}, not {wanted}"
        for name, wanted in sysctl_settings(machine.site).items()
        if (now := _setting(name)) != wanted
    ]
    if wrong:
        remedy = "cloudfail generate --install, then sysctl -p /etc/sysctl.d/60-cloudfail.conf"
        yield warning("kernel settings", "; ".join(wrong), remedy)
    else:
        yield ok("kernel settings", "as generated")


def check_fifo(machine: Machine) -> Checks:
    """Hold the FIFO to its owner: keepalived 2.4 uses only its own user's, or the one's named.

    It is made with mode 0600, so that one of root's would have no other reader.
    """
    fifo = fifo_of(machine.config)
    if fifo is None:
        return
    path = machine.path(str(fifo))
    wanted = machine.config.keepalived.vrrp_notify_fifo_user.split()[0]
    try:
        status = path.stat()
        is_users = status.st_uid == pwd.getpwnam(wanted).pw_uid
    except OSError as error:
        yield failed("FIFO", f"{path}: {error.strerror}", "systemd-tmpfiles --create")
        return
    except KeyError:
        yield failed(
            "FIFO", f"there is no user {wanted}", "systemd-sysusers; systemd-tmpfiles --create"
        )
        return
    owner = _user_name(status.st_uid)
    if not stat.S_ISFIFO(status.st_mode):
        yield failed("FIFO", f"{path} is no FIFO", f"rm {path}; systemd-tmpfiles --create")
    elif not is_users:
        text = f"{path} belongs to {owner}, not to {wanted}"
        yield failed("FIFO", text, f"chown {wanted} {path}")
    elif status.st_mode & 0o022:
        yield failed("FIFO", f"{path} can be written by others", f"chmod 0600 {path}")
    else:
        yield ok("FIFO", f"{path} belongs to {owner}, mode {stat.S_IMODE(status.st_mode):04o}")


def check_selinux(machine: Machine) -> Checks:
    """Hint at keepalived_t, which may not connect to an API. keepalived follows links: so do we."""
    try:
        enforcing = machine.path("/sys/fs/selinux/enforce").read_text().strip() == "1"
    except OSError:
        return
    if not enforcing:
        yield ok("SELinux", "is permissive")
        return
    command = machine.path(machine.config.keepalived.command).resolve()
    if _ALLOWED in _label(command):
        yield ok("SELinux", f"is enforcing, and {command} is labelled {_ALLOWED}")
        return
    yield warning(
        "SELinux",
        f"is enforcing: keepalived_t may neither run {command} nor connect to an API",
        f"semanage fcontext -a -t {_ALLOWED} {command}; restorecon {command}; denials: "
        "ausearch -m avc -c cloudfail",
    )


def _label(path: Path) -> str:
    try:
        return os.getxattr(path, "security.selinux").decode(errors="replace")
    except OSError:
        return ""


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", *name.split("/")).read_text().strip()
    except OSError:
        return "not there"


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
