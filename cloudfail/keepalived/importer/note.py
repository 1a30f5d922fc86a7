"""What became of each statement: carried over, changed, left out; and what no file says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec import Struct

from cloudfail.keepalived.importer.wording import line_of, text_of
from cloudfail.keepalived.syntax import Place, Statement, Tree
from cloudfail.line import one_line

Kind = Literal["changed", "left out", "missing"]


class UnfitError(Exception):
    """A statement that cloudfail.toml has no word for; the text says why. Never leaves the import."""


class Note(Struct, frozen=True, kw_only=True):
    """One thing that an operator has to know. `str(note)` is one line, without secrets.

    changed: carried over in another form. left out: not in the toml. missing: needed, and said by
    no file. `covers` are the places of all statements that it speaks of.
    """

    place: Place
    kind: Kind
    what: str
    why: str
    covers: tuple[Place, ...] = ()

    def __str__(self) -> str:
        return one_line(f"{self.place}: {self.kind}: {self.what}: {self.why}")


class Extra(Struct, frozen=True, kw_only=True):
    """A statement for a file of conf.d; `home` is the block around it, empty outside any.

    With `inside` it is for the file that this instance includes. `text` holds secrets as they stand.
    """

    place: Place
    home: str
    text: str
    node: str = ""
    inside: str = ""


class Ledger:
    """The account of one node's file. Nothing gets lost: `sweep` notes what nobody spoke of."""

    def __init__(self) -> None:
        self.notes: list[Note] = []
        self.extras: list[Extra] = []
        self.node = ""
        self._seen: set[int] = set()

    def carry(self, *statements: Statement) -> None:
        """They are in the toml, as they were. Blocks without what is in them."""
        self._seen.update(map(id, statements))

    def change(self, statement: Statement, why: str, *, whole: bool = False) -> None:
        """It is in the toml in another form; `whole`: a block with all that is in it."""
        within = tuple(_within(statement)) if whole else (statement,)
        self.carry(*within)
        self._note(statement, "changed", why, tuple(one.place for one in within))

    def leave_out(self, statement: Statement, why: str, *, home: str | None = None) -> None:
        """It is not in the toml, with all that is in it. `home` None: conf.d is no place for it."""
        within = tuple(_within(statement))
        self.carry(*within)
        self._note(statement, "left out", why, tuple(one.place for one in within))
        if home is not None:
            self._keep(statement, home)

    def miss(self, place: Place, what: str, why: str) -> None:
        self.say(place, "missing", what, why)

    def say(self, place: Place, kind: Kind, what: str, why: str) -> None:
        """Note what is no statement of keepalived.conf: a line of a script, a file."""
        self.notes.append(Note(place=place, kind=kind, what=what, why=why))

    def leave_to(self, instance: str, statement: Statement, why: str) -> None:
        """It belongs into the file that the instance includes."""
        if id(statement) not in self._seen:
            self.leave_out(statement, why)
            self._keep(statement, "", inside=instance)

    def sweep(self, statements: Iterable[Statement], why: str, *, home: str | None = None) -> None:
        """Leave out what has not been accounted for."""
        for statement in statements:
            if id(statement) not in self._seen:
                self.leave_out(statement, why, home=home)

    def sweep_all(self, tree: Tree) -> None:
        for above, statement in tree.walk():
            if id(statement) not in self._seen:
                where = f" of {above[-1].keyword}" if above else ""
                self.leave_out(statement, f"cloudfail.toml has no word for this{where}")

    def _keep(self, statement: Statement, home: str, *, inside: str = "") -> None:
        extra = Extra(
            place=statement.place,
            home=home,
            text=text_of(statement),
            node=self.node,
            inside=inside,
        )
        self.extras.append(extra)

    def _note(self, statement: Statement, kind: Kind, why: str, covers: tuple[Place, ...]) -> None:
        what = line_of(statement)
        self.notes.append(Note(place=statement.place, kind=kind, what=what, why=why, covers=covers))


def _within(statement: Statement) -> Iterator[Statement]:
    waiting = [statement]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.children or ()))
