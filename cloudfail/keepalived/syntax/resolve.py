"""What a line becomes: `@` conditions, definitions and sequences, until it no longer changes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cloudfail.keepalived.syntax import definitions as naming
from cloudfail.keepalived.syntax import sequences
from cloudfail.keepalived.syntax.comments import decomment
from cloudfail.keepalived.syntax.definitions import Definitions
from cloudfail.keepalived.syntax.frames import Line, lines_below
from cloudfail.keepalived.syntax.notes import Notes
from cloudfail.keepalived.syntax.source import Source

_BLANK = " \t"
_AGAIN = 100  # keepalived looks at a line once more after each replacement
_CONDITION = re.compile(r"@(\^?)([^ \t]*)[ \t]*(.*)", re.DOTALL)


class Resolver:
    """`config_id` None: every line is kept, with its condition."""

    def __init__(self, source: Source, notes: Notes, config_id: str | None) -> None:
        self._source = source
        self._notes = notes
        self._config_id = config_id
        self._definitions = Definitions(config_id)
        self._opened: naming.Opening | None = None
        self._body: list[str] = []
        self._is_certain = True

    def keeps(self, name: str) -> bool:
        """Whether `${name}` stands for something that is not known here."""
        return self._definitions.keeps(name)

    def resolve(self, line: Line) -> Line | None:
        """The line to act on; None where there is none."""
        text = line.text
        if self._opened is not None:
            self._continue(text)
            return None
        if text[:1] not in ("@", "~", "$") and (line.is_replaced or "$" not in text):
            return line if text else None
        return self._changed(line)

    def _changed(self, line: Line) -> Line | None:
        for _ in range(_AGAIN):
            chosen = self._choose(line) if line.text[0] == "@" else line
            if chosen is None or self._define(chosen) or self._repeat(chosen):
                return None
            replaced = self._replace(chosen)
            if replaced is None:
                return chosen
            if not replaced.text:
                return None
            line = replaced
        return line

    def _choose(self, line: Line) -> Line | None:
        """The line without its `@id`, or None where the id says that it is not for us."""
        match = _CONDITION.fullmatch(line.text)
        assert match is not None  # noqa: S101 - it begins with @
        sign, name, rest = match.groups()
        if name:
            self._notes.config_ids[name] = None
        if not rest or (self._config_id is not None and (name == self._config_id) == bool(sign)):
            return None
        if self._config_id is not None:
            return line._replace(text=rest)
        return line._replace(text=rest, condition=f"{line.condition} {sign}{name}".lstrip())

    def _define(self, line: Line) -> bool:
        opened = naming.opening(line.text) if line.text[0] == "$" else None
        if opened is None:
            return False
        self._is_certain = not line.condition
        if opened.is_multiline:
            self._opened = opened
            self._body = [opened.text] if opened.text else []
        else:
            self._definitions.set(opened.name, (opened.text,), is_certain=self._is_certain)
        return True

    def _continue(self, text: str) -> None:
        """An empty line ends a definition too, whatever the line before ended with."""
        is_last = not text.endswith("\\")
        text = text if is_last else text[:-1].rstrip(_BLANK)
        if text:
            self._body.append(text)
        if is_last and self._opened is not None:
            name, self._opened = self._opened.name, None
            self._definitions.set(name, tuple(self._body), is_certain=self._is_certain)

    def _repeat(self, line: Line) -> bool:
        if not line.text.startswith(("~SEQ", "~LST")):
            return False
        if line.text.startswith("~SEQ"):
            sequence = sequences.read_seq(line.text, self._bounds)
        else:
            sequence = sequences.read_lst(line.text)
        if sequence is None:
            message = f"keepalived cannot read this {line.text[:4]}: {line.text[:60]}"
            self._notes.find(line.place, message, "sequence")
        else:
            self._source.push(self._repeated(sequence, line), line)
        return True

    def _bounds(self, text: str) -> str:
        replaced = self._definitions.replace(text + ")", self._source.directory)
        return text if replaced.text is None else replaced.text[:-1]

    def _repeated(self, sequence: sequences.Sequence, origin: Line) -> Iterator[Line]:
        for setting in sequence.settings:
            for name, value in setting:
                self._definitions.set(name, (value,))
            yield origin._replace(text=sequence.text)

    def _replace(self, line: Line) -> Line | None:
        if line.is_replaced or line.text[0] == "~" or "$" not in line.text:
            return None
        replaced = self._definitions.replace(line.text, self._source.directory)
        if replaced.problem:
            self._notes.find(line.place, replaced.problem, "definition")
        if replaced.text is None:
            return None
        for lines in replaced.below:
            self._source.push(lines_below(lines, line), line)
        # Once more: `${_HASH}` begins a comment after all (measured with 2.2.7).
        return line._replace(text=decomment(replaced.text).text)
