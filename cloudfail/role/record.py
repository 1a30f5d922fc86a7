"""What is on record for an instance: the newest event, and what happened since."""

from __future__ import annotations

import json

import msgspec

from cloudfail.role.event import TICKS, Event, Role


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """The newest role event of an instance.

    `generation` grows with every change of role. `at` is when it was recorded, in seconds since
    the epoch, for people. `looked` is when the newest look that verified this generation began,
    in seconds since boot; 0.0 for never; `subject` names what it looked at. `yielded` is the
    generation of the newest BACKUP.
    """

    event: Event
    generation: int
    at: float
    looked: float = 0.0
    subject: str = ""
    yielded: int = 0

    @property
    def role(self) -> Role:
        return self.event.role

    def is_fresh_for(self, event: Event, subject: str = "") -> bool:
        """Tell whether this role was verified, for the subject, by a look that began after the event.

        The start of a process is known to a tick, so the look must be from a later tick.
        """
        same = (self.event.boot_id, self.role) == (event.boot_id, event.role)
        return same and self.subject == subject and self.looked * TICKS >= event.started + 1


def encode(recorded: Recorded) -> bytes:
    """Encode as ASCII: an instance's name may be text that UTF-8 cannot carry."""
    return json.dumps(msgspec.to_builtins(recorded), sort_keys=True).encode() + b"\n"


def decode(content: bytes, instance: str) -> Recorded | None:
    """Decode, or None for anything that is not a whole record of this instance."""
    try:
        recorded = msgspec.convert(json.loads(content), Recorded)
    except (ValueError, RecursionError):  # msgspec's and json's errors are ValueErrors
        return None
    return recorded if recorded.event.instance == instance else None
