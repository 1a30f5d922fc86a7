"""From the keepalived.conf of a pair that works today: the cloudfail.toml that generates it."""

from __future__ import annotations

from cloudfail.keepalived.importer.note import Note
from cloudfail.keepalived.importer.notifies import Scripts
from cloudfail.keepalived.importer.run import Imported, import_files

__all__ = ["Imported", "Note", "Scripts", "import_files"]
