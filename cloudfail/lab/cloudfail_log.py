"""What cloudfail wrote to syslog, as one short sentence for the timeline."""

from __future__ import annotations

import re
import shlex

_TAG = re.compile(r"^cloudfail(?:\[\d+\])?: ")
_TOLD_ELSEWHERE = frozenset({"ended"})  # the summary follows


def sentence(line: str) -> str:
    """Return what the line says; "" for a fact that another line tells better.

    A line that is not cloudfail's, or not `key=value`, comes out as it is.
    """
    if not _TAG.match(line):
        return line
    text = _TAG.sub("", line)
    fields = _fields(text)
    event = fields.get("event", "")
    if not event:
        return f"cloudfail: {text}"
    if event in _TOLD_ELSEWHERE:
        return ""
    said = fields.get("text") or fields.get("summary") or fields.get("claims") or ""
    error = fields.get("error", "")
    words = " ".join(part for part in (said, error) if part)
    return f"cloudfail: {event}" if not words else f"cloudfail: {event}: {words}"


def _fields(text: str) -> dict[str, str]:
    try:
        words = shlex.split(text)
    except ValueError:
        return {}
    return dict(word.split("=", maxsplit=1) for word in words if "=" in word)
