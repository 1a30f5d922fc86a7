"""Conditional updates of a network interface."""

from __future__ import annotations

import base64
from typing import Any

from cloudfail.lab.cloud.gcp.answers import ComputeError, Json

_URL_SAFE = str.maketrans("-_", "+/")


def require_fingerprint(body: Json) -> str:
    """Reference, NetworkInterface.fingerprint: "400 Bad Request if the fingerprint is not provided"."""
    given = body.get("fingerprint")
    if not given:
        raise ComputeError(400, "Required field 'resource.fingerprint' not specified", "required")
    return str(given)


def require_current(given: str, nic: Any) -> None:
    """Reference, NetworkInterface.fingerprint: "412 Precondition Failed if [it] is out of date".

    The same condition met inside of an operation is its error CONDITION_NOT_MET.
    """
    if _bytes(given) != _bytes(nic["fingerprint"]):
        raise ComputeError(
            412,
            "Supplied fingerprint does not match current metadata fingerprint.",
            "conditionNotMet",
            "CONDITION_NOT_MET",
        )


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.translate(_URL_SAFE))
