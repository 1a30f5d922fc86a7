"""Trackers and sync groups."""

from __future__ import annotations

from collections.abc import Iterator

from cloudfail.keepalived.lint.groups import members_of, without_weights
from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, WARNING, FileRule, Hit
from cloudfail.keepalived.lint.weights import counting, tracked, weighted
from cloudfail.keepalived.version import Version

_DEFINED_BY = {
    "track_script": ("vrrp_script",),
    "track_file": ("vrrp_track_file", "track_file"),
    "track_process": ("vrrp_track_process",),
}
_FEWEST = 2


def _undefined(conf: NodeConf, version: Version) -> Iterator[Hit]:
    """The file is read from top to bottom: what is defined below is not found."""
    del version
    known: dict[str, set[str]] = {keyword: set() for keyword in _DEFINED_BY}
    for block in conf.tree.statements:
        for keyword, by in _DEFINED_BY.items():
            if block.keyword in by and block.is_block:
                known[keyword].add(block.value)
        if block.keyword not in ("vrrp_instance", "vrrp_sync_group"):
            continue
        for keyword, names in known.items():
            for line in tracked(block, keyword):
                if line.keyword not in names:
                    yield Hit(line.place, _where(conf, keyword, line.keyword))


def _where(conf: NodeConf, keyword: str, name: str) -> str:
    blocks = (one for by in _DEFINED_BY[keyword] for one in conf.tree.find(by))
    if any(one.value == name for one in blocks):
        return f'{keyword} "{name}" is defined further down, too late for keepalived'
    return f'{keyword} "{name}" is not defined'


