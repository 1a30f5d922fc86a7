"""Options that change what VRRP does, and noise."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.view import number_of
from cloudfail.keepalived.lint.wording import several
from cloudfail.keepalived.options import knows
from cloudfail.keepalived.version import Version

_READS_ARGUMENT = Version(2, 3)
_REAL_DELAY = Version(2, 4)


def _strict(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for line in conf.globals_of("vrrp_strict"):
        if conf.is_global_on("vrrp_strict"):
            yield Hit(line.place, "vrrp_strict")
        elif version < _READS_ARGUMENT:
            yield Hit(
                line.place,
                f"vrrp_strict {line.value} is strict: keepalived {version} does not read the argument",
                "take the line out",
            )
    for instance in conf.instances:
        if instance.is_on("strict_mode"):
            yield Hit(instance.place_of("strict_mode"), f"{instance.name} has strict_mode")


def _garp(conf: NodeConf, version: Version) -> Iterator[Hit]:
    if not knows(version, "global_defs", "vrrp_min_garp") or conf.is_global_on("vrrp_min_garp"):
        return
    default = conf.global_text("vrrp_garp_master_delay", "5")
    found = [
        one for one in conf.instances if number_of(one.text("garp_master_delay", default)) != 0
    ]
    if found:
        yield Hit(
            found[0].place, f"five gratuitous ARPs, twice, for each address of {several(found)}"
        )


def _no_garp(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    found = [*conf.globals_of("vrrp_garp_master_repeat")]
    for instance in conf.instances:
        found += instance.all("garp_master_repeat")
    for line in found:
        if number_of(line.value) == 0:
            yield Hit(line.place, f"{line.keyword} 0 becomes 1")


def _startup_delay(conf: NodeConf, version: Version) -> Iterator[Hit]:
    line = conf.get_global("vrrp_startup_delay")
    if line is not None and version < _REAL_DELAY:
        yield Hit(line.place, f"vrrp_startup_delay only lengthens the first wait in {version}")


def _bad_version(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    lines = [*conf.globals_of("vrrp_version")]
    for instance in conf.instances:
        lines += instance.all("version")
        written = number_of(instance.text("version"))
        if instance.family == 6 and written == 2:  # noqa: PLR2004
            yield Hit(instance.place_of("version"), f"{instance.name} has IPv6: version 3 is used")
    for line in lines:
        if line.value and line.value not in ("2", "3"):
            yield Hit(line.place, f"{line.keyword} {line.value} is none: 2 and 3 are")


def _nothing(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    if not any(one.is_block and one.keyword != "global_defs" for one in conf.tree.statements):
        yield Hit(conf.place, "there is no vrrp_instance in it")


RULES = (
    FileRule(
        code="KA055",
        title="vrrp_strict",
        severity=ERROR,
        why="Strict mode is meant to forbid unicast. 2.2.7 lets it run, with a firewall rule that drops "
        "whatever is sent to the virtual address; 2.4.0 rejects the configuration. It also refuses "
        "vrrp_higher_prio_send_advert. Up to 2.2.8 `vrrp_strict false` switches it on as well.",
        remedy="take the line out",
        example="global_defs {\n  vrrp_strict\n}\n",
        repaired="global_defs {\n  vrrp_version 3\n}\n",
        check=_strict,
    ),
    FileRule(
        code="KA057",
        title="Gratuitous ARP that a cloud ignores",
        severity=INFO,
        why="The fabric knows where an address is from the API alone. By default keepalived sends five for "
        "each address, and five more after 5 s.",
        remedy="add vrrp_min_garp true to global_defs",
        example="vrrp_instance VI_1 {\n}\n",
        repaired="global_defs {\n  vrrp_min_garp true\n}\nvrrp_instance VI_1 {\n}\n",
        check=_garp,
    ),
    FileRule(
        code="KA058",
        title="Gratuitous ARP cannot be switched off",
        severity=WARNING,
        why="`must be greater than 0, setting to 1`, `-t` exits 5.",
        remedy="write vrrp_min_garp true: one for each address is the least",
        example="global_defs {\n  vrrp_garp_master_repeat 0\n}\n",
        repaired="global_defs {\n  vrrp_min_garp true\n}\n",
        check=_no_garp,
    ),
    FileRule(
        code="KA059",
        title="vrrp_startup_delay before 2.4.0",
        severity=INFO,
        why="2.2.7 is BACKUP at once, and only waits longer for a master (with a delay of 4 s it was master "
        "after 7.44 s). A reload within the delay made it ignore all adverts before 2.3.3.",
        remedy="let systemd start keepalived after what it waits for",
        example="global_defs {\n  vrrp_startup_delay 10\n}\n",
        repaired="global_defs {\n  vrrp_version 3\n}\n",
        check=_startup_delay,
    ),
    FileRule(
        code="KA060",
        title="A VRRP version that is none",
        severity=ERROR,
        why="`VRRP Error: Version must be either 2 or 3`, `-t` exits 5, and version 2 is used; IPv6 has "
        "version 3 only. Two versions are two masters: `wrong version. Received 2 and expect 3`.",
        remedy="write vrrp_version 3 into global_defs, on all nodes",
        example="global_defs {\n  vrrp_version 4\n}\n",
        repaired="global_defs {\n  vrrp_version 3\n}\n",
        check=_bad_version,
    ),
    FileRule(
        code="KA090",
        title="Nothing to run",
        severity=WARNING,
        why="keepalived starts with an empty file, and with one that is missing, and does nothing: `-t` "
        "exits 0 for both.",
        remedy="look whether it is the right file, and whether its includes are found",
        example="global_defs {\n  router_id a\n}\n",
        repaired="vrrp_instance VI_1 {\n}\n",
        check=_nothing,
    ),
)
