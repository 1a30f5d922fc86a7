"""Compute's own answers for what it refuses, at once or inside an operation."""

from __future__ import annotations

import json
from typing import Any

from cloudfail.lab.cloud.httpd import Reply

Json = dict[str, Any]
_HEADERS = {"Content-Type": "application/json; charset=UTF-8", "Vary": "Origin, X-Origin, Referer"}
_REASONS = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    409: "alreadyExists",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    500: "backendError",
    501: "notImplemented",
    502: "backendError",
    503: "backendError",
}
_FIRST_ERROR = 300
_DOMAINS = {"rateLimitExceeded": "usageLimits", "quotaExceeded": "usageLimits"}


class ComputeError(Exception):
    """A refusal. `code` is what it is called inside of an operation (`INVALID_USAGE`).

    `retry_after` is for the header of that name, in seconds; 0: there is none.
    """

    def __init__(
        self, status: int, message: str, reason: str = "", code: str = "", retry_after: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason or _REASONS.get(status, "backendError")
        self.code = code or "RESOURCE_OPERATION_ERROR"
        self.retry_after = retry_after


def answer(body: Json) -> Reply:
    return Reply(200, json.dumps(body).encode(), _HEADERS)


def refusal(error: ComputeError) -> Reply:
    """Build Google's error document."""
    item = {
        "message": error.message,
        "domain": _DOMAINS.get(error.reason, "global"),
        "reason": error.reason,
    }
    body = {"error": {"code": error.status, "message": error.message, "errors": [item]}}
    later = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    return Reply(error.status, json.dumps(body).encode(), {**_HEADERS, **later})


def not_found(path: str) -> ComputeError:
    return ComputeError(404, f"The resource '{path}' was not found", code="RESOURCE_NOT_FOUND")


def invalid(field: str, value: str, why: str, code: str = "INVALID_FIELD_VALUE") -> ComputeError:
    return ComputeError(400, f"Invalid value for field '{field}': '{value}'. {why}", code=code)


def rate_limit(metric: str, project: str, retry_after: int = 0) -> ComputeError:
    """Say that a quota per minute is used up; the next minute has a new one."""
    return ComputeError(
        403,
        f"Quota exceeded for quota metric '{metric}' and limit '{metric} per minute' of service "
        f"'compute.googleapis.com' for consumer 'project:{project}'.",
        "rateLimitExceeded",
        retry_after=retry_after,
    )


def denial(permission: str, path: str) -> ComputeError:
    return ComputeError(403, f"Required '{permission}' permission for '{path}'")


def code_of(reply: Reply) -> str:
    """Return the reason of a refusal, or the error that a finished operation has inside."""
    if reply.status >= _FIRST_ERROR:
        return str(json.loads(reply.body)["error"]["errors"][0]["reason"])
    if b'"error"' not in reply.body:
        return ""
    errors = json.loads(reply.body).get("error", {}).get("errors", [])
    return str(errors[0]["code"]) if errors else ""
