"""What a server asks for when it says that it is asked too often."""

from __future__ import annotations

import pytest
from cloudfail.retry_after import retry_after

NOON, LATER = "Sun, 06 Nov 1994 12:00:00 GMT", "Sun, 06 Nov 1994 12:00:07 GMT"


@pytest.mark.parametrize(
    ("asked", "sent", "seconds"),
    [
        ("7", "", 7),
        ("0.5", NOON, 0.5),
        ("-3", "", 0),
        (LATER, NOON, 7),
        (NOON, LATER, 0),
        (LATER, "", None),
        ("Sun, 06 Nov 1994 12:00:07 -0000", NOON, None),
        ("", NOON, None),
        ("soon", NOON, None),
        ("nan", "", None),
        ("inf", "", None),
        ("9" * 400, "", None),
    ],
)
def test_seconds_or_a_date_by_the_servers_own_clock(
    asked: str, sent: str, seconds: float | None
) -> None:
    headers = {"retry-after": asked, "date": sent}
    assert retry_after({name: text for name, text in headers.items() if text}) == seconds
