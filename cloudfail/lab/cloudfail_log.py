"""What cloudfail wrote to syslog, as one short sentence for the timeline."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping

_TAG = re.compile(r"^cloudfail(?:\[\d+\])?: ")
_TOLD_ELSEWHERE = frozenset({"ended", "call"})  # the summary follows; the cloud tells its calls


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
    words = " ".join(part for part in _said(event, fields) if part)
    return f"cloudfail: {event}" if not words else f"cloudfail: {event}: {words}"


def _said(event: str, fields: Mapping[str, str]) -> tuple[str, ...]:
    """Return what belongs into the sentence: of the agent's facts, or of a command's."""
    match event:
        case "role" if "now" in fields:
            return (
                "agent:",
                fields.get("before", ""),
                "->",
                fields["now"],
                fields.get("doubt", ""),
            )
        case "ran":
            return (fields.get("why", ""), fields.get("result", ""), fields.get("error", ""))
        case _:
            said = fields.get("text") or fields.get("summary") or fields.get("claims") or ""
            return (said, fields.get("error", ""))


def _fields(text: str) -> dict[str, str]:
    try:
        words = shlex.split(text)
    except ValueError:
        return {}
    return dict(word.split("=", maxsplit=1) for word in words if "=" in word)
