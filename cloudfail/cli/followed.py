"""What followed the role, in a command's result. None: nothing follows it, nothing is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from cloudfail.cli.output import show
from cloudfail.errors import SupersededError
from cloudfail.line import one_line

if TYPE_CHECKING:
    from cloudfail.follow import Followed, Following

# No code of sysexits: the role, or the move, is fine all the same.
FAILED = 1


def exit_code(code: int, following: Following | None) -> int:
    """Return the move's own code; where that is 0, whether what follows did as well."""
    if code or following is None:
        return code
    if following.failed:
        return FAILED
    return SupersededError.exit_code if following.skipped else 0


def fields(following: Following | None) -> dict[str, Any]:
    """Return what the JSON document has beside the move."""
    if following is None:
        return {}
    return {
        "followed": [_value(one) for one in following.commands],
        "not_followed": following.skipped,
    }


def _value(one: Followed) -> dict[str, Any]:
    """Return it without secrets: the document may be kept, as the journal is."""
    from cloudfail.journal.entry import redact

    return {**msgspec.to_builtins(one), "argv": [redact(word) for word in one.argv]}


def show_followed(following: Following | None) -> None:
    for one in following.commands if following else ():
        show(one_line(f"{one.text}: {one.error or 'done'} ({one.seconds:.2f} s)"))
    if following is not None and following.skipped:
        show(one_line(f"services and hooks: {following.skipped}"))
