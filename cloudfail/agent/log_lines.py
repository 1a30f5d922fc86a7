"""How a fact is written: logfmt or JSON, with what the reader of the log does not know itself."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

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
    text = _ascii(line)
    if len(text) <= LONGEST:
        return text
    share = LONGEST // len(line) // 12  # JSON may write a character as twelve
    cut = {key: value[:share] if isinstance(value, str) else value for key, value in line.items()}
    return _ascii(cut)


def _ascii(line: Mapping[str, Any]) -> str:
    """Everything else is escaped: half a surrogate pair of a cloud, and what breaks lines."""
    return json.dumps(line, default=str, separators=(",", ":"))


def _timestamp() -> str:
    now = datetime.fromtimestamp(wall_clock(), UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
