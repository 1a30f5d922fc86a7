"""How findings name what they are about."""

from __future__ import annotations

from collections.abc import Iterable


def several(found: Iterable[object]) -> str:
    """Name the first, and how many there are besides: one remedy mends them all."""
    first, *others = found
    return f"{first} and {len(others)} more" if others else str(first)
