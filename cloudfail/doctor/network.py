"""The node's own address and devices, as VRRP needs them."""

from __future__ import annotations

import socket

from cloudfail import identity
from cloudfail.doctor.check import Case, Checks, failed, ok, warning


def check_address(case: Case) -> Checks:
    """Look for the unicast source address and its device."""
    name = case.instance.name
    if case.me is None:
        yield warning(
            f"{name}: nodes",
            "none are configured: everybody who holds a claim counts as a peer",
            f"add [[instance.{name}.node]] tables, this node included",
        )
        return
    subject = f"{name}: unicast address"
    if case.me.address in identity.local_addresses():
        yield ok(subject, f"this is node {case.me.name}, and {case.me.address} is local")
    else:
        yield failed(
            subject,
            f"{case.me.address} of node {case.me.name} is not an address of this machine; keepalived "
            "before 2.3.3 stays in FAULT until it is restarted",
            "give the device that address, or correct the node's",
        )
    yield from _check_device(case, f"{name}: device")


def check_devices(case: Case) -> Checks:
    """Look for the devices that the instance tracks: one that is not there means FAULT."""
    there = _devices()
    for tracked in case.instance.vrrp.track_interface:
        if tracked.name not in there:
            yield failed(
                f"{case.instance.name}: track_interface",
                f"{tracked.name} is not here: the instance is in FAULT",
                f"correct it; there are {', '.join(sorted(there))}",
            )


def _check_device(case: Case, subject: str) -> Checks:
    there = _devices()
    if not case.device:
        yield warning(subject, "no interface is configured", "name it: interface = ...")
    elif case.device not in there:
        yield failed(
            subject,
            f"{case.device} is not here",
            f"correct interface; there are {', '.join(sorted(there))}",
        )
    else:
        yield ok(subject, f"{case.device} is here")


def _devices() -> frozenset[str]:
    return frozenset(name for _, name in socket.if_nameindex())
