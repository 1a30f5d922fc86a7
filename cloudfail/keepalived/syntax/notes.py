"""What is found while reading, besides the statements."""

from __future__ import annotations

from cloudfail.keepalived.syntax.tree import Comment, Kind, Place, SyntaxFinding

MANY = 1_000
OPEN_QUOTE = "a quote is not closed: keepalived drops what follows it"


class Notes:
    """Each finding once; from the thousandth on they are the same mistake over and over."""

    def __init__(self) -> None:
        self._findings: dict[SyntaxFinding, None] = {}
        self.comments: list[Comment] = []
        self.files: list[str] = []
        self.config_ids: dict[str, None] = {}
        self.empty: list[SyntaxFinding] = []

    def find(self, place: Place, message: str, kind: Kind) -> None:
        if len(self._findings) < MANY:
            self._findings[SyntaxFinding(place, message, kind)] = None

    @property
    def findings(self) -> tuple[SyntaxFinding, ...]:
        return tuple(self._findings)
