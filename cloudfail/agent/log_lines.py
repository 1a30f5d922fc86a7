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


def render(
    format_: str,
    level: Level,
    fields: Mapping[str, Any],
    *,
    has_clock: bool,
    longest: int = LONGEST,
) -> str:
    """Return the line, without its end. `has_clock`: whoever keeps the log notes the time.

    `longest` is how many characters an object of JSON may have to stay one.
    """
    head = {} if has_clock else {"ts": _timestamp()}
    line = {**head, "level": level.name.lower(), **fields}
    if format_ == "json":
        kept = {key: value for key, value in line.items() if value not in ("", None)}
        return _json(kept, longest)
    text = logfmt(line)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _json(line: Mapping[str, Any], longest: int) -> str:
    """Return an object that stays one: texts too long are cut within their quotes."""
    text, share = _ascii(line), longest
    while len(text) > longest and share:
        share //= 2
        text = _ascii({key: _cut(value, share) for key, value in line.items()})
    return text


def _cut(value: Any, share: int) -> Any:
    return value[:share] if isinstance(value, str) else value


def _ascii(line: Mapping[str, Any]) -> str:
    """Everything else is escaped: half a surrogate pair of a cloud, and what breaks lines."""
    return json.dumps(line, default=str, separators=(",", ":"))


def _timestamp() -> str:
    now = datetime.fromtimestamp(wall_clock(), UTC)
    return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
