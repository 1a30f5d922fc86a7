"""keepalived's own word on its roles, from its log lines (2.2.x; the same texts up to 2.4)."""

from __future__ import annotations

import re

_ROLE = re.compile(r"\((?P<name>[^)]+)\) Entering (?P<role>MASTER|BACKUP|FAULT) STATE")
_LOWER = re.compile(r"\((?P<name>[^)]+)\) Received advert from (?P<peer>\S+) with lower priority")
_FAREWELL = re.compile(r"\([^)]+\) sent 0 priority")
_STAMP = re.compile(r"^[A-Z][a-z]{2} [A-Z][a-z]{2} +\d+ [\d:.]+ \d{4}: ")
_NOTEWORTHY = re.compile(
    r"disabling|ignoring|SECURITY VIOLATION|exited with|resolved by path search|cannot be accessed"
)


def plain(line: str) -> str:
    """Return the line without its time stamp."""
    return _STAMP.sub("", line.strip())


def role_of(line: str) -> str:
    """Return MASTER, BACKUP, FAULT, STOP, RX_LOWER_PRI, FAREWELL, or "" for none of them.

    FAREWELL is the advert of priority 0 with which a master leaves, for whatever reason.
    """
    if found := _ROLE.search(line):
        return found["role"]
    if _LOWER.search(line):
        return "RX_LOWER_PRI"
    if _FAREWELL.search(line):
        return "FAREWELL"
    return "STOP" if plain(line).startswith("Stopped Keepalived") else ""


def is_noteworthy(line: str) -> bool:
    """Say whether the line is a complaint an operator should see."""
    return _NOTEWORTHY.search(line) is not None


_SYSLOG = re.compile(r"^<\d+>(?:[A-Z][a-z]{2} [ \d]\d [\d:]+ )?")


def syslog_text(datagram: str) -> str:
    """Return a syslog datagram without priority and time."""
    return _SYSLOG.sub("", datagram)
