"""The script that notify_master names, read and never run: what it moves in the cloud."""

from __future__ import annotations

from cloudfail.keepalived.importer.script.reading import (
    Moved,
    Script,
    cloud_in,
    read_script,
    read_script_file,
    together,
)

__all__ = [
    "Moved",
    "Script",
    "cloud_in",
    "read_script",
    "read_script_file",
    "together",
]
