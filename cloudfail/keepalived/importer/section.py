"""The values of one block, and the statements that they come from."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from cloudfail.keepalived.importer.note import Ledger, UnfitError
from cloudfail.keepalived.importer.values import Parse
from cloudfail.keepalived.syntax import Statement


class Found(Struct, frozen=True):
    value: Any
    statement: Statement


class Section:
    """Values by key. The last one of two counts, as in keepalived."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.found: dict[str, Found] = {}

    def put(self, key: str, value: Any, statement: Statement) -> None:
        earlier = self.found.get(key)
        if earlier is not None and earlier.statement is not statement:
            place = statement.place
            self.ledger.change(earlier.statement, f"{place} says it again, and the last one counts")
        self.found[key] = Found(value, statement)
        self.ledger.carry(statement)

    def get(self, key: str, default: Any = None) -> Any:
        found = self.found.get(key)
        return default if found is None else found.value

    def read(
        self, statements: Iterable[Statement], keywords: Mapping[str, tuple[str, Parse]]
    ) -> None:
        """Read what `keywords` knows: keyword, then key and parser. What is unfit is left out.

        It goes into no file of --extras: there it would undo what the toml says.
        """
        for statement in statements:
            known = keywords.get(statement.keyword)
            if known is None or statement.is_block:
                continue
            key, parse = known
            try:
                self.put(key, parse(statement), statement)
            except UnfitError as unfit:
                self.ledger.leave_out(statement, str(unfit))


def merged(
    sections: Sequence[Section], names: Sequence[str], apart: Container[str] = ()
) -> dict[str, Found]:
    """Return the values that count for all nodes: the first file's. Names what differs.

    Keys that are `apart` may differ, and are not returned.
    """
    kept: dict[str, Found] = {}
    for section in sections:
        for key, found in section.found.items():
            if key in apart:
                continue
            first = kept.setdefault(key, found)
            if first.value != found.value:
                place = first.statement.place
                section.ledger.change(
                    found.statement,
                    f"{names[0]} has it otherwise ({place}), and counts",
                    whole=True,
                )
    for key, found in kept.items():
        lacking = [
            name for section, name in zip(sections, names, strict=True) if key not in section.found
        ]
        if lacking and len(sections) > 1:
            sections[0].ledger.change(
                found.statement, f"counts for all nodes; not so far for {', '.join(lacking)}"
            )
    return kept
