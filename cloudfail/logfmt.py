"""Lines of `key=value`, and whether systemd's journal takes them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from cloudfail.line import one_line


def logfmt(fields: Mapping[str, Any]) -> str:
    """Return `key=value key="two words"`; fields that are empty are left out."""
    return " ".join(
        f"{key}={_quoted(value)}" for key, value in fields.items() if value not in ("", None)
    )


def is_journal() -> bool:
    """systemd.exec(5): JOURNAL_STREAM is device:inode of a stream that goes to the journal."""
    stream = os.environ.get("JOURNAL_STREAM", "")
    if not stream:
        return False
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return stream == f"{status.st_dev}:{status.st_ino}"


def _quoted(value: Any) -> str:
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = str(value)
    if text and text.isprintable() and not any(char in ' "=' for char in text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{one_line(escaped)}"'
