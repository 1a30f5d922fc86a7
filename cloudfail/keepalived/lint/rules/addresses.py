"""Virtual addresses and the devices that they sit on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Network, IPv6Address, IPv6Network

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.view import VirtualAddress, VrrpInstance
from cloudfail.keepalived.options import entry_word, knows
from cloudfail.keepalived.version import Version

_DOCUMENTATION = IPv6Network("2001:db8::/32")
_UNUSED = IPv4Network("192.0.2.0/24")
_NONE = "no_virtual_ipaddress"
_ADD_ONE = (
    "add an address (192.0.2.51/32 dev lo where there is none to move), or from 2.2.8 on "
    "no_virtual_ipaddress"
)


def _all(instance: VrrpInstance) -> tuple[VirtualAddress, ...]:
    return (*instance.addresses, *instance.excluded)


def _hijack(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        for one in _all(instance):
            if _has_vmac(instance, one) and _brings_route(one):
                yield Hit(one.place, f"{one.text} takes the whole subnet over to the vmac's device")


def _on_link(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        for one in _all(instance):
            hijacks = _has_vmac(instance, one) and _brings_route(one)
            if not (one.is_host or hijacks or _is_link_local(one)):
                yield Hit(one.place, f"{one.text} has the prefix of a subnet")


def _has_vmac(instance: VrrpInstance, one: VirtualAddress) -> bool:
    """Whether it sits on the vmac's device: 2.2.7 puts it there with `dev eth0` too, not with lo."""
    return one.options.get("dev") != "lo" and (instance.use_vmac or "use_vmac" in one.options)


def _brings_route(one: VirtualAddress) -> bool:
    return not (one.is_host or _is_link_local(one) or "noprefixroute" in one.options)


def _deprecated(conf: NodeConf, version: Version) -> Iterator[Hit]:
    known = entry_word("virtual_ipaddress", "preferred_lft")
    remedy = (
        "" if known and known.known_to(version) else "update keepalived: it is known from 2.0.20 on"
    )
    for instance in conf.instances:
        for one in _all(instance):
            if _is_used(one) and one.is_host and one.options.get("preferred_lft", "0") == "0":
                yield Hit(one.place, f"{one.address} comes out deprecated", remedy)


def _is_link_local(one: VirtualAddress) -> bool:
    """As routers have it for a gateway: its subnet is on every device anyway."""
    return isinstance(one.address, IPv6Address) and one.address.is_link_local


def _is_used(one: VirtualAddress) -> bool:
    """An IPv6 address, and none that only stands in on lo because VRRP wants one."""
    if not isinstance(one.address, IPv6Address) or one.address.is_link_local:
        return False
    return one.options.get("dev") != "lo" or one.address not in _DOCUMENTATION


