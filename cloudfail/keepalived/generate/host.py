"""What a node needs around keepalived: sysctl, systemd, polkit, loopback addresses, packages."""

from __future__ import annotations

from cloudfail.keepalived.generate.keepalived_conf import scripts_of
from cloudfail.keepalived.generate.render import render
from cloudfail.keepalived.generate.site import Site
from cloudfail.model import Route

_IPV4, _IPV6 = 4, 6
# Debian's names; procps and bash are everywhere.
_OF_PROGRAMS = {"/usr/bin/curl": "curl", "/usr/bin/pgrep": "procps"}


def host_files(site: Site) -> dict[str, str]:
    """Return the text of each file by its path; only those that this node needs."""
    shared = site.config.keepalived
    files = {
        "/etc/systemd/system/keepalived.service.d/cloudfail.conf": render(
            "keepalived.service.d.conf.j2", site=site
        ),
        "/etc/tmpfiles.d/cloudfail.conf": render(
            "tmpfiles.conf.j2",
            site=site,
            fifo=shared.vrrp_notify_fifo,
            fifo_user=_user_and_group(shared.vrrp_notify_fifo_user),
        ),
        "/etc/sysusers.d/cloudfail.conf": render("sysusers.conf.j2", site=site),
    }
    if _needs_sysctl(site):
        files["/etc/sysctl.d/60-cloudfail.conf"] = _sysctl(site)
    if units := services_of(site):
        files["/etc/polkit-1/rules.d/60-cloudfail.rules"] = render(
            "polkit.rules.j2", site=site, units=units
        )
    if site.config.host.real_server:
        files |= _loopback(site)
    return files


def sysctl_settings(site: Site) -> dict[str, str]:
    """Return the kernel settings of the generated file: names beneath /proc/sys, and values."""
    if not _needs_sysctl(site):
        return {}
    lines = (line.partition(" = ") for line in _sysctl(site).splitlines() if " = " in line)
    return {name if "/" in name else name.replace(".", "/"): value for name, _, value in lines}


def services_of(site: Site) -> tuple[str, ...]:
    """Return the units that follow the role of any instance here, each once."""
    units = (unit for member in site.members for unit in member.instance.vrrp.services.master)
    return tuple(dict.fromkeys(units))


def packages_of(site: Site) -> tuple[str, ...]:
    """Return the Debian packages that the generated files want."""
    found = ["keepalived"]
    found += [_OF_PROGRAMS[s.command[0]] for s in scripts_of(site) if s.command[0] in _OF_PROGRAMS]
    if services_of(site):
        found.append("polkitd")
    if site.config.host.real_server:
        found += ["ipset", "ipvsadm"]
    return tuple(dict.fromkeys(found))


def _needs_sysctl(site: Site) -> bool:
    host = site.config.host
    return bool(host.ip_nonlocal_bind or host.real_server) or any(
        _forwards(site, family) for family in (_IPV4, _IPV6)
    )


def _sysctl(site: Site) -> str:
    return render(
        "sysctl.conf.j2",
        site=site,
        host=site.config.host,
        forwards_ipv4=_forwards(site, _IPV4),
        forwards_ipv6=_forwards(site, _IPV6),
        devices=tuple(dict.fromkeys(member.device for member in site.members)),
    )


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


def _loopback(site: Site) -> dict[str, str]:
    addresses = site.config.host.real_server
    if site.config.host.network == "ifupdown":
        text = render("ifupdown.j2", site=site, addresses=addresses)
        return {"/etc/network/interfaces.d/cloudfail-lo": text}
    text = render("networkd.network.j2", site=site, addresses=addresses)
    return {"/etc/systemd/network/60-cloudfail-lo.network": text}


def _user_and_group(written: str) -> str:
    user, _, group = written.partition(" ")
    return f"{user} {group or user}"
