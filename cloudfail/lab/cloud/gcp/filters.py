"""Filter expressions of list methods, as the discovery document of Compute words them.

Both kinds are there: AIP-160 (`name = a`, `labels.owner:*`, `(a = 1) (b != 2)`, AND, OR, NOT on
none) and the older one with regular expressions (`name eq edge-.*`). They do not mix. OR binds
closer than AND, as in AIP-160.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cloudfail.lab.cloud.gcp.answers import ComputeError

Test = Callable[[Mapping[str, Any]], bool]
_TERM = re.compile(
    r"""\s*(?P<field>[\w.\-]+)\s*
    (?P<how>!=|<=|>=|=|<|>|:|\beq\b|\bne\b)\s*
    (?P<value>"(?:[^"\\]|\\.)*"|'[^']*'|[^\s()]+)\s*""",
    re.VERBOSE,
)
_TOKEN = re.compile(r"\s*(?P<token>\(|\)|AND\b|OR\b)\s*")


def parse_filter(text: str) -> Test:
    """Return the test of an expression; ComputeError 400 for one that is not well formed."""
    if not text.strip():
        return lambda _: True
    parser = _Parser(text)
    test = parser.conjunction()
    parser.end()
    return test


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._styles: set[bool] = set()

    def conjunction(self) -> Test:
        tests = [self._alternatives()]
        while self._is_more():
            self._take("AND")
            tests.append(self._alternatives())
        return lambda item: all(test(item) for test in tests)

    def end(self) -> None:
        if self._at < len(self._text):
            raise self._error()

    def _alternatives(self) -> Test:
        tests = [self._single()]
        while self._take("OR"):
            tests.append(self._single())
        return lambda item: any(test(item) for test in tests)

    def _single(self) -> Test:
        if self._take("("):
            test = self.conjunction()
            if not self._take(")"):
                raise self._error()
            return test
        found = _TERM.match(self._text, self._at)
        if found is None:
            raise self._error()
        self._at = found.end()
        self._styles.add(found["how"] in {"eq", "ne"})
        if len(self._styles) > 1:
            raise self._error()
        value = found["value"]
        plain = value[1:-1] if value[0] in "\"'" else value
        return _comparison(found["field"], found["how"], plain)

    def _is_more(self) -> bool:
        rest = self._text[self._at :].lstrip()
        return bool(rest) and not rest.startswith(")")

    def _take(self, token: str) -> bool:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found["token"] != token:
            return False
        self._at = found.end()
        return True

    def _error(self) -> ComputeError:
        message = (
            f"Invalid value for field 'filter': '{self._text}'. Invalid list filter expression."
        )
        return ComputeError(400, message)


def _comparison(field: str, how: str, value: str) -> Test:
    def test(item: Mapping[str, Any]) -> bool:
        found = list(_values(item, field.split(".")))
        match how:
            case "=" | "eq":
                return any(_equals(one, value, pattern=how == "eq") for one in found)
            case "!=" | "ne":
                return not any(_equals(one, value, pattern=how == "ne") for one in found)
            case ":":
                return any(value == "*" or value in _text(one) for one in found)
            case _:
                return any(_orders(one, how, value) for one in found)

    return test


def _values(item: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(item, list):
        for one in item:
            yield from _values(one, names)
    elif not names:
        yield item
    elif isinstance(item, Mapping) and names[0] in item:
        yield from _values(item[names[0]], names[1:])


def _equals(value: Any, wanted: str, *, pattern: bool) -> bool:
    if pattern:
        return re.fullmatch(wanted, _text(value)) is not None
    if "*" in wanted:
        return re.fullmatch(".*".join(map(re.escape, wanted.split("*"))), _text(value)) is not None
    return _text(value) == wanted


def _orders(value: Any, how: str, wanted: str) -> bool:
    try:
        one, other = float(value), float(wanted)
    except (TypeError, ValueError):
        return False
    return {"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[how]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
