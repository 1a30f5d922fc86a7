"""What systemd makes of it: keepalived's unit and the generated drop-in, services that follow the role."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from cloudfail import process
from cloudfail.doctor.check import Checks, Machine, ok, warning
from cloudfail.keepalived.generate.packages import services_of

_UNIT = "keepalived.service"
_PROPERTIES = "LoadState,UnitFileState,KillMode,NeedDaemonReload"
_SECONDS = 5.0
_DIRECTORIES = ("/etc/systemd/system", "/run/systemd/system")


def check_unit(machine: Machine) -> Checks:
    """Ask systemd what is in force, whatever the files say; silent where systemd does not run."""
    if not machine.has_systemd or machine.site is None:
        return
    unit = shown(_UNIT, _PROPERTIES)
    if unit.get("LoadState") != "loaded":
        yield warning(_UNIT, "systemd does not know it", "install keepalived as a package")
        return
    fine = True
    if unit.get("NeedDaemonReload") == "yes":
        fine = False
        yield warning(_UNIT, "systemd has not read its files anew", "systemctl daemon-reload")
    elif unit.get("KillMode") != "process":
        fine = False
        text = f"KillMode is {unit.get('KillMode')}: stopping keepalived cuts a promotion short"
        yield warning(_UNIT, text, "cloudfail generate --install; systemctl daemon-reload")
    if unit.get("UnitFileState") not in {"enabled", "enabled-runtime", "static"}:
        fine = False
        yield warning(_UNIT, "does not start at boot", "systemctl enable keepalived")
    if fine:
        yield ok(_UNIT, "starts at boot, and KillMode=process is in force")


def check_services(machine: Machine) -> Checks:
    """Services that follow the role must not be started by systemd at boot."""
    units = services_of(machine.site) if machine.site else ()
    enabled = [unit for unit in units if _starts_at_boot(machine, unit)]
    for unit in enabled:
        text = "is enabled: after a reboot it runs before VRRP has decided"
        yield warning(unit, text, f"systemctl disable {unit}")
    if units and not enabled:
        yield ok("services", f"{', '.join(units)}: started by the role only")


def _starts_at_boot(machine: Machine, unit: str) -> bool:
    """Look for the links that `systemctl enable` makes (systemd.unit(5)), whatever the target."""
    name = unit if "." in unit else f"{unit}.service"
    return any(
        link.exists() or link.is_symlink()
        for directory in _DIRECTORIES
        for kind in ("wants", "requires")
        for parent in machine.path(directory).glob(f"*.{kind}")
        for link in (parent / name,)
    )


def shown(unit: str, properties: str) -> Mapping[str, str]:
    """Return what systemd says of a unit: properties by name, as `systemctl show` prints them."""
    systemctl = shutil.which("systemctl") or "systemctl"
    done = process.run(
        [systemctl, "show", "--property", properties, unit],
        stdin=process.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_SECONDS,
        check=False,
    )
    pairs = (line.partition("=") for line in done.stdout.splitlines())
    return {name: value for name, _, value in pairs}
