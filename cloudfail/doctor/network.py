"""The node's own address and devices, as VRRP needs them."""

from __future__ import annotations

import fcntl
import socket
import struct

from cloudfail import identity
from cloudfail.doctor.check import Case, Checks, failed, ok, warning

# linux/sockios.h, linux/if.h
_SIOCGIFFLAGS = 0x8913
_IFREQ = struct.Struct("@16sh22x")
_UP, _RUNNING = 0x1, 0x40


def check_address(case: Case) -> Checks:
    """Look for the unicast source address and its device."""
    if not case.instance.nodes:
        yield warning(
            "nodes",
            "none are configured: everybody who holds a claim counts as a peer",
            f"add [[instance.{case.instance.name}.node]] tables, this node included",
        )
    elif case.me is not None and case.me.address in identity.local_addresses():
        text = f"this is node {case.me.name}, and {case.me.address} is local"
        yield ok("unicast address", text)
    elif case.me is not None:
        yield failed(
            "unicast address",
            f"{case.me.address} of node {case.me.name} is not an address of this machine; keepalived "
            "before 2.3.3 stays in FAULT until it is restarted",
            "give the device that address, or correct the node's",
        )
    yield from _check_device(case)


def check_devices(case: Case) -> Checks:
    """Look for the devices that the instance tracks: one that is not there means FAULT."""
    there = _devices()
    for tracked in case.instance.vrrp.track_interface:
        subject = f"track_interface {tracked.name}"
        if tracked.name not in there:
            remedy = f"correct it; there are {', '.join(sorted(there))}"
            yield failed(subject, "is not here: the instance is in FAULT", remedy)
        elif reason := _down(tracked.name):
            yield failed(subject, reason, f"ip link set {tracked.name} up, or plug it in")


def _check_device(case: Case) -> Checks:
    there, device = _devices(), case.device
    if not device:
        problem = "no interface is configured, and no one device has the unicast address"
        yield warning("device", problem, "name it: interface = ...")
    elif device not in there:
        remedy = f"correct interface; there are {', '.join(sorted(there))}"
        yield failed("device", f"{device} is not here", remedy)
    elif reason := _down(device):
        remedy = f"ip link set {device} up, or plug it in"
        yield failed("device", f"{device} {reason}: keepalived is in FAULT", remedy)
    else:
        yield ok("device", f"{device} is up")


def _devices() -> frozenset[str]:
    return frozenset(name for _, name in socket.if_nameindex())


def _down(device: str) -> str:
    """Say why no packet leaves: administratively down, or no carrier (netdevice(7)); else nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        asked = _IFREQ.pack(device.encode(), 0)
        flags = _IFREQ.unpack(fcntl.ioctl(any_socket, _SIOCGIFFLAGS, asked))[1]
    if not flags & _UP:
        return "is down"
    return "" if flags & _RUNNING else "has no carrier"
