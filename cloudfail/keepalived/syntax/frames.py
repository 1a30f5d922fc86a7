"""Where the next line comes from: a file, the rest of a definition, a sequence, includes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from cloudfail.keepalived.syntax.comments import decomment
from cloudfail.keepalived.syntax.definitions import LINE_LIMIT
from cloudfail.keepalived.syntax.notes import OPEN_QUOTE, Notes
from cloudfail.keepalived.syntax.tree import Comment, Place

FILE_LIMIT = 16 << 20
Identity = tuple[int, int]
_MARKS = ("\ufeff", "\xef\xbb\xbf")


class Line(NamedTuple):
    """A line without blanks and comment around it; `comment` is what ended it in its file.

    `is_replaced`: the rest of a line in which definitions have been replaced already.
    """

    text: str
    place: Place
    condition: str = ""
    comment: str = ""
    is_replaced: bool = False


@dataclass(slots=True)
class Frame:
    """Lines of one origin; a file has a `name`. `waiting` are includes to open after them.

    `checks` come back into force when a file's frame ends.
    """

    lines: Iterator[Line]
    name: str = ""
    directory: str | None = None
    identity: Identity | None = None
    checks: frozenset[str] = frozenset()
    waiting: deque[str] = field(default_factory=deque)
    origin: Line | None = None


class Content(NamedTuple):
    text: str
    identity: Identity | None = None
    is_cut: bool = False


def read_content(path: str) -> Content:
    """Raises OSError. What is not UTF-8 is taken as Latin-1, so that every byte is a character."""
    with open(path, "rb") as stream:  # noqa: PTH123 - Path would change the name
        status = os.fstat(stream.fileno())
        data = stream.read(FILE_LIMIT + 1)
    is_cut = len(data) > FILE_LIMIT
    data = data[:FILE_LIMIT]
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return Content(text, (status.st_dev, status.st_ino), is_cut)


def directory_of(path: str) -> str:
    """Empty for a name without a directory, so that what is included there has none either."""
    return path.rpartition("/")[0] or ("/" if path.startswith("/") else "")


def file_lines(text: str, name: str, condition: str, notes: Notes) -> Iterator[Line]:
    """The lines as fgets() gives them: a long one in pieces; a NUL hides the rest of its line.

    A line with blanks or a comment only is left out, one that is empty is not: it ends a
    definition.
    """
    place = Place(name, 1)
    if text.startswith(_MARKS):
        text = text.lstrip("\ufeff").removeprefix(_MARKS[1])
        message = "byte order mark: keepalived takes it for a part of the first word"
        notes.find(place, message, "encoding")
    for number, whole in enumerate(text.removesuffix("\n").split("\n"), start=1):
        place = Place(name, number)
        pieces = [whole] if len(whole) < LINE_LIMIT else _pieces(whole, place, notes)
        for piece in pieces:
            line = piece.partition("\0")[0].rstrip("\r")
            bare = decomment(line)
            if bare.open_quote:
                notes.find(place, OPEN_QUOTE, "quote")
            if bare.comment is not None:
                notes.comments.append(Comment(place, bare.comment))
            if bare.text or not line:
                yield Line(bare.text, place, condition, bare.comment or "")


def _pieces(whole: str, place: Place, notes: Notes) -> Iterable[str]:
    if len(whole) > LINE_LIMIT:
        message = f"longer than {LINE_LIMIT} characters: keepalived takes the rest for a new line"
        notes.find(place, message, "limit")
    return (whole[at : at + LINE_LIMIT] for at in range(0, len(whole), LINE_LIMIT))


def lines_below(texts: Iterable[str], origin: Line) -> Iterator[Line]:
    """All but the first; no copy, as a value may be long and used often."""
    return (origin._replace(text=text) for text in islice(texts, 1, None))
