"""Waiting for a value to change: compute/docs/metadata/querying-metadata, `wait_for_change`."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from typing import Any

from cloudfail.lab.cloud.httpd import Incoming
from cloudfail.lab.cloud.notices import Notices

_POLL = 0.25  # what is no notice is looked at this often, in seconds


def etag_of(value: Any) -> str:
    """Return what the header ETag says of a value."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:16]


def settled(incoming: Incoming, notices: Notices, look: Callable[[], Any]) -> Any:
    """Return what `look` finds: with wait_for_change once that is news to the caller.

    `last_etag` is what they know; without it, what there is when they ask. After `timeout_sec`
    they get what there is. ValueError when that is not a number of seconds.
    """
    query = incoming.query
    version, value = notices.version, look()
    if query.get("wait_for_change", "").lower() != "true":
        return value
    seconds = float(query.get("timeout_sec", "inf"))
    if math.isnan(seconds) or seconds < 0:
        raise ValueError(seconds)
    until = time.monotonic() + seconds
    known = query.get("last_etag", etag_of(value))
    while etag_of(value) == known and time.monotonic() < until:
        notices.wait(version, min(_POLL, until - time.monotonic()))
        version, value = notices.version, look()
    return value
