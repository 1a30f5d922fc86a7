"""Whom the agent answers: what a command shows and says then goes to them, not to its own streams."""

from __future__ import annotations

from contextvars import ContextVar


class Caller:
    """`started` is when the caller's process was started, in ticks since boot."""

    __slots__ = ("_said", "_shown", "colour", "started")

    def __init__(self, *, colour: bool, started: int) -> None:
        self.colour, self.started = colour, started
        self._shown: list[str] = []
        self._said: list[str] = []

    @property
    def shown(self) -> str:
        """What goes to standard output."""
        return "".join(self._shown)

    @property
    def said(self) -> str:
        """What goes to standard error."""
        return "".join(self._said)

    def show(self, text: str) -> None:
        self._shown.append(text)

    def say(self, line: str) -> None:
        self._said.append(f"{line}\n")


# None: the command runs in a process of its own.
CALLER: ContextVar[Caller | None] = ContextVar("caller", default=None)
