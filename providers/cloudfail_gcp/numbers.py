"""The priority numbers that routes are made with."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

# With each failover a standing route moves up by one; at the end of these they begin anew.
STANDING = 16


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """Two numbers for one route, P - 1 and P; sixteen from P on where each node has one `standing`."""

    priority: int = 1000
    standing: bool = False

    @property
    def window(self) -> range:
        if self.standing:
            return range(self.priority, self.priority + STANDING)
        return range(self.priority - 1, self.priority + 1)

    def free(self, taken: Collection[int], above: int = -1) -> list[int]:
        """Return the numbers that no route has, of those above the given one."""
        return [number for number in self.window if number > above and number not in taken]
