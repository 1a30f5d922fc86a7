"""What to own: cloudfail.toml, and the variables and flags on top of it."""

from __future__ import annotations

from cloudfail.config.model import (
    Config,
    ConfiguredNode,
    GuardSettings,
    Instance,
    JournalSettings,
)
from cloudfail.config.reader import DEFAULT_PATH, examine, is_there, load, without_file
from cloudfail.config.select import choose

__all__ = [
    "DEFAULT_PATH",
    "Config",
    "ConfiguredNode",
    "GuardSettings",
    "Instance",
    "JournalSettings",
    "choose",
    "examine",
    "is_there",
    "load",
    "without_file",
]
