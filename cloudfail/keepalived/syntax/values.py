"""Numbers and switches as keepalived reads them."""

from __future__ import annotations

ON = frozenset({"true", "yes", "on"})
OFF = frozenset({"false", "no", "off"})
_MOST_DIGITS = 10


def number_of(text: str) -> int | None:
    """A whole number of people's size: ASCII digits, perhaps a sign."""
    digits = text.removeprefix("-").removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        return None
    return int(text)


def seconds_of(text: str) -> float | None:
    """A time; a fraction may stand without its whole part."""
    whole, _, fraction = text.partition(".")
    digits = whole + fraction
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS):
        return None
    return float(f"0{text}")
