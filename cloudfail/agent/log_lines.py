"""How a fact is written: logfmt or JSON, with what the reader of the log does not know itself."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from cloudfail.clock import wall_clock
from cloudfail.logfmt import logfmt

LONGEST = 16_000  # the journal cuts at 48 KiB (journald.conf(5), LineMax=)


class Level(enum.IntEnum):
    """syslog(3)'s priorities, which sd-daemon(3) has as well."""

    ERROR = 3
    WARNING = 4
    NOTICE = 5
    INFO = 6


def render(format_: str, level: Level, fields: Mapping[str, Any], *, has_clock: bool) -> str:
    """Return the line, without its end. `has_clock`: whoever keeps the log notes the time."""
    head = {} if has_clock else {"ts": _timestamp()}
    line = {**head, "level": level.name.lower(), **fields}
    if format_ == "json":
        kept = {key: value for key, value in line.items() if value not in ("", None)}
        return _json(kept)
    text = logfmt(line)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _json(line: Mapping[str, Any]) -> str:
    """Return an object that stays one: a text too long is cut within its quotes."""
    text = msgspec.json.encode(line, enc_hook=str).decode()
    if len(text) <= LONGEST:
        return text
    share = LONGEST // len(line) // 6  # JSON may write a character as six
    cut = {key: value[:share] if isinstance(value, str) else value for key, value in line.items()}
    return msgspec.json.encode(cut, enc_hook=str).decode()


def _timestamp() -> str:
    now = datetime.fromtimestamp(wall_clock(), UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
