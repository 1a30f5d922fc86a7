"""One line of the journal: its fields, its encoding, and what never gets into it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from cloudfail.clock import wall_clock
from cloudfail.model import to_json

VERSION = 1
_HIDDEN = "***"
_SECRET_KEY = re.compile(
    r"secret|passw|token|credential|authorization|signature|private_?key|access_?key|api_?key",
    re.IGNORECASE,
)
_NAMED = r"[\w-]*(?:secret|passw|token|credential|signature|authorization|api_?key)[\w-]*"
_SECRET_TEXT = re.compile(
    rf"(?P<lead>\b{_NAMED}=|[\"']{_NAMED}[\"']\s*:\s*[\"']|authorization:\s*(?:\w+\s+)?"
    r"|://[^/@\s:]*:(?=[^/@\s]+@))[^\s\"'&,;@]+",
    re.IGNORECASE,
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A line as read. `time` is ISO 8601 in UTC with milliseconds; `fields` is all the rest."""

    event: str
    time: str
    v: int = VERSION
    run_id: str = ""
    instance: str = ""
    node: str = ""
    generation: int = 0
    fields: Mapping[str, Any] = {}


_OWN = tuple(name for name in Entry.__struct_fields__ if name != "fields")


def encode(
    head: Mapping[str, Any], event: str, fields: Mapping[str, Any], at: float | None = None
) -> bytes:
    """Encode one line with its newline. Never raises: what has no JSON form is written as text.

    `at` is when it was written, in seconds since the epoch; without it: now. A field that has the
    name of one of the journal's own gets an underscore.
    """
    moment = timestamp(wall_clock() if at is None else at)
    own = {"v": VERSION, "time": moment, **head, "event": event}
    rest = {f"{name}_" if name in own else name: value for name, value in fields.items()}
    line = {name: _writable(value) for name, value in own.items()}
    line |= {str(_writable(name)): _plain(name, value) for name, value in rest.items()}
    return msgspec.json.encode(line) + b"\n"


def decode(line: bytes) -> Entry | None:
    """Decode a line; None for a torn one, or garbage."""
    try:
        found = msgspec.json.decode(line, type=dict[str, Any])
        own = {name: found.pop(name) for name in _OWN if name in found}
        return msgspec.convert({**own, "fields": found}, Entry)
    except (ValueError, RecursionError):  # msgspec's errors, and not UTF-8, are ValueErrors
        return None


def timestamp(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return moment.replace("+00:00", "Z")


def redact(text: str) -> str:
    """Blank out what looks like a secret in text that others wrote."""
    return _SECRET_TEXT.sub(rf"\g<lead>{_HIDDEN}", text)


def _plain(name: str, value: Any) -> Any:
    try:
        return _redacted(name, to_json(value))
    except Exception:  # noqa: BLE001  a value's own __str__ may raise anything; the line goes out
        return f"<{type(value).__name__} that has no text>"


def _redacted(name: str, value: Any) -> Any:
    if _SECRET_KEY.search(name):
        return _HIDDEN if value else _writable(value)
    if isinstance(value, dict):
        return {str(_writable(key)): _redacted(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_redacted("", inner) for inner in value]
    return redact(_writable(value)) if isinstance(value, str) else _writable(value)


def _writable(value: Any) -> Any:
    """Replace what JSON in UTF-8 cannot carry: lone surrogates, and integers past 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 64:
        return str(value)
    return value
