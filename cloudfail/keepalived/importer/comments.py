"""What stands in the toml above a line that an operator has to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudfail.config.file import InstanceTable
from cloudfail.keepalived.importer.claims import Claimed
from cloudfail.keepalived.importer.seats import Seat

Comment = tuple[str, tuple[str, ...]]


def comments_of(
    name: str, table: InstanceTable, seats: Sequence[Seat], claimed: Claimed
) -> dict[str, tuple[str, ...]]:
    """Return the lines by the path of their key, as the writer of the toml takes them."""
    return dict(_comments(f"instance.{name}", table, seats, claimed))


def _comments(
    path: str, table: InstanceTable, seats: Sequence[Seat], claimed: Claimed
) -> Iterator[Comment]:
    if table.nopreempt is False:
        yield (
            f"{path}.nopreempt",
            ("As before: a better node that comes back takes over, which moves the claims again.",),
        )
    for index, seat in enumerate(seats):
        where = f"{path}.node[{index}]"
        if seat.is_stand_in:
            yield f"{where}.address", ("No file says it: write the node's own address.",)
        if seat.member is None:
            yield f"{where}.priority", ("A guess: no file says it.",)
    if claimed.is_offered and claimed.claims:
        yield (
            f"{path}.claim[0]",
            (
                "Offered: is it a private-ip, a route, or what a public-ip sits on (private_address)?",
            ),
        )
    if not claimed.claims and not claimed.comment:
        yield f"{path}.end", ("", "No claim yet: add [[...claim]], what the master must own.")
    elif claimed.comment:
        yield f"{path}.end", ("", *claimed.comment)
