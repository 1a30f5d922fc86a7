"""Is the clock right? Clouds refuse requests that are minutes off; auth_hmac wants seconds."""

from __future__ import annotations

import http.client
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from cloudfail.clock import wall_clock
from cloudfail.doctor.bounded import bounded
from cloudfail.doctor.check import Case, Check, Checks, failed, ok, warning
from cloudfail.errors import DeadlineError

METADATA = "http://169.254.169.254"  # the same address on AWS, Google Cloud and Azure
_SECONDS = 2.0
_LONGEST = 5.0
_NOTABLE = 5.0
_REFUSED = 240.0  # AWS refuses signatures that are five minutes off
_REMEDY = "let chrony or systemd-timesyncd set the clock"


def check_clock(case: Case) -> Checks:
    """Compare the clock with the API's, or the metadata service's: any answer carries a date."""
    reasons: list[str] = []
    for url in filter(None, (case.endpoint, METADATA)):
        try:
            skew = bounded(lambda url=url: skew_of(url), _LONGEST)  # type: ignore[misc]
        except (OSError, http.client.HTTPException, ValueError, DeadlineError) as error:
            reasons.append(f"{url} gave no date ({error})")
            continue
        yield _judged(skew, url)
        return
    yield warning("clock", f"not compared: {'; '.join(reasons)}", "compare it by hand: date -u")


def _judged(skew: float, url: str) -> Check:
    text = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {url}"
    if abs(skew) >= _REFUSED:
        refused = f"{text}: the API refuses signatures that are so far off"
        return failed("clock", refused, _REMEDY)
    if abs(skew) >= _NOTABLE:
        return warning("clock", text, _REMEDY)
    return ok("clock", f"agrees with {url}")


def skew_of(url: str) -> float:
    """Return by how many seconds this clock is ahead. Raises OSError, HTTPException, ValueError."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
    try:
        connection.request("GET", "/")
        date = connection.getresponse().getheader("Date")
    finally:
        connection.close()
    if not date:
        raise ValueError("no Date header")
    return wall_clock() - parsedate_to_datetime(date).timestamp()