def _mixed(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        for one in instance.addresses:
            if one.address is not None and not _is_of(instance, one):
                yield Hit(
                    one.place,
                    f"{one.address} is ignored: {instance.name} is of IPv{instance.family}",
                )


def _is_of(instance: VrrpInstance, one: VirtualAddress) -> bool:
    """Whether keepalived takes it into virtual_ipaddress, which has one family."""
    return one.address is not None and one.address.version == instance.family


def _is_empty(conf: NodeConf, version: Version, of: int) -> Iterator[VrrpInstance]:
    for instance in conf.instances:
        allowed = instance.has(_NONE) and knows(version, "vrrp_instance", _NONE)
        if (
            instance.version == of
            and not allowed
            and not any(_is_of(instance, one) for one in instance.addresses)
        ):
            yield instance


def _none_in_v3(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for instance in _is_empty(conf, version, 3):
        yield Hit(
            instance.place, f"{instance.name} has no virtual_ipaddress: keepalived exits with 2"
        )


def _none_in_v2(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for instance in _is_empty(conf, version, 2):
        yield Hit(instance.place, f"{instance.name} has no virtual_ipaddress")


def _no_address(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        for one in _all(instance):
            wrong = _wrong(one)
            if wrong:
                yield Hit(one.place, wrong)


def _wrong(one: VirtualAddress) -> str:
    if one.address is None:
        return f'"{one.text}" is no address, and skipped'
    prefix = one.text.partition("/")[2]
    if prefix and (not prefix.isdecimal() or one.prefix > one.address.max_prefixlen):
        return f"{one.text}: the prefix is none, and {one.address.max_prefixlen} is used"
    if prefix and "peer" in one.options:
        return f"{one.text} is ignored: no prefix together with peer"
    return ""


def _twice(conf: NodeConf, version: Version) -> Iterator[Hit]:
    """Twice on one device; an address on lo that stands in for none moves nothing."""
    del version
    seen: dict[tuple[object, str], str] = {}
    for instance in conf.instances:
        for one in (*filter(partial(_is_of, instance), instance.addresses), *instance.excluded):
            device = one.options.get("dev") or instance.interface
            if one.address is None or (device == "lo" and one.address in _UNUSED):
                continue
            first = seen.setdefault((one.address, device), instance.name)
            if first != instance.name:
                yield Hit(one.place, f"{one.address} belongs to {first} and to {instance.name}")


def _instance(*lines: str, block: str = "virtual_ipaddress", inside: str = "") -> str:
    written = "".join(f"  {line}\n" for line in lines)
    return f"vrrp_instance VI_1 {{\n{written}  {block} {{\n    {inside}\n  }}\n}}\n"


_IPV4 = ("unicast_src_ip 10.99.0.11", "unicast_peer {\n    10.99.0.12\n  }")

RULES = (
    FileRule(
        code="KA031",
        title="An on-link prefix together with use_vmac",
        severity=ERROR,
        why="The address brings a route to its whole subnet over the vmac's device. Measured, with eth0's "
        "own route at metric 100 as netplan writes it: all traffic of the subnet left with the virtual "
        "MAC address, which a cloud drops.",
        remedy="write /32, or /128 with preferred_lft forever",
        example=_instance("use_vmac", "vmac_xmit_base", inside="10.99.0.100/24"),
        repaired=_instance("use_vmac", "vmac_xmit_base", inside="10.99.0.100/32"),
        check=_hijack,
    ),
    FileRule(
        code="KA032",
        title="An on-link prefix",
        severity=WARNING,
        why="A virtual address with the subnet's prefix is a secondary of the node's own: where that one "
        "is removed, the virtual one goes with it; and where it comes first, it brings a second route.",
        remedy="write /32, or /128 with preferred_lft forever",
        example=_instance(inside="10.99.0.100/24"),
        repaired=_instance(inside="10.99.0.100/32"),
        check=_on_link,
    ),
    FileRule(
        code="KA033",
        title="An IPv6 address that is deprecated",
        severity=WARNING,
        why="keepalived sets a /128 with `preferred_lft 0sec`: the kernel calls it deprecated and never "
        "takes it as a source address. Same with 2.4.3.",
        remedy="add preferred_lft forever to the line",
        example=_instance(inside="fd00::100/128"),
        repaired=_instance(inside="fd00::100/128 preferred_lft forever"),
        check=_deprecated,
    ),
    FileRule(
        code="KA034",
        title="Two families in virtual_ipaddress",
        severity=ERROR,
        why="`address family must match VRRP instance ... - ignoring`, `-t` exits 5: the other family's "
        "addresses never come up.",
        remedy="put the other family into virtual_ipaddress_excluded",
        example=_instance(*_IPV4, inside="10.99.0.100/32\n    fd00::100/128 preferred_lft forever"),
        repaired=_instance(
            *_IPV4,
            inside="10.99.0.100/32\n  }\n  virtual_ipaddress_excluded {\n"
            "    fd00::100/128 preferred_lft forever",
        ),
        check=_mixed,
    ),
    FileRule(
        code="KA035",
        title="Version 3 without an address",
        severity=ERROR,
        why="`No VIP specified; at least one is required`: keepalived exits with 2. "
        "virtual_ipaddress_excluded does not count. From 2.2.8 on there is no_virtual_ipaddress.",
        remedy=_ADD_ONE,
        example="vrrp_instance VI_1 {\n  version 3\n}\n",
        repaired=_instance("version 3", inside="10.99.0.100/32"),
        check=_none_in_v3,
    ),
    FileRule(
        code="KA036",
        title="Version 2 without an address",
        severity=WARNING,
        why="`No VIP specified; at least one is sensible`, `-t` exits 5; it works. With version 3, and so "
        "with IPv6 as well, keepalived would exit.",
        remedy=_ADD_ONE,
        example="vrrp_instance VI_1 {\n  version 2\n}\n",
        repaired=_instance("version 2", inside="10.99.0.100/32"),
        check=_none_in_v2,
    ),
    FileRule(
        code="KA037",
        title="A virtual address that is none",
        severity=ERROR,
        why="`parsed invalid IP ... skipping`; a prefix that is too long is replaced; `ADDR/MASK peer X` is "
        "refused. keepalived runs on without it, and from then on the lists of two nodes may differ: "
        "before 2.3.3 that makes two masters.",
        remedy="write an address with /32 or /128",
        example=_instance(inside="vip.example.net"),
        repaired=_instance(inside="10.99.0.100/32"),
        check=_no_address,
    ),
    FileRule(
        code="KA038",
        title="A virtual address in two instances",
        severity=ERROR,
        why="`-t` exits 0. Measured with 2.2.7, both master: FAULT of one takes the address away, and the "
        "other stays MASTER without it; it is never told.",
        remedy="list it in one instance only",
        example=_instance(inside="10.99.0.100/32")
        + _instance(inside="10.99.0.100/32").replace("VI_1", "VI_2"),
        repaired=_instance(inside="10.99.0.100/32")
        + _instance(inside="10.99.0.101/32").replace("VI_1", "VI_2"),
        check=_twice,
    ),
)
