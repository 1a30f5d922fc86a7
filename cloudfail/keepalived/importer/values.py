"""The words after a keyword, as a value of cloudfail.toml; UnfitError where they are none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloudfail.config.problems import Problems
from cloudfail.config.values import parse_address
from cloudfail.config.vrrp import text as texts
from cloudfail.keepalived.importer.note import UnfitError
from cloudfail.keepalived.syntax import Statement
from cloudfail.keepalived.syntax.values import OFF, ON, number_of, seconds_of
from cloudfail.model import Address

Parse = Callable[[Statement], Any]


def flag(statement: Statement) -> bool:
    """A word after it means nothing to keepalived."""
    del statement
    return True


def switch(statement: Statement) -> bool:
    if statement.value in {"", *ON, *OFF}:
        return statement.value not in OFF
    raise UnfitError(f'"{statement.value}" is neither true nor false')


def number(text: str, low: int, high: int) -> int:
    found = number_of(text)
    if found is None or not low <= found <= high:
        raise UnfitError(f'"{text}" is no number from {low} to {high}')
    return found


def whole(low: int, high: int) -> Parse:
    return lambda statement: number(statement.value, low, high)


def seconds(low: float, high: float) -> Parse:
    def parse(statement: Statement) -> float:
        found = seconds_of(statement.value)
        if found is None or not low <= found <= high:
            why = f'"{statement.value}" is no time from {low:g} to {high:g} seconds'
            raise UnfitError(why)
        return found

    return parse


def one_of(*words: str) -> Parse:
    def parse(statement: Statement) -> str:
        if statement.value not in words:
            raise UnfitError(f'"{statement.value}" is not {" or ".join(words)}')
        return statement.value

    return parse


def text(kind: str) -> Parse:
    """One word, of a kind that cloudfail.toml takes: "name", "device", "path", "email" ..."""
    return lambda statement: fit(statement.value, kind)


def all_words(kind: str) -> Parse:
    return lambda statement: fit(statement.rest, kind)


def fit(word: str, kind: str) -> str:
    """Return the word, or raise UnfitError with the reason that `config check` would give."""
    problems = Problems("")
    if not word:
        raise UnfitError("it says nothing")
    if not word.isprintable():
        raise UnfitError("it holds control characters")
    if not texts.check(word, kind, "", problems):
        raise UnfitError(f"{problems.found[0].message}; {problems.found[0].remedy}")
    return word


def address(word: str) -> Address:
    problems = Problems("")
    found = parse_address(word, "", problems)
    if found is None:
        raise UnfitError(problems.found[0].message)
    return found


def one_address(statement: Statement) -> Address:
    return address(statement.value)
