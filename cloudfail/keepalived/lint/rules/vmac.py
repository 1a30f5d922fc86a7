"""use_vmac."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import INFO, WARNING, FileRule, Hit
from cloudfail.keepalived.version import Version


def _no_xmit_base(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.use_vmac and not instance.has("vmac_xmit_base"):
            yield Hit(instance.place_of("use_vmac"), f"{instance.name} has no vmac_xmit_base")


def _alone(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.has("vmac_xmit_base") and not instance.use_vmac:
            yield Hit(
                instance.place_of("vmac_xmit_base"),
                f"vmac_xmit_base of {instance.name} has no use_vmac",
            )


def _on_vmac(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        for one in (*instance.addresses, *instance.excluded):
            if instance.use_vmac and one.address is not None and one.options.get("dev") != "lo":
                yield Hit(one.place, f"{one.address} is announced with the virtual MAC address")


RULES = (
    FileRule(
        code="KA041",
        title="use_vmac without vmac_xmit_base",
        severity=WARNING,
        why="Adverts would leave with the virtual MAC address, which a cloud drops. With unicast keepalived "
        "says `unicast with use_vmac requires vmac_xmit_base - setting` and goes on (`-t` exits 5).",
        remedy="add vmac_xmit_base",
        example="vrrp_instance VI_1 {\n  use_vmac\n}\n",
        repaired="vrrp_instance VI_1 {\n  use_vmac\n  vmac_xmit_base\n}\n",
        check=_no_xmit_base,
    ),
    FileRule(
        code="KA042",
        title="vmac_xmit_base without use_vmac",
        severity=WARNING,
        why="It has nothing to act on; `-t` exits 5.",
        remedy="add use_vmac, or leave it out",
        example="vrrp_instance VI_1 {\n  vmac_xmit_base\n}\n",
        repaired="vrrp_instance VI_1 {\n  use_vmac\n  vmac_xmit_base\n}\n",
        check=_alone,
    ),
    FileRule(
        code="KA043",
        title="An address on the vmac's device",
        severity=INFO,
        why="2.2.7 puts it there with `dev eth0` too, and its gratuitous ARPs and neighbour advertisements "
        "leave with the virtual MAC address, which a cloud drops or reports. With dev lo not one does.",
        remedy="write dev lo after the address, or leave use_vmac out",
        example="vrrp_instance VI_1 {\n  use_vmac\n  vmac_xmit_base\n  virtual_ipaddress {\n"
        "    10.99.0.100/32\n  }\n}\n",
        repaired="vrrp_instance VI_1 {\n  use_vmac\n  vmac_xmit_base\n  virtual_ipaddress {\n"
        "    10.99.0.100/32 dev lo\n  }\n}\n",
        check=_on_vmac,
    ),
)
