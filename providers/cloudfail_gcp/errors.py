"""One table: what Compute and its SDK raise, and what it means for a failover.

Sources: compute/docs/reference/rest/v1 (errors of each method), compute/docs/api/rate-limits,
google.api_core.exceptions. Reasons are those of `error.errors[].reason`, codes in capitals those
inside of a finished operation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import requests.exceptions as http
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    ThrottledError,
    TransientError,
    UnreachableError,
)
from cloudfail.retry_after import retry_after
from google.api_core.exceptions import GoogleAPICallError
from google.auth import exceptions as auth
from google.protobuf.json_format import ParseError


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What was called: names the method, its object and the endpoint in messages."""

    operation: str
    subject: str = ""
    endpoint: str = "the API"

    def __str__(self) -> str:
        return f"{self.operation} on {self.subject}" if self.subject else self.operation


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the cloud answered; `code` is a reason, or the code inside of an operation.

    `retry_after` is what its header of that name says in seconds, None without one.
    """

    code: str
    message: str
    status: int = 0
    retry_after: float | None = None


_TIMEOUT, _CONFLICT, _PRECONDITION, _TOO_MANY, _SERVER_ERROR = 408, 409, 412, 429, 500
_DENIED, _UNAUTHENTICATED, _NOT_FOUND = 403, 401, 404
_REQUIRED = re.compile(r"Required '([^']+)' permission")
_POLICY = "see `cloudfail policy gcp`"
_SCOPES = (
    "stop this instance, and gcloud compute instances set-service-account --scopes cloud-platform"
)
# Said in words only: reason and status are those of any invalid request.
_PASSING = re.compile(r"operation in progress|try again later|is not ready", re.IGNORECASE)

_TAKEN = re.compile(
    r"already in-use|At most one access config|access config was not found", re.IGNORECASE
)

THROTTLING = frozenset({"rateLimitExceeded", "userRateLimitExceeded", "RATE_LIMIT_EXCEEDED"})
TRANSIENT = frozenset(
    {
        "backendError",
        "internalError",
        "resourceNotReady",
        "RESOURCE_NOT_READY",
        "INTERNAL_ERROR",
        "RESOURCE_OPERATION_RATE_EXCEEDED",
        "ROUTE_OPERATION_IN_PROGRESS",
    }
)
MOVED = frozenset(
    {
        "conditionNotMet",
        "CONDITION_NOT_MET",
        "alreadyExists",
        "RESOURCE_ALREADY_EXISTS",
        "IP_IN_USE_BY_ANOTHER_RESOURCE",
        "resourceInUseByAnotherResource",
        "RESOURCE_IN_USE_BY_ANOTHER_RESOURCE",
    }
)
GONE = frozenset({"notFound", "RESOURCE_NOT_FOUND"})
FULL = frozenset({"quotaExceeded", "QUOTA_EXCEEDED", "limitExceeded", "LIMIT_EXCEEDED"})


def _throttled(context: Context, answer: Answer) -> CloudfailError:
    return ThrottledError(
        f"{context}: {answer.code}: too many calls of this project this minute; tried again later",
        code=answer.code,
        retry_after=answer.retry_after,
    )


def _transient(context: Context, answer: Answer) -> CloudfailError:
    message = f"{context}: {answer.code}: {answer.message}; it is tried again"
    return TransientError(message, code=answer.code, retry_after=answer.retry_after)


def _moved(context: Context, answer: Answer) -> CloudfailError:
    return ConflictError(f"{context}: {answer.code}: {answer.message}", code=answer.code)


def _gone(context: Context, answer: Answer) -> CloudfailError:
    return NotFoundError(
        f"{context}: {answer.code}: {answer.message}; check the name, the region and the project",
        code=answer.code,
    )


def _full(context: Context, answer: Answer) -> CloudfailError:
    return ProviderError(
        f"{context}: {answer.code}: {answer.message}; raise the quota, or free something",
        code=answer.code,
    )


def _denied(context: Context, answer: Answer) -> CloudfailError:
    found = _REQUIRED.search(answer.message)
    permission = found[1] if found else ""
    what = f"the permission {permission} is missing" if found else answer.message
    remedy = _SCOPES if "authentication scopes" in answer.message else _POLICY
    return DeniedError(
        f"{context} is not allowed for these credentials: {what}; {remedy}",
        code=answer.code,
        permission=permission,
    )


def _unauthenticated(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context}: Google does not accept these credentials ({answer.message}); check the "
        "service account, its scopes, and the clock of this machine",
        code=answer.code,
    )


def _unknown(context: Context, answer: Answer) -> CloudfailError:
    return ProviderError(f"{context}: {answer.code}: {answer.message}", code=answer.code)


_Row = Callable[[Context, Answer], CloudfailError]
BY_CODE: Mapping[str, _Row] = {
    **dict.fromkeys(THROTTLING, _throttled),
    **dict.fromkeys(TRANSIENT, _transient),
    **dict.fromkeys(MOVED, _moved),
    **dict.fromkeys(GONE, _gone),
    **dict.fromkeys(FULL, _full),
}
BY_STATUS: Mapping[int, _Row] = {
    _TOO_MANY: _throttled,
    _TIMEOUT: _transient,
    _UNAUTHENTICATED: _unauthenticated,
    _DENIED: _denied,
    _NOT_FOUND: _gone,
    _CONFLICT: _moved,
    _PRECONDITION: _moved,
}


def translate(exc: Exception, context: Context) -> CloudfailError:
    """Turn whatever a call raised into cloudfail's own error; never fails, never returns None.

    cloudfail's own errors (the role check speaking up in the middle of a call) come back as
    they are.
    """
    if isinstance(exc, CloudfailError):
        return exc
    if isinstance(exc, GoogleAPICallError):
        answer = answer_of(exc)
        return from_answer(answer, context) if answer else _without_reason(exc, context)
    for kinds, row in _BY_TYPE:
        if isinstance(exc, kinds):
            return row(exc, context)
    return ProviderError(f"{context}: {type(exc).__name__}: {_one_line(exc)}")


def answer_of(exc: GoogleAPICallError) -> Answer | None:
    """Return what Compute said; None when it was not Compute that spoke."""
    errors: Any = exc.errors
    if not errors or not isinstance(errors[0], Mapping):
        return None
    headers: Mapping[str, str] = getattr(exc.response, "headers", {})
    return Answer(
        code=str(errors[0].get("reason", "")),
        message=_one_line(errors[0].get("message", exc.message)),
        status=int(exc.code or 0),
        retry_after=retry_after({name.lower(): text for name, text in headers.items()}),
    )


def from_answer(answer: Answer, context: Context) -> CloudfailError:
    row = BY_CODE.get(answer.code)
    if row is None and _PASSING.search(answer.message):
        row = _transient
    if row is None and _TAKEN.search(answer.message):
        row = _moved
    if row is None and answer.status >= _SERVER_ERROR:
        row = _transient
    return (row or BY_STATUS.get(answer.status, _unknown))(context, answer)


def not_of_google(context: Context, what: str) -> CloudfailError:
    """Return the error for an answer that cannot be Compute's own: nobody said anything then."""
    return UnreachableError(
        f"{context}: what answered at {context.endpoint} is not Google ({what}): a proxy or a "
        "login page; check HTTPS_PROXY, NO_PROXY and the endpoint"
    )


