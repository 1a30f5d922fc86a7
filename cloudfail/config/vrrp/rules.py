"""What no single table shows on keepalived's side: instances against what they track and share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from msgspec.structs import replace

from cloudfail.config.model import Instance
from cloudfail.config.problems import Problems, suggest
from cloudfail.config.vrrp import text
from cloudfail.config.vrrp.model import Keepalived, Tracked

_SLOWEST_V3 = 40.95  # seconds: 12 bits of centiseconds (RFC 5798, 5.2.7)
_SLOWEST_V2 = 255
_CENTI = 100
_ROUNDING = 1e-6  # of a float: 0.29 * 100 is 28.999999999999996


def check_vrrp(
    instances: Mapping[str, Instance], keepalived: Keepalived, problems: Problems
) -> None:
    """Add what stands between the instances, [keepalived] and the tables they refer to."""
    for name, instance in instances.items():
        key = f"instance.{name}"
        _check_names(instance, key, problems)
        _check_own_addresses(instance, key, problems)
        _check_include(instance, keepalived, key, problems)
        _check_advert_int(instance, keepalived, key, problems)
        _check_authentication(instance, keepalived, key, problems)
        _check_references(instance, keepalived, key, problems)
    _check_services(instances, problems)
    _check_groups(instances, keepalived, problems)


def settle_preemption(
    instance: Instance, keepalived: Keepalived, problems: Problems, *, is_written: bool
) -> Instance:
    """Return the instance without nopreempt where weights are to hand over.

    A backup with nopreempt leaves a master alone whose priority fell below its own: the broken
    node stays master (measured with 2.2.7). Where nopreempt is written, that is a problem.
    """
    if not (instance.vrrp.nopreempt and _has_weights(instance, keepalived)):
        return instance
    if is_written:
        problems.add(
            f"instance.{instance.name}.nopreempt",
            "makes the weights of what is tracked have no effect: a master whose priority falls "
            "stays master",
            "remove it, or use weight 0, which is a FAULT and hands over at once",
        )
        return instance
    return replace(instance, vrrp=replace(instance.vrrp, nopreempt=False))


def _check_names(instance: Instance, key: str, problems: Problems) -> None:
    """Names that runs never write into a file, but the generator does."""
    named = [(key, instance.name), (f"{key}.interface", instance.interface)]
    for index, node in enumerate(instance.nodes):
        where = f"{key}.node[{index}]"
        named += [(f"{where}.{field}", getattr(node, field))
                  for field in ("name", "interface", "router_id")]  # fmt: skip
    for where, name in named:
        if name:
            text.check(name, "plain", where, problems)


def _check_include(
    instance: Instance, keepalived: Keepalived, key: str, problems: Problems
) -> None:
    """What both includes found would be read twice, once outside any instance."""
    written, shared = instance.vrrp.include, keepalived.include
    if written and shared and PurePosixPath(written).parent == PurePosixPath(shared).parent:
        problems.add(
            f"{key}.include",
            f"looks into the directory of [keepalived] include ({shared})",
            "give the instance's files a directory of their own, like instance.d",
        )


def _check_own_addresses(instance: Instance, key: str, problems: Problems) -> None:
    """Keepalived removes a virtual address on BACKUP: a node would cut itself off."""
    own = {node.address: node.name for node in instance.nodes}
    for field in ("virtual_ipaddress", "virtual_ipaddress_excluded"):
        for index, one in enumerate(getattr(instance.vrrp, field) or ()):
            if one.address in own:
                problems.add(
                    f"{key}.{field}[{index}]",
                    f'{one.address} is the unicast address of node "{own[one.address]}"',
                    "name an address that belongs to no node",
                )


def _check_services(instances: Mapping[str, Instance], problems: Problems) -> None:
    """A unit of two instances would be stopped by the BACKUP of one while the other is master."""
    follows: dict[str, str] = {}
    for name, instance in instances.items():
        for index, unit in enumerate(instance.vrrp.services.master):
            first = follows.setdefault(unit, name)
            if first != name:
                problems.add(
                    f"instance.{name}.services.master[{index}]",
                    f"{unit} follows instance.{first} already",
                    "a unit follows one instance; remove one of the two",
                )


def _check_advert_int(
    instance: Instance, keepalived: Keepalived, key: str, problems: Problems
) -> None:
    seconds, where = instance.vrrp.advert_int, f"{key}.advert_int"
    if keepalived.vrrp_version == 2 and not _is_ipv6(instance):  # noqa: PLR2004 - VRRP's version
        if seconds != int(seconds) or not 1 <= seconds <= _SLOWEST_V2:
            problems.add(
                where,
                f"{seconds:g} s is no interval of VRRP version 2, which has whole seconds",
                "write 1 to 255, or use vrrp_version = 3",
            )
        return
    centi = seconds * _CENTI
    if abs(centi - round(centi)) > _ROUNDING or not 1 <= round(centi) <= _SLOWEST_V3 * _CENTI:
        problems.add(
            where,
            f"{seconds:g} s is no interval of VRRP version 3",
            "write 0.01 to 40.95 seconds, in steps of 0.01",
        )


def _check_authentication(
    instance: Instance, keepalived: Keepalived, key: str, problems: Problems
) -> None:
    kind = instance.vrrp.authentication.type
    where = f"{key}.authentication.type"
    if kind in {"PASS", "AH"} and keepalived.vrrp_version != 2:  # noqa: PLR2004 - VRRP's version
        problems.add(
            where,
            f"VRRP version {keepalived.vrrp_version} has no {kind}: keepalived would ignore it",
            'set [keepalived] vrrp_version = 2, or use type = "hmac" (keepalived 2.4.2 and newer)',
        )
    elif kind in {"PASS", "AH"} and _is_ipv6(instance):
        problems.add(
            where,
            f"{kind} is for IPv4 only: over IPv6 VRRP is always version 3",
            'use type = "hmac" (keepalived 2.4.2 and newer), or none',
        )
    if kind == "AH" and instance.vrrp.state == "MASTER":
        problems.add(
            f"{key}.state", "MASTER goes not with AH: keepalived clears it", "remove state"
        )


def _is_ipv6(instance: Instance) -> bool:
    """Then keepalived speaks version 3, whatever vrrp_version says (measured with 2.2.7)."""
    return any(node.address.version == 6 for node in instance.nodes)  # noqa: PLR2004 - IP's version


def _check_references(
    instance: Instance, keepalived: Keepalived, key: str, problems: Problems
) -> None:
    vrrp = instance.vrrp
    known: tuple[tuple[str, Sequence[Tracked], Mapping[str, object], str], ...] = (
        ("track_script", vrrp.track_script, keepalived.scripts, "vrrp_script"),
        ("track_file", vrrp.track_file, keepalived.track_files, "track_file"),
        ("track_process", vrrp.track_process, keepalived.track_processes, "track_process"),
    )
    for name, tracked, tables, kind in known:
        for index, one in enumerate(tracked):
            if one.name not in tables:
                problems.add(
                    f"{key}.{name}[{index}]",
                    f'no [{kind}.{one.name}] says what "{one.name}" is',
                    suggest(one.name, tables) or f"write [{kind}.{one.name}]",
                )


def _check_groups(
    instances: Mapping[str, Instance], keepalived: Keepalived, problems: Problems
) -> None:
    member_of: dict[str, str] = {}
    for group in keepalived.sync_groups.values():
        key = f"vrrp_sync_group.{group.name}.instances"
        for index, name in enumerate(group.instances):
            if name not in instances:
                remedy = suggest(name, instances)
                problems.add(f"{key}[{index}]", f'no instance is named "{name}"', remedy)
            elif name in group.instances[:index]:
                problems.add(f"{key}[{index}]", f'"{name}" is there twice', "remove one of them")
            elif member_of.setdefault(name, group.name) != group.name:
                problems.add(
                    f"{key}[{index}]",
                    f'"{name}" is already in the group {member_of[name]}',
                    "an instance belongs to one group",
                )
            elif _is_weighted(instances[name], keepalived):
                problems.add(
                    f"{key}[{index}]",
                    f'"{name}" tracks something with a weight',
                    "in a group a tracker must have weight 0: a failure is then a FAULT of all",
                )


def _is_weighted(instance: Instance, keepalived: Keepalived) -> bool:
    # A file's weight multiplies: only 0 makes it a matter of FAULT or not.
    of_files = {name: one.weight for name, one in keepalived.track_files.items()}
    return _has_weights(instance, keepalived) or _any(instance.vrrp.track_file, of_files)


def _has_weights(instance: Instance, keepalived: Keepalived) -> bool:
    """Say whether a failing script, process or device changes the priority, instead of a FAULT."""
    vrrp = instance.vrrp
    of_scripts = {name: one.weight for name, one in keepalived.scripts.items()}
    of_processes = {name: one.weight for name, one in keepalived.track_processes.items()}
    return (
        _any(vrrp.track_script, of_scripts)
        or _any(vrrp.track_process, of_processes)
        or _any(vrrp.track_interface, {})
    )


def _any(tracked: Sequence[Tracked], weights: Mapping[str, int]) -> bool:
    return any(
        (one.weight if one.weight is not None else weights.get(one.name, 0)) != 0 for one in tracked
    )
