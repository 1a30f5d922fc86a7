"""Moto's EC2 made to behave as EC2 does, where a failover would notice the difference.

Moto is not written for this: it answers calls so that programs run, and leaves out what those
programs are not about. Each rule is one small function; each has a test that shows EC2's
behaviour, and one that shows that plain moto still differs, so that an upgrade of moto which
changes it is noticed.
"""

from __future__ import annotations

import threading

from cloudfail.lab.cloud.aws.corrections import (
    filters,
    images,
    ipv6,
    names,
    private_ips,
    public_ips,
    routes,
    security_groups,
    subnets,
    termination,
)
from cloudfail.lab.cloud.aws.corrections.rule import RULES, Rule

__all__ = ["RULES", "Rule", "install"]

_PARTS = (
    *(filters, images, names, public_ips, private_ips, ipv6),
    *(routes, security_groups, subnets, termination),
)
_lock = threading.Lock()
_installed: list[bool] = []


def install() -> None:
    """Correct moto's classes, once in this process."""
    with _lock:
        if _installed:
            return
        for part in _PARTS:
            part.install()
        _installed.append(True)
