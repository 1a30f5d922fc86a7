"""vrrp_script, track_file and vrrp_track_process blocks: what instances refer to by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any, TypeVar

import msgspec

from cloudfail.config.agent.paths import TRACKER
from cloudfail.config.vrrp.tables import ScriptTable, TrackFileTable, TrackProcessTable
from cloudfail.keepalived.importer import values
from cloudfail.keepalived.importer.checks import Check, check_of
from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.section import Section
from cloudfail.keepalived.importer.values import Parse
from cloudfail.keepalived.syntax import Statement, Tree

T = TypeVar("T", bound=msgspec.Struct)
_SLOWEST = 3600
_LOST = "what tracks it is left out too; write the check again, in [{kind}.{name}]"


class Named(msgspec.Struct, frozen=True):
    """One tracker; `reverse` is the one of its weight, which the toml has at each reference."""

    table: Any
    statement: Statement
    reverse: bool = False


Trackers = Mapping[str, Named]


def read_trackers(tree: Tree, ledger: Ledger) -> Mapping[str, Trackers]:
    """Return them by the keyword with which an instance refers to them."""
    files = ("track_file", "vrrp_track_file")
    processes = ("vrrp_track_process",)
    return {
        "track_script": _read(tree, ("vrrp_script",), "vrrp_script", _script, ledger),
        "track_file": _read(tree, files, "track_file", _file, ledger),
        "track_process": _read(tree, processes, "track_process", _process, ledger),
    }


def _read(
    tree: Tree,
    keywords: tuple[str, ...],
    kind: str,
    build: Callable[[Section, Statement], msgspec.Struct],
    ledger: Ledger,
) -> Trackers:
    found: dict[str, Named] = {}
    for block in tree.statements:
        if block.keyword not in keywords or not block.is_block:
            continue
        if is_generated(block.value):
            ledger.carry(block, *(block.children or ()))
            continue
        try:
            name = _new_name(block, found)
            section = Section(ledger)
            table = build(section, block)
        except UnfitError as unfit:
            ledger.leave_out(block, f"{unfit}; {_LOST.format(kind=kind, name=block.value)}")
            continue
        ledger.carry(block)
        ledger.sweep(block.children or (), f"[{kind}.NAME] has no word for it")
        found[name] = Named(table, block, reverse=section.get("reverse", False))
    return found


def is_generated(name: str) -> bool:
    """Say whether it is a file of `cloudfail handover`, for which the toml needs no word."""
    return name.startswith(TRACKER)


def _new_name(block: Statement, found: Trackers) -> str:
    name = values.fit(block.value, "name")
    if name in found:
        raise UnfitError("a second one of that name")
    return name


def _script(section: Section, block: Statement) -> ScriptTable:
    """Keepalived's own defaults differ from ours: interval, fall and rise 1 (measured with 2.2.7)."""
    section.read(block.children or (), _SCRIPT)
    interval = _whole_seconds(section, "interval", 1)
    timeout = _whole_seconds(section, "timeout", interval)
    check = _read_check(section, block, timeout)
    _read_weight(section, block, 253)
    weight = section.get("weight", 0)
    return ScriptTable(
        **{check.key: check.value},
        interval=interval,
        timeout=timeout,
        fall=section.get("fall", 1),
        rise=section.get("rise", 1),
        weight=weight,
        user=section.get("user", ""),
        init_fail=_init_fail(section, weight),
    )


def _read_check(section: Section, block: Statement, timeout: int) -> Check:
    lines = tuple(block.find("script"))
    if not lines:
        raise UnfitError("it names no script")
    last = lines[-1]
    check = check_of(last.value, timeout)
    section.put("script", check, last)
    for earlier in lines[:-1]:
        section.ledger.change(earlier, "the last script of the block counts")
    changes = [check.why] if check.why else []
    if behind := " ".join(last.args[1:]):
        changes.append(
            f"without `{behind}`: keepalived runs the first word only (measured with 2.2.7); quote "
            "the whole command"
        )
    if changes:
        section.ledger.change(last, "; ".join(changes))
    return check


_SCRIPT: Mapping[str, tuple[str, Parse]] = {
    "interval": ("interval", values.seconds(0.001, 1_000_000)),
    "timeout": ("timeout", values.seconds(0, 1_000_000)),
    "fall": ("fall", values.whole(1, 255)),
    "rise": ("rise", values.whole(1, 255)),
    "user": ("user", values.all_words("user")),
    "init_fail": ("init_fail", values.flag),
}


def _whole_seconds(section: Section, key: str, default: int) -> int:
    """Seconds as the toml has them: whole, 1 to 3600; keepalived has fractions from 2.3.2 on."""
    found = section.found.get(key)
    if found is None:
        return default
    taken: int = min(max(ceil(found.value), 1), _SLOWEST)
    if found.value == 0:  # the default of timeout
        return default
    if taken != found.value:
        section.ledger.change(found.statement, f"{key} = {taken}: whole seconds, 1 to {_SLOWEST}")
    return taken


def _init_fail(section: Section, weight: int) -> bool:
    found = section.found.get("init_fail")
    if found is not None and weight:
        section.ledger.change(found.statement, "with a weight the toml has no init_fail")
    return found is not None and not weight


def _read_weight(section: Section, block: Statement, most: int) -> None:
    for line in block.children or ():
        if line.keyword != "weight":
            continue
        try:
            section.put("weight", values.number(line.value, -most, most), line)
        except UnfitError as unfit:
            section.ledger.leave_out(line, str(unfit))
            continue
        if "reverse" in line.args[1:]:
            section.put("reverse", value=True, statement=line)
            section.ledger.change(line, "`reverse` is written at each reference, with the weight")


def _file(section: Section, block: Statement) -> TrackFileTable:
    section.read(block.children or (), {"file": ("file", values.text("path"))})
    _read_weight(section, block, 254)
    for line in block.children or ():
        if line.keyword == "init_file":
            _read_init_file(section, line)
    if "file" not in section.found:
        raise UnfitError("it names no file that can be written into the toml")
    return TrackFileTable(
        file=section.get("file"),
        weight=section.get("weight", 1),
        init_file=section.get("init_file"),
    )


def _read_init_file(section: Section, line: Statement) -> None:
    words = [word for word in line.args if word != "overwrite"]
    try:
        section.put("init_file", values.number(words[0], -(10**9), 10**9) if words else 0, line)
    except UnfitError as unfit:
        section.ledger.leave_out(line, str(unfit))
        return
    if "overwrite" in line.args:
        section.ledger.change(line, "an old number stays in the file: the toml has no `overwrite`")


def _process(section: Section, block: Statement) -> TrackProcessTable:
    lines = [one for one in block.children or () if one.keyword == "process"]
    if not lines or len(lines[-1].args) != 1:
        raise UnfitError("it names no process, or parameters of one, which the toml cannot")
    section.read(
        block.children or (),
        {
            "process": ("process", values.text("process")),
            "quorum": ("quorum", values.whole(1, 65535)),
            "delay": ("delay", values.seconds(0, 3600)),
        },
    )
    if "process" not in section.found:
        raise UnfitError("its process has a name that the toml cannot hold")
    _read_weight(section, block, 253)
    return TrackProcessTable(
        process=section.get("process"),
        weight=section.get("weight", 0),
        quorum=section.get("quorum", 1),
        delay=section.get("delay", 0.0),
    )
