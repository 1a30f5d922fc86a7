"""What a node needs around keepalived: sysctl, systemd, polkit, loopback addresses, packages."""

from __future__ import annotations

import msgspec

from cloudfail.agent.handbrake import DIRECTORY
from cloudfail.config import Config
from cloudfail.config.agent.paths import UNIT, fifo_of
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate.agent import (
    UNIT_FILE,
    agent_unit,
    handovers_of,
    specifier,
)
from cloudfail.keepalived.generate.packages import services_of
from cloudfail.keepalived.generate.render import render
from cloudfail.keepalived.generate.site import Site
from cloudfail.model import Route

_IPV4, _IPV6 = 4, 6


class KernelNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """Which parts of the sysctl file there are; `devices` take part in VRRP."""

    ip_nonlocal_bind: bool = False
    forwards_ipv4: bool = False
    forwards_ipv6: bool = False
    real_server: bool = False
    quiet_vmac: bool = False
    devices: tuple[str, ...] = ()


def host_files(site: Site) -> dict[str, str]:
    """Return the text of each file by its path; only those that this node needs."""
    has_agent = site.config.agent.enabled
    files = {
        "/etc/systemd/system/keepalived.service.d/cloudfail.conf": render(
            "keepalived.service.d.conf.j2", agent=UNIT if has_agent else ""
        ),
        "/etc/tmpfiles.d/cloudfail.conf": _tmpfiles(site),
        "/etc/sysusers.d/cloudfail.conf": render("sysusers.conf.j2", site=site),
    }
    if has_agent:
        files[UNIT_FILE] = agent_unit(site)
    files |= _sysctl_file(needs_of(site))
    if units := services_of(site):
        files["/etc/polkit-1/rules.d/60-cloudfail.rules"] = render(
            "polkit.rules.j2", site=site, units=units
        )
    return files | _loopback(site.config)


def real_server_files(config: Config) -> dict[str, str]:
    """Return what an LVS real server needs that is no node itself: no keepalived runs there.

    Raises ConfigError when the configuration names no address for it.
    """
    if not config.host.real_server:
        raise ConfigError(
            f"{config.path}: host.real_server is missing; name the virtual addresses that the real "
            'servers have on their loopback device, like real_server = ["10.0.1.100"]'
        )
    return _sysctl_file(KernelNeeds(real_server=True)) | _loopback(config)


def sysctl_settings(site: Site) -> dict[str, str]:
    """Return the kernel settings of the generated file: names beneath /proc/sys, and values.

    A line that begins with - may fail (sysctl.d(5)): not every kernel has IPv6.
    """
    text = "".join(_sysctl_file(needs_of(site)).values())
    lines = (line.lstrip("-").partition(" = ") for line in text.splitlines() if " = " in line)
    return {name if "/" in name else name.replace(".", "/"): value for name, _, value in lines}


def needs_of(site: Site) -> KernelNeeds:
    """Return which kernel settings a node needs."""
    host = site.config.host
    return KernelNeeds(
        ip_nonlocal_bind=host.ip_nonlocal_bind,
        forwards_ipv4=_forwards(site, _IPV4),
        forwards_ipv6=_forwards(site, _IPV6),
        real_server=bool(host.real_server),
        quiet_vmac=any(
            member.instance.vrrp.use_vmac and member.node.address.version == _IPV6
            for member in site.members
        ),
        devices=tuple(dict.fromkeys(member.device for member in site.members)),
    )


def _tmpfiles(site: Site) -> str:
    return render(
        "tmpfiles.conf.j2",
        fifo=fifo_of(site.config),
        fifo_user=_user_and_group(site.config.keepalived.vrrp_notify_fifo_user),
        handover_directory=DIRECTORY,
        handovers=handovers_of(site),
        specifier=specifier,
    )


def _sysctl_file(needs: KernelNeeds) -> dict[str, str]:
    text = render("sysctl.conf.j2", needs=needs)
    return {"/etc/sysctl.d/60-cloudfail.conf": text} if " = " in text else {}


def _forwards(site: Site, family: int) -> bool:
    """Say whether packets of the family go through this node: a claimed /32 ends here instead."""
    routes = [
        claim.destination
        for member in site.members
        for claim in member.instance.claims
        if isinstance(claim, Route) and claim.destination.version == family
    ]
    asked = site.config.host.ip_forward
    if asked is not None:
        return asked and (family == _IPV4 or bool(routes))
    return any(network.prefixlen < network.max_prefixlen for network in routes)


def _loopback(config: Config) -> dict[str, str]:
    addresses = config.host.real_server
    if not addresses:
        return {}
    if config.host.network == "ifupdown":
        text = render("ifupdown.j2", addresses=addresses)
        return {"/etc/network/interfaces.d/cloudfail-lo": text}
    text = render("networkd.network.j2", addresses=addresses)
    return {"/etc/systemd/network/60-cloudfail-lo.network": text}


def _user_and_group(written: str) -> str:
    user, _, group = written.partition(" ")
    return f"{user} {group or user}"
