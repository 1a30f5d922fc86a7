"""What was asked of Azure Resource Manager, and what it answers when it says no."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from typing import Any

import msgspec
from cloudfail.retry_after import retry_after

# What is denied is said at the end, after several ids.
_MOST_TEXT = 2000


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What was called: names the operation, its object and the endpoint in messages."""

    operation: str
    subject: str = ""
    endpoint: str = "Azure Resource Manager"

    def __str__(self) -> str:
        return f"{self.operation} on {self.subject}" if self.subject else self.operation


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """`status` is 0 inside of an operation; `retry_after` is in seconds, None when it was not said."""

    code: str
    message: str
    status: int = 0
    retry_after: float | None = None


def find_answer(
    document: Any, status: int, headers: Mapping[str, str], known: Container[str]
) -> Answer | None:
    """Read `{"error": {"code", "message", "details"}}`; None when it was not Azure that spoke.

    The innermost code that is `known` counts: a 429 is a throttled call or a locked resource, and
    a canceled operation a superseded one, only by the details.
    """
    error = document.get("error") if isinstance(document, Mapping) else None
    if not isinstance(error, Mapping) or not error.get("code"):
        return None
    said = list(_said(error))
    code, message = next((pair for pair in reversed(said) if pair[0] in known), said[0])
    return Answer(
        code=code,
        message=one_line(message or error.get("message", ""), _MOST_TEXT),
        status=status,
        retry_after=retry_after(headers),
    )


def _said(error: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield codes and messages, from the outermost in."""
    yield str(error.get("code", "")), str(error.get("message", ""))
    for detail in error.get("details") or ():
        if isinstance(detail, Mapping):
            yield from _said(detail)


def one_line(text: object, most: int = 300) -> str:
    return re.sub(r"\s+", " ", str(text)).strip()[:most]
