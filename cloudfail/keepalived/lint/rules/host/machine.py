"""The machine's network: its devices and addresses."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

from cloudfail import identity
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, Hit, HostRule
from cloudfail.keepalived.lint.view import VrrpInstance
from cloudfail.keepalived.syntax import Place
from cloudfail.keepalived.version import Version

_MACHINE = Path("/")


def _devices(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    del version
    there = _devices_of(root)
    if not there or conf.is_global_on("dynamic_interfaces"):
        return
    made = {word for one in conf.instances for line in one.all("use_vmac") for word in line.args}
    for instance in conf.instances:
        for name, place in _named(instance):
            if name and name not in there | made:
                yield Hit(place, f'{instance.name}: there is no device "{name}" here')


def _named(instance: VrrpInstance) -> Iterator[tuple[str, Place]]:
    yield instance.interface, instance.place_of("interface")
    for address in (*instance.addresses, *instance.excluded):
        yield address.options.get("dev", ""), address.place
    for block in instance.all("track_interface"):
        for line in block.children or ():
            yield line.keyword, line.place


def _devices_of(root: Path) -> frozenset[str]:
    """Return the names; empty where the tree beneath `root` does not say."""
    if root == _MACHINE:
        return frozenset(name for _, name in socket.if_nameindex())
    try:
        return frozenset(path.name for path in (root / "sys/class/net").iterdir())
    except OSError:
        return frozenset()


def _sources(conf: NodeConf, version: Version, root: Path) -> Iterator[Hit]:
    """A file with conditions is for several machines: it has the addresses of all."""
    del version
    if root != _MACHINE or conf.config_id is not None:
        return
    local = identity.local_addresses()
    for instance in conf.instances:
        source = instance.source
        if source is not None and source not in local and not source.is_link_local:
            yield Hit(
                instance.place_of("unicast_src_ip"), f"{source} is no address of this machine"
            )


RULES = (
    HostRule(
        code="KA212",
        title="A device that is not there",
        severity=ERROR,
        why="`Non-existent interface specified in configuration`, and keepalived ends with `permanent error "
        "CONFIG` (measured with 2.2.7): for the device of an instance, of an address and of "
        "track_interface alike.",
        remedy="write the device's name as `ip link` prints it, or set dynamic_interfaces for one that "
        "comes later",
        example="vrrp_instance VI_1 {\n  interface eth9\n}\n",
        check=_devices,
    ),
    HostRule(
        code="KA213",
        title="unicast_src_ip is not this machine's",
        severity=ERROR,
        why="`bind unicast_src 10.99.0.77 failed 99 - Cannot assign requested address`: FAULT, in 2.2.7 for "
        "ever, also when the address comes later. From 2.3.3 on keepalived binds all the same, and adverts "
        "leave from an address at which nobody reaches this node.",
        remedy="write this node's own address; in a file for several nodes, one per node by `@` conditions",
        example="vrrp_instance VI_1 {\n  unicast_src_ip 192.0.2.77\n}\n",
        check=_sources,
    ),
)
