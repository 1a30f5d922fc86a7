"""Is the clock right? Clouds refuse requests that are minutes off; auth_hmac wants seconds."""

from __future__ import annotations

import http.client
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from cloudfail.clock import wall_clock
from cloudfail.doctor.check import Case, Checks, failed, ok, warning

METADATA = "http://169.254.169.254"  # the same address on AWS, Google Cloud and Azure
_SECONDS = 2.0
_NOTABLE = 5.0
_REFUSED = 240.0  # AWS refuses signatures that are five minutes off
_REMEDY = "let chrony or systemd-timesyncd set the clock"


def check_clock(case: Case) -> Checks:
    """Compare the clock with the API's, or the metadata service's: any answer carries a date."""
    subject = f"{case.instance.name}: clock"
    url = case.endpoint or METADATA
    try:
        skew = skew_of(url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield warning(subject, f"not compared: {url} gave no date ({error})")
        return
    text = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {url}"
    if abs(skew) >= _REFUSED:
        yield failed(subject, f"{text}: the API refuses signatures that are so far off", _REMEDY)
    elif abs(skew) >= _NOTABLE:
        yield warning(subject, text, _REMEDY)
    else:
        yield ok(subject, f"agrees with {url}")


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
