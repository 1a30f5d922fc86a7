"""Who becomes master: state, priority, preemption, router ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from cloudfail.keepalived.lint.node import NodeConf
from cloudfail.keepalived.lint.rule import ERROR, INFO, FileRule, Hit
from cloudfail.keepalived.lint.view import VrrpInstance, seconds_of
from cloudfail.keepalived.lint.weights import counting
from cloudfail.keepalived.version import Version

_OWNER = 255
# With unicast peers; 2.3.3 mends the crashes that came with it.
_MAY_LACK_INTERFACE = Version(2, 3, 3)
_STATES = frozenset({"MASTER", "BACKUP"})


def _master(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.state != "MASTER":
            continue
        for keyword in ("nopreempt", "preempt_delay"):
            if instance.has(keyword) and seconds_of(instance.text(keyword)) != 0:
                yield Hit(
                    instance.place_of(keyword),
                    f"{keyword} of {instance.name} is cleared, because of its state MASTER",
                )


def _owner(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.priority == _OWNER:
            yield Hit(instance.place_of("priority"), f"{instance.name} has priority 255")


def _preempts(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        waits = instance.has("nopreempt") or instance.has("preempt_delay")
        if not waits and not any(counting(conf, instance)):
            yield Hit(
                instance.place_of("state"),
                f"{instance.name} takes the role back when it returns: two moves instead of one",
            )


def _priority(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.priority is None or not 1 <= instance.priority <= _OWNER:
            written = instance.text("priority")
            yield Hit(instance.place_of("priority"), f'priority "{written}" is none: 100 is used')


def _vrid(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        written = instance.text("virtual_router_id")
        if instance.vrid is not None and 1 <= instance.vrid <= _OWNER:
            continue
        what = f'virtual_router_id "{written}" is none' if written else "no virtual_router_id"
        yield Hit(instance.place_of("virtual_router_id"), f"{instance.name}: {what}")


def _vrid_twice(conf: NodeConf, version: Version) -> Iterator[Hit]:
    """Unique per interface, family, and unicast or multicast; unicast ones by their peers."""
    del version
    seen: dict[tuple[object, ...], VrrpInstance] = {}
    for instance in conf.instances:
        own = (instance.vrid, instance.interface, instance.family)
        peers = [peer.address for peer in instance.peers if peer.address]
        keys = [(*own, peer) for peer in peers or (None,)]
        other = next((seen[key] for key in keys if key in seen), None)
        if other is not None and instance.vrid and other.name != instance.name:
            yield Hit(
                instance.place_of("virtual_router_id"),
                f"{other.name} and {instance.name} have virtual_router_id {instance.vrid} both",
            )
        seen.update(dict.fromkeys(keys, instance))


def _name_twice(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for keyword in ("vrrp_instance", "vrrp_sync_group", "vrrp_script"):
        seen: Counter[str] = Counter()
        for block in conf.tree.find(keyword):
            seen[block.value] += 1
            if seen[block.value] == 2:  # noqa: PLR2004 - say it once
                yield Hit(block.place, f'{keyword} "{block.value}" is there already')


def _interface(conf: NodeConf, version: Version) -> Iterator[Hit]:
    for instance in conf.instances:
        if instance.interface == "lo":
            yield Hit(instance.place_of("interface"), f"{instance.name} cannot use lo")
        if instance.interface or conf.has_global("default_interface"):
            continue
        if instance.is_unicast and version >= _MAY_LACK_INTERFACE:
            continue
        yield Hit(instance.place, f"{instance.name} has no interface")


def _state(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        if instance.state and instance.state not in _STATES:
            yield Hit(instance.place_of("state"), f'state "{instance.state}" is none')


def _both(conf: NodeConf, version: Version) -> Iterator[Hit]:
    del version
    for instance in conf.instances:
        delay = seconds_of(instance.text("preempt_delay", "0"))
        if instance.has("nopreempt") and delay != 0:
            yield Hit(
                instance.place_of("preempt_delay"),
                f"preempt_delay of {instance.name} is reset: it has nopreempt too",
            )


def _instance(*lines: str) -> str:
    return "\n  ".join(("vrrp_instance VI_1 {", *lines)) + "\n}\n"


RULES = (
    FileRule(
        code="KA012",
        title="State MASTER with nopreempt or preempt_delay",
        severity=ERROR,
        why="Both need `state BACKUP`. With MASTER keepalived warns, clears them (`-t` exits 5) and the "
        "node preempts: each restart moves everything twice, after 0.6 s and again 3.4 s later.",
        remedy="write state BACKUP on every node; the priority decides who starts as master",
        example=_instance("state MASTER", "nopreempt"),
        repaired=_instance("state BACKUP", "nopreempt"),
        check=_master,
    ),
    FileRule(
        code="KA013",
        title="Priority 255",
        severity=ERROR,
        why="255 is the owner of the address: no tracker can lower it, nopreempt is reset, and with "
        "state MASTER it becomes master at once, without listening first.",
        remedy="use 254 or less",
        example=_instance("priority 255"),
        repaired=_instance("priority 254"),
        check=_owner,
    ),
    FileRule(
        code="KA014",
        title="No nopreempt",
        severity=INFO,
        why="A restart of the master moves everything twice (after 0.6 s, and back 3.4 s later), with "
        "nopreempt once. In a cloud each move is API calls and broken connections. Where trackers have weights, "
        "nopreempt would keep them from handing over.",
        remedy="add nopreempt on every node, or a preempt_delay",
        example=_instance("state BACKUP"),
        repaired=_instance("state BACKUP", "nopreempt"),
        check=_preempts,
    ),
    FileRule(
        code="KA015",
        title="A priority that is none",
        severity=ERROR,
        why="`Priority not valid! must be between 1 & 255. Using default 100`: on two nodes the "
        "priorities are then equal.",
        remedy="write a number from 1 to 254, another one on each node",
        example=_instance("priority 256"),
        repaired=_instance("priority 150"),
        check=_priority,
    ),
    FileRule(
        code="KA016",
        title="No virtual_router_id",
        severity=ERROR,
        why="It is a decimal number from 1 to 255. `the virtual router id must be set`: `-t` exits 5, and "
        "keepalived itself ends with `permanent error CONFIG` and 2, other instances or not.",
        remedy="write a number from 1 to 255, the same on all nodes",
        example=_instance("virtual_router_id 256"),
        repaired=_instance("virtual_router_id 51"),
        check=_vrid,
    ),
    FileRule(
        code="KA017",
        title="A virtual_router_id twice on an interface",
        severity=ERROR,
        why="It has to be unique per interface and family, unless the peers differ: `duplicate VRID "
        "conflict`, and keepalived exits with 2.",
        remedy="give one of them another number, on all nodes",
        example=_instance("interface eth0", "virtual_router_id 51")
        + _instance("interface eth0", "virtual_router_id 51").replace("VI_1", "VI_2"),
        repaired=_instance("interface eth0", "virtual_router_id 51")
        + _instance("interface eth0", "virtual_router_id 52").replace("VI_1", "VI_2"),
        check=_vrid_twice,
    ),
    FileRule(
        code="KA018",
        title="A name twice",
        severity=ERROR,
        why="keepalived ignores the second block: `vrrp instance VI_1 already defined`, `-t` exits 5. "
        "Often it is an included file that a pattern reads once more, like a backup of it.",
        remedy="give it another name, or delete one",
        example=_instance() + _instance(),
        repaired=_instance() + _instance().replace("VI_1", "VI_2"),
        check=_name_twice,
    ),
    FileRule(
        code="KA019",
        title="No interface, or lo",
        severity=ERROR,
        why="`(VI_1) Unknown interface!`: `-t` exits 5, and keepalived itself ends with `permanent error "
        "CONFIG` and 2 (measured with 2.2.7, also with unicast addresses). The same for lo: `cannot use a "
        "loopback interface`.",
        remedy="add interface with the device that has the node's own address",
        example=_instance("state BACKUP"),
        repaired=_instance("interface eth0"),
        check=_interface,
    ),
    FileRule(
        code="KA020",
        title="A state that is none",
        severity=ERROR,
        why="`unknown state 'PRIMARY', defaulting to BACKUP`; `-t` exits 5. keepalived knows MASTER and "
        "BACKUP, in capitals.",
        remedy="write state BACKUP",
        example=_instance("state PRIMARY"),
        repaired=_instance("state BACKUP"),
        check=_state,
    ),
    FileRule(
        code="KA021",
        title="nopreempt and preempt_delay",
        severity=ERROR,
        why="`preempt_delay is incompatible with nopreempt mode - resetting`; `-t` exits 5.",
        remedy="leave one of them out",
        example=_instance("nopreempt", "preempt_delay 60"),
        repaired=_instance("nopreempt"),
        check=_both,
    ),
)
