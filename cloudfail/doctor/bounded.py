"""An end for what may hang: a name server, a socket that drips, a provider of somebody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from cloudfail.errors import DeadlineError

T = TypeVar("T")


def bounded(call: Callable[[], T], seconds: float) -> T:
    """Return what the call returns; DeadlineError when it takes longer, and it is left behind.

    The thread that is left behind does not keep the process.
    """
    result: list[T] = []
    raised: list[BaseException] = []

    def work() -> None:
        try:
            result.append(call())
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            raised.append(error)

    thread = threading.Thread(target=work, name="doctor", daemon=True)
    thread.start()
    thread.join(seconds)
    if raised:
        raise raised[0]
    if not result:
        raise DeadlineError(f"no answer within {seconds:g} s; is the API, or DNS, out of reach?")
    return result[0]
