"""The lines of a file and of all that it includes, in keepalived's order, without recursion."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from cloudfail.keepalived.syntax import includes
from cloudfail.keepalived.syntax.frames import (
    Content,
    Frame,
    Line,
    directory_of,
    file_lines,
    read_content,
)
from cloudfail.keepalived.syntax.notes import Notes
from cloudfail.keepalived.syntax.tree import SyntaxFinding

LINES_LIMIT = 200_000  # of 5 to 10 us each
FILES_LIMIT = 2_000
DEPTH_LIMIT = 32


class Source:
    """A stack of frames. What was pushed last is read first."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._frames: list[Frame] = []
        self._residue: Line | None = None
        self._checks: frozenset[str] = frozenset()

    @property
    def directory(self) -> str | None:
        """Where the file that is being read lies: includes are relative to it."""
        return next((frame.directory for frame in reversed(self._frames) if frame.name), None)

    def __iter__(self) -> Iterator[Line]:
        for count, line in enumerate(self._pull()):
            if count >= LINES_LIMIT:
                message = f"more than {LINES_LIMIT} lines: the rest is not read"
                self._notes.find(line.place, message, "limit")
                return
            yield line

    def put_back(self, line: Line) -> None:
        """The rest of a line, after a brace: it comes next, as a line of its own."""
        self._residue = line

    def push(self, lines: Iterator[Line], origin: Line) -> None:
        """Lines to be read before the rest."""
        self._push(Frame(lines), origin)

    def open(self, content: Content, name: str, directory: str | None, condition: str = "") -> None:
        self._notes.files.append(name)
        lines = file_lines(content.text, name, condition, self._notes)
        self._frames.append(Frame(lines, name, directory, content.identity, self._checks))

    def check_includes(self, options: Iterable[str]) -> None:
        """`include_check` holds in the file that it is in, and in what that includes."""
        self._checks = includes.change_checks(self._checks, options)

    def include(self, include: includes.Include, line: Line) -> None:
        """The files come next. Whatever cannot be read is a finding."""
        if self.directory is None:
            self._notes.find(line.place, f"{line.text}: not read, no directory", "include")
            return
        checks = self._checks | include.checks
        found = includes.find_files(include.pattern, self.directory, checks)
        if found.problem:
            self._notes.find(line.place, f"include {found.problem}", "include")
        elif not found.paths:
            message = f"include {include.pattern}: it matches no file"
            self._notes.empty.append(SyntaxFinding(line.place, message, "include"))
        self._push(Frame(iter(()), waiting=deque(found.paths), origin=line), line)

    def _push(self, frame: Frame, origin: Line) -> None:
        if len(self._frames) < DEPTH_LIMIT:
            self._frames.append(frame)
            return
        message = f"definitions and includes nested deeper than {DEPTH_LIMIT}: not followed"
        self._notes.find(origin.place, message, "limit")

    def _pull(self) -> Iterator[Line]:
        while self._residue is not None or self._frames:
            if self._residue is not None:
                line, self._residue = self._residue, None
                yield line
                continue
            frame = self._frames[-1]
            next_line = next(frame.lines, None)
            if next_line is not None:
                yield next_line
            elif frame.waiting and frame.origin is not None:
                self._open_include(frame.waiting.popleft(), frame.origin)
            else:
                self._pop()

    def _pop(self) -> None:
        frame = self._frames.pop()
        if frame.name:
            self._checks = frame.checks

    def _open_include(self, path: str, line: Line) -> None:
        content, refused = self._content(path)
        if refused:
            self._notes.find(line.place, f"{path} {refused}", "include")
        if content is not None:
            self.open(content, path, directory_of(path), line.condition)

    def _content(self, path: str) -> tuple[Content | None, str]:
        refused = includes.refusal(path)
        if refused:
            return None, refused
        if len(self._notes.files) >= FILES_LIMIT:
            return None, "is one include too many: not read"
        try:
            content = read_content(path)
        except OSError as error:
            return None, str(error.strerror or error)
        if any(frame.identity == content.identity for frame in self._frames if frame.name):
            return None, "includes itself: keepalived never ends"
        return content, "is too large: the end is not read" if content.is_cut else ""
