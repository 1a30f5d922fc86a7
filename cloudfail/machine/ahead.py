"""A question that is asked while something slow is still being imported."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """A question asked in the background; its outcome is good for one `take`."""

    def __init__(self, ask: Callable[[], T]) -> None:
        self._ask = ask
        self._outcome: Future[T] | None = None

    def begin(self) -> Callable[[], None]:
        """Promise an outcome; return what the background has to run to bring it about.

        `take` may come first: it then waits.
        """
        outcome = self._outcome = Future[T]()

        def run() -> None:
            try:
                outcome.set_result(self._ask())
            except BaseException as exc:  # noqa: BLE001 - raised again where it is wanted
                outcome.set_exception(exc)

        return run

    def take(self) -> T:
        """Return (or raise) what came of it, the first time; ask now, later on."""
        outcome, self._outcome = self._outcome, None
        return self._ask() if outcome is None else outcome.result()
