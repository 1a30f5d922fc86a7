"""Network devices of this machine, by the names that keepalived has for them."""

from __future__ import annotations

import os
from pathlib import Path

from cloudfail import process
from cloudfail.model import Address

SYS_CLASS_NET = Path("/sys/class/net")
_LOOPBACK = "lo"


def device_with(address: Address) -> str:
    """Return the device that has the address; empty when none has, or more than one, or no `ip` is here.

    keepalived's virtual addresses sit on lo, beside what a device has: lo counts by itself only.
    """
    command = ("ip", "-oneline", "address", "show", "to", str(address))
    try:
        done = process.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, process.TimeoutExpired):
        return ""
    # `2: eth0    inet 10.0.1.10/24 ...`, and `4: vrrp.51@eth0 ...` of a device above another.
    found = {line.split()[1].partition("@")[0] for line in done.stdout.splitlines()}
    others = found - {_LOOPBACK}
    return next(iter(others or found)) if len(others or found) == 1 else ""


def mac_of(device: str) -> str:
    """Return the device's MAC address in lower case; empty when there is none of that name."""
    # A name with a slash would leave /sys/class/net.
    if not device or os.sep in device:
        return ""
    try:
        return (SYS_CLASS_NET / device / "address").read_text(encoding="ascii").strip().lower()
    except OSError:
        return ""
