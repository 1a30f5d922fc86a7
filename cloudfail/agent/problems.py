"""What does not work, in sentences: said in the log once when it begins, and once when it is over."""

from __future__ import annotations

from collections.abc import Callable, Sequence


class Problems:
    """`found` gives the problems of now; `note` takes an event, an instance and a sentence."""

    def __init__(
        self, found: Callable[[], Sequence[str]], note: Callable[[str, str, str], None]
    ) -> None:
        self._found, self._note = found, note
        self._told: tuple[str, ...] = ()

    def look(self) -> None:
        before, self._told = self._told, tuple(dict.fromkeys(self._found()))
        for text in self._told:
            if text not in before:
                self._note("problem", "", text)
        for text in before:
            if text not in self._told:
                self._note("problem_over", "", text)
