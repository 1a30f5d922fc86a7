"""Tables for people: columns as wide as their widest cell; colour where a person looks."""

from __future__ import annotations

from collections.abc import Sequence

from cloudfail.cli.messages import has_colour
from cloudfail.line import one_line
from cloudfail.model import Owner

_COLOURS = {
    Owner.MINE: "32",
    Owner.PEER: "36",
    Owner.NOBODY: "33",
    Owner.STRANGER: "31",
    Owner.UNKNOWN: "35",
}


def render_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return lines, two blanks between columns, none at the end of a line."""
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def coloured(text: str, owner: Owner) -> str:
    """Return the text in the colour of an owner, where the output may have colours."""
    return f"\x1b[{_COLOURS[owner]}m{text}\x1b[0m" if has_colour() else text