def _weighted(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    grouped = without_weights(conf)
    for instance in conf.instances:
        if instance.name in grouped:
            for one in weighted(conf, instance):
                yield Hit(one.place, f'the weight of "{one.name}" is ignored in a sync group')


def _held(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.has("nopreempt") and instance.state != "MASTER":
            for one in counting(conf, instance):
                yield Hit(
                    one.place,
                    f'the weight of "{one.name}" moves nothing where the others have nopreempt too',
                )


def _no_members(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    known = {one.name for one in conf.instances}
    taken: set[str] = set()
    for group in conf.sync_groups:
        members = members_of(group)
        for name in members:
            if name not in known:
                yield Hit(
                    group.place, f'{group.value} has the member "{name}", which is no instance'
                )
            elif name in taken:
                yield Hit(group.place, f'"{name}" of {group.value} is in another group already')
        taken.update(members)
        if len(known.intersection(members)) < _FEWEST:
            yield Hit(group.place, f"{group.value} has fewer than two instances")


def _processes(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for block in conf.track_processes:
        yield Hit(block.place, f"{block.value} needs a kernel with PROC_EVENTS")


def _unused(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    blocks = [*(one.statement for one in conf.instances), *conf.sync_groups]
    used = {line.keyword for block in blocks for line in tracked(block, "track_script")}
    for script in conf.scripts:
        if script.value not in used:
            yield Hit(script.place, f'nobody tracks the script "{script.value}"')


def _no_script(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for script in conf.scripts:
        if not script.has("script"):
            yield Hit(script.place, f"{script.value} has no script, and is removed")


def _own_interface(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        for line in tracked(instance.statement, "track_interface"):
            if line.keyword == instance.interface:
                yield Hit(line.place, f"{instance.name} tracks its own interface {line.keyword}")


def _instance(*lines: str) -> str:
    return "\n  ".join(("vrrp_instance VI_1 {", *lines)) + "\n}\n"


_SCRIPT = 'vrrp_script web {\n  script "/usr/bin/pgrep -x nginx"\n}\n'
_TRACK = _instance("track_script {", "  web", "}")
_WEIGHT = _instance("track_interface {", "  eth1 weight -60", "}")
_GROUP = "vrrp_sync_group G {\n  group {\n    VI_1\n    VI_2\n  }\n}\n"
_SECOND = "vrrp_instance VI_2 {\n}\n"

RULES = (
    FileRule(
        code="KA081",
        title="Something tracked that is not defined",
        severity=ERROR,
        why="keepalived reads its file from top to bottom: a vrrp_script, track file or process has to "
        "stand above the instance that tracks it. Otherwise `track script web not found, ignoring...`, "
        "`-t` exits 5, and the instance never fails.",
        remedy="move the definition above all vrrp_instance and vrrp_sync_group blocks",
        example=_TRACK + _SCRIPT,
        repaired=_SCRIPT + _TRACK,
        check=_undefined,
    ),
    FileRule(
        code="KA082",
        title="Weights in a sync group",
        severity=ERROR,
        why="`ignoring tracked script web with weights due to SYNC group`, `-t` exits 5: the tracker has "
        "no effect at all. Without a weight a failure is a FAULT, and the peer is master after 0.6 s "
        "instead of 3 s.",
        remedy="leave the weight out",
        example=_WEIGHT + _SECOND + _GROUP,
        repaired=_WEIGHT.replace(" weight -60", "") + _SECOND + _GROUP,
        check=_weighted,
    ),
    FileRule(
        code="KA083",
        title="A sync group without its members",
        severity=ERROR,
        why="`Virtual router VI_2 specified in sync group G doesn't exist - ignoring`, `-t` exits 5; an "
        "instance can be in one group only; a group of one does nothing.",
        remedy="correct the names; an instance alone needs no group",
        example=_instance() + _GROUP,
        repaired=_instance() + _SECOND + _GROUP,
        check=_no_members,
    ),
    FileRule(
        code="KA084",
        title="track_process",
        severity=INFO,
        why="It listens to the kernel's process events. Without CONFIG_PROC_EVENTS, as in some containers "
        "and small kernels, keepalived says `Failed to set/clear process event listen`, and FAULT follows.",
        remedy="try it on the machine itself, or track `pgrep -x` with a vrrp_script",
        example='vrrp_track_process web {\n  process "nginx"\n}\n',
        repaired=_SCRIPT,
        check=_processes,
    ),
    FileRule(
        code="KA085",
        title="A script that nobody tracks",
        severity=INFO,
        why="keepalived leaves it out without a word: nothing is checked.",
        remedy="add it to track_script of an instance, or delete it",
        example=_SCRIPT,
        repaired=_SCRIPT + _TRACK,
        check=_unused,
    ),
    FileRule(
        code="KA086",
        title="A vrrp_script without a script",
        severity=ERROR,
        why="`No script set for vrrp_script web - removing`, `-t` exits 5: nothing is checked.",
        remedy='add script "/path/to/check arguments"',
        example="vrrp_script web {\n  interval 2\n}\n",
        repaired=_SCRIPT,
        check=_no_script,
    ),
    FileRule(
        code="KA087",
        title="An instance that tracks its own interface",
        severity=WARNING,
        why="It always does: `Ignoring track_interface eth0 since own interface`, `-t` exits 5. A weight "
        "there has no effect: when the link is down, it is a FAULT.",
        remedy="take the line out",
        example=_instance("interface eth0", "track_interface {", "  eth0", "}"),
        repaired=_instance("interface eth0", "track_interface {", "  eth1", "}"),
        check=_own_interface,
    ),
    FileRule(
        code="KA088",
        title="Weights together with nopreempt",
        severity=WARNING,
        why="A backup with nopreempt leaves a master alone whose priority fell below its own: the broken "
        "node stays master (measured with 2.2.7).",
        remedy="leave the weight out, which makes it a FAULT and hands over in 0.6 s; or nopreempt",
        example=_instance("nopreempt", "track_interface {", "  eth1 weight -60", "}"),
        repaired=_instance("nopreempt", "track_interface {", "  eth1", "}"),
        check=_held,
    ),
)
