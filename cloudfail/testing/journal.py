"""A journal in a list."""

from __future__ import annotations

from typing import Any


class ListJournal:
    """Keeps (event, fields) in `lines`; `settled` counts the fsyncs that were asked for."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []
        self.settled = 0

    def write(self, event: str, **fields: Any) -> None:
        self.lines.append((event, fields))

    def settle(self, seconds: float = 0.2) -> bool:
        del seconds
        self.settled += 1
        return True

    def close(self) -> None:
        """Nothing to close."""

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the fields of every line of one event."""
        return [fields for event, fields in self.lines if event == name]
