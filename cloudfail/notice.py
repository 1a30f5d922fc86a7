"""What a cloud announces to a machine: that it will pause, restart, move or take it away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One announcement for this machine.

    `id` tells it from all others that are announced at the same time; `kind` is the cloud's word
    for what will happen. `begins` says when, as the cloud says it; empty: it did not. `has_begun`:
    it is under way. `text` is what the cloud says of it. `waits`: the cloud waits until `begins`
    unless it is acknowledged.
    """

    id: str
    kind: str
    begins: str = ""
    text: str = ""
    has_begun: bool = False
    waits: bool = False


class Notices(Protocol):
    """Where a machine reads its announcements. Used by one thread, which may be kept waiting."""

    def look(self) -> Sequence[Notice]:
        """Say all that is announced now; nothing is left out that still stands.

        May take as long as the cloud takes to answer. Raises UnreachableError where it does not
        answer, or says what cannot be read; never guesses.
        """
        ...

    def acknowledge(self, notice: Notice) -> None:
        """Let the cloud begin: nothing on this machine has to wait. Only for a notice that waits.

        Must be idempotent. Raises UnreachableError.
        """
        ...
