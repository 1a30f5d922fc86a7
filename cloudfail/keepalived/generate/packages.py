"""What the generated files need of the machine: services, and Debian's names of packages."""

from __future__ import annotations

from cloudfail.keepalived.generate.site import Site

# procps and bash are nearly everywhere, curl is not.
_OF_PROGRAMS = {"/usr/bin/curl": "curl", "/usr/bin/pgrep": "procps"}


def services_of(site: Site) -> tuple[str, ...]:
    """Return the units that follow the role of any instance here, each once."""
    units = (unit for member in site.members for unit in member.instance.vrrp.services.master)
    return tuple(dict.fromkeys(units))


def packages_of(site: Site) -> tuple[str, ...]:
    """Return the Debian packages that the generated files want."""
    found = ["keepalived"]
    programs = [script.command[0] for script in site.scripts]
    found += [_OF_PROGRAMS[program] for program in programs if program in _OF_PROGRAMS]
    if services_of(site):
        found.append("polkitd")
    if site.config.host.real_server:
        found += ["ipset", "ipvsadm"]
    return tuple(dict.fromkeys(found))
