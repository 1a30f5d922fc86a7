"""A role that flaps: each change is obeyed at once, a storm of them by its last ones."""

from __future__ import annotations

_FIRST = 0.04
_LONGEST = 0.25
_QUIET = 1.0


class Calm:
    """When the next run for a new role may begin. Pure; times are monotonic seconds.

    A run that wrote nothing, mostly since another role ended it, has cost a look, and a part of
    the account's call limits. Such runs close to each other begin further and further apart, up to
    a quarter of a second; so the last role of a storm is obeyed after that at the latest.
    """

    def __init__(self) -> None:
        self._vain = 0
        self.until = 0.0

    def ended(self, began: float, *, has_written: bool) -> None:
        """Note the end of a run for a new role, and when it began."""
        if has_written:
            self._vain, self.until = 0, 0.0
            return
        if began > self.until + _QUIET:
            self._vain = 0
        self._vain += 1
        self.until = began + min(_FIRST * 2.0 ** (self._vain - 1), _LONGEST)
