"""track_script, track_interface, track_file, track_process of an instance or a group."""

from __future__ import annotations

from cloudfail.config.vrrp.tables import TrackTable
from cloudfail.keepalived.importer import values
from cloudfail.keepalived.importer.note import UnfitError
from cloudfail.keepalived.importer.section import Section
from cloudfail.keepalived.importer.trackers import Named, Trackers, is_generated
from cloudfail.keepalived.syntax import Statement

KINDS = ("track_script", "track_interface", "track_file", "track_process")
_MOST = 253


def read_tracks(
    block: Statement,
    section: Section,
    trackers: Trackers | None,
    *,
    weighted: bool = True,
    device: str = "",
) -> None:
    """Put what is tracked under the block's keyword. `trackers` None: network devices.

    In a sync group keepalived ignores what has a weight; `weighted` is false there. `device` is
    the instance's own.
    """
    ledger = section.ledger
    earlier = section.found.pop(block.keyword, None)
    found: dict[str, TrackTable] = {one.name: one for one in (earlier.value if earlier else ())}
    for line in block.children or ():
        if trackers is None and line.keyword == device:
            ledger.change(line, "keepalived tracks an instance's own device anyway")
            continue
        if is_generated(line.keyword):
            ledger.carry(line)
            continue
        try:
            one = _read_line(line, trackers)
            _check(one, found, trackers, weighted=weighted)
        except UnfitError as unfit:
            ledger.leave_out(line, str(unfit))
            continue
        found[one.name] = one
        ledger.carry(line)
        if one.weight is not None and "weight" not in line.args:
            ledger.change(line, "with the weight of its definition, for its `reverse`")
    section.put(block.keyword, tuple(found.values()), block)


def _check(
    one: TrackTable,
    found: dict[str, TrackTable],
    trackers: Trackers | None,
    *,
    weighted: bool,
) -> None:
    if one.name in found:
        raise UnfitError("it is tracked already")
    if not weighted and _weight_of(one, trackers):
        raise UnfitError("keepalived ignores what has a weight in a sync group")


def _weight_of(one: TrackTable, trackers: Trackers | None) -> int:
    if one.weight is not None or trackers is None:
        return one.weight or 0
    weight: int = trackers[one.name].table.weight
    return weight


def _read_line(line: Statement, trackers: Trackers | None) -> TrackTable:
    name, args = line.keyword, line.args
    values.fit(name, "device" if trackers is None else "name")
    tracker = None if trackers is None else trackers.get(name)
    if trackers is not None and tracker is None:
        raise UnfitError("nothing of that name is in the toml")
    unknown = set(args[2:] if args[:1] == ("weight",) else args) - {"reverse", "noreverse"}
    if unknown:
        raise UnfitError(f"it has words that the toml has none for: {' '.join(sorted(unknown))}")
    if "weight" not in args:
        return _of_tracker(name, tracker)
    weight = values.number(args[1] if len(args) > 1 else "", -_MOST, _MOST)
    return TrackTable(name=name, weight=weight, reverse="reverse" in args)


def _of_tracker(name: str, tracker: Named | None) -> TrackTable:
    """Without a weight of its own it has the one of its definition, `reverse` with it."""
    if tracker is None or not tracker.reverse:
        return TrackTable(name=name)
    return TrackTable(name=name, weight=max(-_MOST, min(_MOST, tracker.table.weight)), reverse=True)
