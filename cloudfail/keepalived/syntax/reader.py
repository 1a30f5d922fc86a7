"""Read keepalived.conf as keepalived does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from cloudfail.errors import ConfigError
from cloudfail.keepalived.syntax import includes
from cloudfail.keepalived.syntax.blocks import Blocks
from cloudfail.keepalived.syntax.frames import Content, Line, directory_of, read_content
from cloudfail.keepalived.syntax.notes import OPEN_QUOTE, Notes
from cloudfail.keepalived.syntax.resolve import Resolver
from cloudfail.keepalived.syntax.source import Source
from cloudfail.keepalived.syntax.tree import Statement, Tree
from cloudfail.keepalived.syntax.words import split_words

_NAMED = r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?: [A-Za-z0-9_ ]*)?\}"
# Up to a brace that is in no quotes and not around a name.
_UP_TO_BRACE = re.compile(rf'(?:[^{{}}"$]|"[^"]*"|{_NAMED.replace("(", "(?:", 1)}|\$(?!\{{))*+')
_USED = re.compile(rf'"[^"]*"|{_NAMED}')


def read_files(paths: Sequence[Path], *, config_id: str | None = None) -> Tree:
    """Each file on its own, as the configuration of a node of its own; then one tree of all.

    Raises ConfigError for a path that cannot be read at all. Everything else that is wrong is
    in the tree's findings. `config_id` chooses among the `@` conditions, as `keepalived -i`
    does; None keeps every line, with its condition.
    """
    notes = Notes()
    statements: list[Statement] = []
    for path in paths:
        try:
            content = read_content(str(path))
        except (OSError, ValueError) as error:
            reason = includes.reason_of(error)
            raise ConfigError(f"{path}: {reason}; name a keepalived.conf to read") from error
        statements += _read(content, str(path), directory_of(str(path)), notes, config_id)
    return _tree(statements, notes)


def read_text(
    text: str, name: str = "<text>", *, base: Path | None = None, config_id: str | None = None
) -> Tree:
    """As `read_files`. Includes are looked for in `base`; without it they are findings."""
    notes = Notes()
    directory = None if base is None else str(base)
    statements = _read(Content(text), name, directory, notes, config_id)
    return _tree(statements, notes)


def _tree(statements: Sequence[Statement], notes: Notes) -> Tree:
    return Tree(
        tuple(statements),
        notes.findings,
        tuple(notes.comments),
        tuple(dict.fromkeys(notes.files)),
        tuple(notes.config_ids),
        tuple(notes.empty),
    )


def _read(
    content: Content, name: str, directory: str | None, notes: Notes, config_id: str | None
) -> tuple[Statement, ...]:
    source = Source(notes)
    resolver = Resolver(source, notes, config_id)
    blocks = Blocks(notes)
    source.open(content, name, directory)
    for pulled in source:
        line = resolver.resolve(pulled)
        if line is None or _is_include(line, source):
            continue
        first = _split(line, source)
        if first.text == "{":
            blocks.open(line)
        elif first.text == "}":
            blocks.close(line)
        else:
            _add(first, blocks, notes, resolver)
    return blocks.finish()


def _is_include(line: Line, source: Source) -> bool:
    if not line.text.startswith("include"):
        return False
    if line.text.startswith("include_check"):
        source.check_includes(line.text.split()[1:])
        return False
    include = includes.parse_include(line.text)
    if include is not None:
        source.include(include, line)
    return include is not None


def _split(line: Line, source: Source) -> Line:
    """The line up to its first brace, or the brace; the rest is put back."""
    text = line.text
    if "{" not in text and "}" not in text:
        return line
    end = 1
    if text[0] not in "{}":
        match = _UP_TO_BRACE.match(text)
        end = match.end() if match is not None else 0
        if text[end : end + 1] not in ("{", "}", "$"):
            return line
        if text[end] == "$":
            end += 1
    rest = text[end:].lstrip(" \t")
    if rest:
        source.put_back(line._replace(text=rest, is_replaced=True))
    return line._replace(text=text[:end].rstrip(" \t"))


def _add(line: Line, blocks: Blocks, notes: Notes, resolver: Resolver) -> None:
    if "${" in line.text:
        for match in _USED.finditer(line.text):
            if match[1] and not resolver.keeps(match[1]):
                message = f"{match[0]} means nothing here: keepalived takes its braces for a block"
                notes.find(line.place, message, "definition")
    words, is_readable = split_words(line.text)
    if line.text.count('"') % 2:
        notes.find(line.place, OPEN_QUOTE, "quote")
    elif not is_readable:
        message = f"keepalived cannot take this line apart: {words[0].text} never runs"
        notes.find(line.place, message, "script")
    if words and words[0].text == "{":  # quoted: not where a brace parts the line, but one
        notes.find(line.place, 'unexpected "{": keepalived ignores the line', "brace")
    elif words:
        blocks.add(words, line)
