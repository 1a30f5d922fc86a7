"""`~SEQ` and `~LST`: one line that stands for many (keepalived.conf(5), "Sequence blocks")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

Setting = tuple[tuple[str, str], ...]

_SEQ = re.compile(r"~SEQ(x?)[ \t]*\([ \t]*([^ \t,)]+)[ \t]*,([^)]*)\)[ \t]*(.*)", re.DOTALL)
_LST = re.compile(
    r"~LST[ \t]*\([ \t]*(\{[^{}]*\}|[^ \t,{}()]+)[ \t]*,"
    r"((?:\{[^{}]*\}|[^{}()])*)\)[ \t]*(.*)",
    re.DOTALL,
)
_VALUES = re.compile(r"[ \t]*(?:\{([^{}]*)\}|([^,{}]*))[ \t]*(?:,|\Z)")
_BLANK_INSIDE = re.compile(r"[^ \t][ \t]+[^ \t]")
_NUMBER = re.compile(r"([+-]?)(0[xX][0-9A-Fa-f]+|[0-9]+)")
_HUGE = 1 << 62  # a long


class Sequence(NamedTuple):
    """`text`, once for each of `settings`: the names to define, and their values."""

    settings: Iterator[Setting]
    text: str


def read_seq(text: str, replace: Callable[[str], str]) -> Sequence | None:
    """None where keepalived says `Invalid ~SEQ specification`. The bounds may be `$NAME`."""
    match = _SEQ.fullmatch(text)
    if match is None:
        return None
    bounds = _bounds(replace(match[3]))
    is_hex = bool(match[1])
    if bounds is None or (is_hex and min(bounds[0], bounds[2]) < 0):
        return None
    start, step, end = bounds
    counted = range(start, end + (1 if step > 0 else -1), step)
    name = match[2]
    written = (f"{value:x}" if is_hex else str(value) for value in counted)
    return Sequence((((name, value),) for value in written), match[4])


def read_lst(text: str) -> Sequence | None:
    """None where keepalived says `Invalid ~LST specification`. Values that miss are empty."""
    match = _LST.fullmatch(text)
    if match is None:
        return None
    names = _split(match[1].strip("{}"))
    sets = []
    for braced, single in _value_sets(match[2]):
        values = _split(braced) if braced is not None else [single.strip(" \t")]
        if len(values) > len(names) or any(map(_BLANK_INSIDE.search, values)):
            return None
        sets.append(values + [""] * (len(names) - len(values)))
    settings = (tuple(zip(names, values, strict=True)) for values in sets)
    return Sequence(settings, match[3])


def _value_sets(text: str) -> Iterator[tuple[str | None, str]]:
    at = 0
    while at < len(text):
        match = _VALUES.match(text, at)
        if match is None or match.end() == at:
            return
        at = match.end()
        yield match[1], match[2] or ""


def _split(text: str) -> list[str]:
    return [word.strip(" \t") for word in text.split(",")]


def _bounds(text: str) -> tuple[int, int, int] | None:
    """Start, step and end of one, two or three numbers."""
    numbers = [_number(word) for word in text.split(",")]
    known = [number for number in numbers if number is not None]
    if len(known) != len(numbers):
        return None
    match known:
        case [end]:
            return (-1 if end < 0 else 1), (-1 if end < 1 else 1), end
        case [start, end]:
            return start, (1 if start <= end else -1), end
        case [start, step, end] if step and (end - start) * step >= 0:
            return start, step, end
    return None


def _number(text: str) -> int | None:
    """As strtol() with base 0 does: nothing is 0, `0x1f` is hexadecimal, `017` octal."""
    word = text.strip(" \t")
    if not word:
        return 0
    match = _NUMBER.fullmatch(word)
    if match is None:
        return None
    sign, digits = match.groups()
    base = 16 if digits[:2] in ("0x", "0X") else 8 if digits[0] == "0" else 10
    try:
        value = int(digits, base)
    except ValueError:  # `08`
        return None
    return max(-_HUGE, min(_HUGE, -value if sign == "-" else value))
