"""The arguments that keepalived appends to a notify script.

keepalived.conf(5): `INSTANCE|GROUP name MASTER|BACKUP|FAULT|STOP|DELETED priority`. The priority
is the effective one, 0 for a group. MASTER_RX_LOWER_PRI has a script line of its own, to which
keepalived appends nothing.
"""

from __future__ import annotations

import enum

import msgspec

from cloudfail.errors import UsageError
from cloudfail.role import Role

SHAPE = "INSTANCE|GROUP NAME MASTER|BACKUP|FAULT|STOP|DELETED PRIORITY"
_WORDS = 4
_HIGHEST = 255
# A deleted instance ends like a stopped one.
_ROLES = {**{role.value: role for role in Role}, "DELETED": Role.STOP}


class Kind(enum.StrEnum):
    INSTANCE = "INSTANCE"
    GROUP = "GROUP"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What keepalived told: the role of one instance, or of a group."""

    kind: Kind
    name: str
    role: Role
    priority: int


def parse_notice(words: list[str]) -> Notice:
    """Return what the four arguments say. Raises UsageError that says which one is off."""
    if len(words) != _WORDS:
        raise UsageError(
            f"keepalived appends four arguments ({SHAPE}), here are {len(words)}: "
            f"{' '.join(words) or 'none'}; use it as notify, not as notify_master"
        )
    kind, name, state, priority = words
    if kind not in set(Kind):
        raise UsageError(f'"{kind}" is neither INSTANCE nor GROUP; keepalived says {SHAPE}')
    if state not in _ROLES:
        raise UsageError(f'"{state}" is no state; keepalived says {", ".join(_ROLES)}')
    if not (
        priority.isascii()
        and priority.isdigit()
        and len(priority) < _WORDS
        and int(priority) <= _HIGHEST
    ):
        raise UsageError(f'"{priority}" is no priority; keepalived says {SHAPE}')
    return Notice(kind=Kind(kind), name=name, role=_ROLES[state], priority=int(priority))
