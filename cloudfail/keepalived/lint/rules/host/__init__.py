"""The machine that the file is for: its scripts, users, devices, addresses and files."""

from __future__ import annotations

from cloudfail.keepalived.lint.rules.host import commands, files, machine

RULES = (*commands.RULES, *machine.RULES, *files.RULES)
