"""Intervals, hop limits, and what is not checked of an advert."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.view import Peer, VrrpInstance, number_of
from cloudfail.keepalived.version import Version

_RANGES = {2: (1.0, 255.0), 3: (0.01, 40.95)}
_FAST = 0.5
_IPV6 = 6
_IPV6_HOPS = 64  # the kernel's default, which keepalived does not change
_FREE_VIPS = Version(2, 3, 3)


def _fraction(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        seconds = instance.advert_int
        if instance.version == 2 and seconds and not seconds.is_integer():  # noqa: PLR2004
            written = instance.text("advert_int")
            yield Hit(
                instance.place_of("advert_int"),
                f"advert_int {written} of {instance.name} is rounded: VRRP version 2 has whole seconds",
            )


def _range(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        low, high = _RANGES[instance.version]
        seconds = instance.advert_int
        is_rounded = instance.version == 2 and seconds is not None and 0 < seconds < low  # noqa: PLR2004
        if is_rounded or (seconds is not None and low <= seconds <= high):
            continue
        yield Hit(
            instance.place_of("advert_int"),
            f'advert_int "{instance.text("advert_int")}" is not from {low:g} to {high:g} '
            f"(VRRP version {instance.version})",
        )


def _too_fast(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.version == 3 and 0 < (instance.advert_int or 1) < _FAST:  # noqa: PLR2004
            yield Hit(
                instance.place_of("advert_int"),
                f"{instance.name} calls a node dead after {3 * (instance.advert_int or 1):.3g} s",
            )


def _hops(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        sent = number_of(instance.text("unicast_ttl", str(_IPV6_HOPS)))
        for peer in instance.peers:
            least = _least_hops(peer)
            if instance.family == _IPV6 and sent is not None and least > sent:
                yield Hit(
                    peer.place,
                    f"min_ttl {least}, but this side sends with {sent}, and so does its copy",
                )


def _least_hops(peer: Peer) -> int:
    words = (*peer.options, "")
    if "min_ttl" not in words:
        return 0
    return number_of(words[words.index("min_ttl") + 1]) or 0


def _skipped(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for line in conf.globals_of("vrrp_skip_check_adv_addr"):
        if conf.is_global_on("vrrp_skip_check_adv_addr") or version < Version(2, 3):
            yield Hit(line.place, f"vrrp_skip_check_adv_addr{_also(version)}")
    for instance in conf.instances:
        if instance.is_on("skip_check_adv_addr"):
            yield Hit(
                instance.place_of("skip_check_adv_addr"), f"skip_check_adv_addr{_also(version)}"
            )


def _also(version: Version) -> str:
    if version < _FREE_VIPS:
        return " leaves out the check of addresses, and of who sent the advert"
    return " leaves out the check of addresses"


def _one_advert(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        adverts = number_of(_down_adverts(conf, instance))
        if adverts == 1:
            yield Hit(
                instance.place_of("down_timer_adverts"),
                f"{instance.name} takes over after one lost advert",
            )


def _down_adverts(conf: NodeConf, instance: VrrpInstance) -> str:
    return instance.text("down_timer_adverts") or conf.global_text("vrrp_down_timer_adverts", "3")


def _v3(*lines: str) -> str:
    return "\n  ".join(("vrrp_instance VI_1 {", "version 3", *lines)) + "\n}\n"


def _peer(options: str, ttl: str = "") -> str:
    return f"vrrp_instance VI_1 {{\n{ttl}  unicast_peer {{\n    fd00::12{options}\n  }}\n}}\n"


RULES = (
    FileRule(
        code="KA022",
        title="A fraction of a second in version 2",
        severity=ERROR,
        why="VRRP version 2 has whole seconds only: `advert_int 0.1` becomes 1 s (`-t` exits 5), and a "
        "failover that was meant to take 0.3 s takes 2.7 to 3.2 s.",
        remedy="write vrrp_version 3 into global_defs on all nodes, or whole seconds",
        example="vrrp_instance VI_1 {\n  advert_int 0.5\n}\n",
        repaired=_v3("advert_int 0.5"),
        check=_fraction,
    ),
    FileRule(
        code="KA023",
        title="advert_int out of range",
        severity=ERROR,
        why="Version 2 takes 1 to 255 s, version 3 takes 0.01 to 40.95 s; anything else is ignored or "
        "cut (`-t` exits 5), and the nodes differ.",
        remedy="write advert_int 1, the same on all nodes",
        example=_v3("advert_int 60"),
        repaired=_v3("advert_int 1"),
        check=_range,
    ),
    FileRule(
        code="KA024",
        title="An advert_int too short for a cloud",
        severity=WARNING,
        why="The API calls that follow take longer than anything gained below 0.5 s, and a host that "
        "steals the CPU for longer than three intervals makes two masters. With 0.01 and three nodes, "
        "both backups became master in 2 of 6 kills.",
        remedy="write 0.5 to 1",
        example=_v3("advert_int 0.1"),
        repaired=_v3("advert_int 0.5"),
        check=_too_fast,
    ),
    FileRule(
        code="KA025",
        title="min_ttl above the hop limit that is sent",
        severity=ERROR,
        why="IPv6 unicast adverts leave with the kernel's hop limit of 64, not 255: `TTL/HL 64 not in "
        "range 255 - 255` drops each one, and both nodes are master.",
        remedy="add unicast_ttl 255 on all nodes",
        example=_peer(" min_ttl 255"),
        repaired=_peer(" min_ttl 255", ttl="  unicast_ttl 255\n"),
        check=_hops,
    ),
    FileRule(
        code="KA026",
        title="skip_check_adv_addr",
        severity=WARNING,
        why="It skips the comparison of addresses with a master that has been checked once. Before 2.3.3 "
        "vrrp_check_unicast_src is skipped with it, and the argument `false` of the global one counts only "
        "from 2.3.0 on.",
        remedy="take the line out",
        example="global_defs {\n  vrrp_skip_check_adv_addr\n}\n",
        repaired="global_defs {\n  vrrp_check_unicast_src\n}\n",
        check=_skipped,
    ),
    FileRule(
        code="KA027",
        title="One lost advert is a failover",
        severity=WARNING,
        why="down_timer_adverts 1 halves the time (0.63 to 1.49 s at advert_int 1), but a single lost "
        "packet makes a second master.",
        remedy="leave it at 3, the same on all nodes",
        example="vrrp_instance VI_1 {\n  down_timer_adverts 1\n}\n",
        repaired="vrrp_instance VI_1 {\n  down_timer_adverts 3\n}\n",
        check=_one_advert,
    ),
)
