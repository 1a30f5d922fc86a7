"""What is wrong with a configuration: where, what, and the remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cloudfail.errors import ConfigError
from cloudfail.line import one_line


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. `str(problem)` is one line for an operator.

    `key` is the path of the key in the file (`instance.edge.claim[2].address`; the first of an
    array is [0]). `provider` is set when only users of that provider are concerned: it harms
    no instance of another one.
    """

    source: str
    key: str
    message: str
    remedy: str = ""
    provider: str = ""

    def __str__(self) -> str:
        where = ": ".join(part for part in (self.source, self.key) if part)
        return one_line(f"{where}: {self.message}" + (f"; {self.remedy}" if self.remedy else ""))

    def as_error(self) -> ConfigError:
        return ConfigError(str(self))


@dataclass(slots=True)
class Problems:
    """Collects everything that is wrong with one file, in the order of the file."""

    source: str
    found: list[Problem] = field(default_factory=list)

    def add(self, key: str, message: str, remedy: str = "", *, provider: str = "") -> None:
        self.found.append(Problem(self.source, key, message, remedy, provider))

    def count(self) -> int:
        return len(self.found)

    @classmethod
    def of(cls, path: Path) -> Problems:
        return cls(str(path))


def nearest(word: str, known: Iterable[str]) -> str:
    """Say which known word was probably meant: `did you mean "address"?`; empty if none is near."""
    import difflib  # only a mistake needs it

    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


def suggest(word: str, known: Iterable[str]) -> str:
    """Name the nearest known word, or all of them when none is near."""
    words = sorted(known)
    return nearest(word, words) or (f"known: {', '.join(words)}" if words else "")