def _without_reason(exc: GoogleAPICallError, context: Context) -> CloudfailError:
    if int(exc.code or 0) >= _SERVER_ERROR:
        return TransientError(f"{context}: HTTP {exc.code} from {context.endpoint}; tried again")
    return not_of_google(context, f"HTTP {exc.code} without a reason")


def _closed(exc: Exception, context: Context) -> CloudfailError:
    return _reset(exc, context) or _unreachable(exc, context)


def _reset(exc: Exception, context: Context) -> CloudfailError | None:
    if "RemoteDisconnected" not in repr(exc) and "ConnectionResetError" not in repr(exc):
        return None
    return TransientError(
        f"{context}: the connection to {context.endpoint} was reset; it is tried again",
        fresh_connection=True,
    )


def _no_token(exc: Exception, context: Context) -> CloudfailError:
    """Nothing of Compute was asked yet."""
    return _reset(exc, context) or UnreachableError(
        f"{context}: no token for it, as what gives tokens cannot be reached ({_one_line(exc)}): "
        "this node needs a way there that no claim carries; check DNS, the firewall, and "
        "credentials_file in [provider.gcp]"
    )


def _late(_: Exception, context: Context) -> CloudfailError:
    message = f"{context}: no answer from {context.endpoint} in time; it is tried again"
    return TransientError(message)


def _unreachable(exc: Exception, context: Context) -> CloudfailError:
    return UnreachableError(
        f"{context}: cannot reach {context.endpoint} ({_one_line(exc)}): this node needs a way to "
        "the Compute API that no claim carries: Private Google Access, Cloud NAT or an external "
        "address of its own; check DNS and the firewall"
    )


def _tls(exc: Exception, context: Context) -> CloudfailError:
    return UnreachableError(
        f"{context}: TLS to {context.endpoint} failed ({_one_line(exc)}): check the clock, and "
        "REQUESTS_CA_BUNDLE for a private authority",
        limit=2,
    )


def _no_credentials(exc: Exception, context: Context) -> CloudfailError:
    return DeniedError(
        f"{context}: no Google credentials ({_one_line(exc)}): attach a service account to the "
        "instance, or set credentials_file in [provider.gcp]"
    )


def _unreadable(_: Exception, context: Context) -> CloudfailError:
    # Its text quotes the answer.
    return not_of_google(context, "it is no JSON of theirs")


_TypeRow = Callable[[Exception, Context], CloudfailError]
# The first match counts: ConnectTimeout before Timeout, SSLError before ConnectionError.
_BY_TYPE: tuple[tuple[tuple[type[Exception], ...], _TypeRow], ...] = (
    ((ParseError,), _unreadable),
    ((auth.TransportError,), _no_token),
    ((auth.GoogleAuthError,), _no_credentials),
    ((http.SSLError,), _tls),
    ((http.ConnectTimeout, http.ProxyError), _unreachable),
    ((http.ReadTimeout,), _late),
    ((http.ConnectionError, http.ChunkedEncodingError), _closed),
    ((http.RequestException,), _unreachable),
)


def _one_line(text: object) -> str:
    return re.sub(r"\s+", " ", str(text)).strip()[:300]
