"""Network devices of this machine, by the names that keepalived has for them."""

from __future__ import annotations

import os
from pathlib import Path

SYS_CLASS_NET = Path("/sys/class/net")


def mac_of(device: str) -> str:
    """Return the device's MAC address in lower case; empty when there is none of that name."""
    # A name with a slash would leave /sys/class/net.
    if not device or os.sep in device:
        return ""
    try:
        return (SYS_CLASS_NET / device / "address").read_text(encoding="ascii").strip().lower()
    except OSError:
        return ""
