"""What a keepalived.conf says: statements with their words, blocks and places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

Kind = Literal["quote", "brace", "script", "include", "definition", "sequence", "encoding", "limit"]


class Place(Struct, frozen=True, order=True):
    """A line of a file, counted from 1, in the words of keepalived's messages."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Word(Struct, frozen=True):
    """One word as keepalived hands it to the keyword's handler; `quoted` if quotes were around it."""

    text: str
    quoted: bool = False


class Comment(Struct, frozen=True):
    """`text` is without the leading `#` or `!` and the blanks around it."""

    place: Place
    text: str


class SyntaxFinding(Struct, frozen=True):
    """Something that keepalived reads otherwise than it was meant. `kind` is API for the linter.

    `keepalived -t` says 0 to some of kind "script", "include" and "limit", and 5 to the others.
    """

    place: Place
    message: str
    kind: Kind

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


class Statement(Struct, frozen=True):
    """A keyword, its arguments, and its block: `children` is None where there is no block.

    `condition` is `main` for a line that begins with `@main`, `^main` for `@^main`, several
    joined by a blank where all of them have to hold, and empty where the line always counts.
    A block's condition is not repeated at its children. `comment` ends the statement's line.
    """

    words: tuple[Word, ...]
    place: Place
    condition: str = ""
    children: tuple[Statement, ...] | None = None
    comment: str = ""

    @property
    def keyword(self) -> str:
        return self.words[0].text

    @property
    def args(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words[1:])

    @property
    def value(self) -> str:
        """The first argument, or an empty string."""
        return self.words[1].text if len(self.words) > 1 else ""

    @property
    def rest(self) -> str:
        """All arguments, joined by blanks."""
        return " ".join(self.args)

    @property
    def is_block(self) -> bool:
        return self.children is not None

    def find(self, keyword: str) -> Iterator[Statement]:
        return _named(self.children or (), keyword)

    def first(self, keyword: str) -> Statement | None:
        return next(self.find(keyword), None)

    def has(self, keyword: str) -> bool:
        return self.first(keyword) is not None


class Tree(Struct, frozen=True):
    """`files` are the names of all files read, `config_ids` what the `@` conditions name, in order.

    Read once per id of `node_ids` to see what each of those nodes sees. `empty` are the includes
    whose pattern matches no file, which is no mistake to keepalived.
    """

    statements: tuple[Statement, ...] = ()
    findings: tuple[SyntaxFinding, ...] = ()
    comments: tuple[Comment, ...] = ()
    files: tuple[str, ...] = ()
    config_ids: tuple[str, ...] = ()
    empty: tuple[SyntaxFinding, ...] = ()

    @property
    def node_ids(self) -> tuple[str | None, ...]:
        """The id of each node that the file is for: None for the only one, without conditions.

        Where the file names one id only, the node without that id is another: an empty one.
        """
        if not self.config_ids:
            return (None,)
        return (*self.config_ids, "") if len(self.config_ids) == 1 else self.config_ids

    def find(self, keyword: str) -> Iterator[Statement]:
        return _named(self.statements, keyword)

    def first(self, keyword: str) -> Statement | None:
        return next(self.find(keyword), None)

    def has(self, keyword: str) -> bool:
        return self.first(keyword) is not None

    def walk(self) -> Iterator[tuple[tuple[Statement, ...], Statement]]:
        """Every statement in the order of the text, with its blocks, outermost first."""
        waiting: list[tuple[tuple[Statement, ...], Statement]]
        waiting = [((), statement) for statement in reversed(self.statements)]
        while waiting:
            above, statement = waiting.pop()
            yield above, statement
            inside = (*above, statement)
            waiting.extend((inside, child) for child in reversed(statement.children or ()))


def _named(statements: tuple[Statement, ...], keyword: str) -> Iterator[Statement]:
    return (statement for statement in statements if statement.keyword == keyword)
