"""The header `Retry-After`: RFC 9110, 10.2.3."""

from __future__ import annotations

import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that an answer asks to wait; None when it does not say.

    The names of `headers` are in lower case. A date is counted from the answer's own `date`, so that no
    clock of ours is asked; without one it says nothing.
    """
    text = headers.get("retry-after", "")
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, headers.get("date", ""))
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _until(text: str, sent: str) -> float | None:
    try:
        pause = parsedate_to_datetime(text) - parsedate_to_datetime(sent)
    except (ValueError, TypeError):  # one of the two has no zone
        return None
    return max(0.0, pause.total_seconds())
