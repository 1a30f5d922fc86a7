"""Text that stays in its line: whatever a file or a cloud puts into a message."""

from __future__ import annotations


def one_line(text: str) -> str:
    """Return the text with everything escaped that would break a line, or steer a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
