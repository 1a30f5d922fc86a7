"""Wait for what the agent does; it goes on, whoever stops waiting."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from typing import TypeVar

from cloudfail.errors import DeadlineError

T = TypeVar("T")
# The run has the same deadline, and tells more about it.
_AFTER = 1.0


async def awaited(future: Future[T], asked: float | None, usual: float) -> T:
    """Return what the Future brings: within what was asked for, else a little more than usual.

    Raises what it raises, and DeadlineError. It is never cancelled.
    """
    seconds = asked or usual + _AFTER
    waiting = asyncio.wrap_future(future)
    waiting.add_done_callback(_heard)
    done, _ = await asyncio.wait({waiting}, timeout=seconds)
    if not done:
        raise DeadlineError(
            f"time is up after {seconds:g} s; the agent goes on, see `cloudfail status`"
        )
    return waiting.result()


def _heard(future: asyncio.Future[T]) -> None:
    """What nobody waits for any more is no error of the loop."""
    if not future.cancelled():
        future.exception()
