"""One table: what ARM and Microsoft.Network say, and what it means for a failover.

Sources: azure-resource-manager/management/request-limits-and-throttling ("the network resource
provider returns 429 with the RetryableErrorDueToAnotherOperation error code when the target
resource is locked by another operation. To determine ... view the error details"),
azure-resource-manager/troubleshooting/common-deployment-errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    ThrottledError,
    TransientError,
)

from cloudfail_azure.answers import Answer, Context, find_answer
from cloudfail_azure.exceptions import not_of_azure, translate

__all__ = [
    "Answer",
    "Context",
    "expired",
    "from_answer",
    "not_of_azure",
    "read_answer",
    "translate",
]

_UNAUTHENTICATED, _DENIED, _NOT_FOUND, _TIMEOUT = 401, 403, 404, 408
_CONFLICT, _PRECONDITION, _TOO_MANY, _SERVER_ERROR = 409, 412, 429, 500
_POLICY = "see `cloudfail policy azure`"
_PERFORM = re.compile(r"authorization to perform action '([^']+)' over scope '([^']+)'")
# Both forms are seen: "action" of one, "action(s)" of several.
_LINKED = re.compile(r"perform action(?:\(s\))?\s+'([^']+)'\s+on the linked scope\(s\)\s*'([^']+)'")
_SECONDS = re.compile(r"(\d+)'? seconds")
_RESERVED_SECONDS = 180.0

THROTTLING = frozenset(
    {
        "TooManyRequests",
        "SubscriptionRequestsThrottled",
        "TenantRequestsThrottled",
        "ResourceRequestsThrottled",
        "OperationThrottled",
    }
)
# Another operation has the resource, or what it refers to: that one is waited for.
LOCKED = frozenset(
    {
        "RetryableErrorDueToAnotherOperation",
        "AnotherOperationInProgress",
        "ReferencedResourceNotProvisioned",
        "RetryableError",
    }
)
# The old holder's address is free for Azure, but not yet for anybody else.
RELEASING = frozenset({"PrivateIPAddressIsBeingCleanedUp"})
TRANSIENT = frozenset(
    {
        "InternalServerError",
        "InternalError",
        "NetworkingInternalOperationError",
        "ServerTimeout",
        "OperationTimedOut",
        "GatewayTimeout",
        "BadGateway",
        "ServiceUnavailable",
        "ServerBusy",
    }
)
MOVED = frozenset(
    {
        "PreconditionFailed",
        "PreconditionFailedEtagMismatch",
        "CanceledAndSupersededDueToAnotherOperation",
        "OperationPreempted",
        "Canceled",
        "PublicIPAddressInUse",
        "PublicIPReferencedByMultipleIPConfigs",
        "PrivateIPAddressInUse",
        "RouteConflict",
        "Conflict",
    }
)
GONE = frozenset(
    {
        "ResourceNotFound",
        "NotFound",
        "ParentResourceNotFound",
        "ResourceGroupNotFound",
        "SubscriptionNotFound",
        "InvalidResourceReference",
        "OperationNotFound",
    }
)


def _throttled(context: Context, answer: Answer) -> CloudfailError:
    return ThrottledError(
        f"{context}: {answer.code}: too many calls of this subscription; tried again later",
        code=answer.code,
        retry_after=answer.retry_after,
    )


def _locked(context: Context, answer: Answer) -> CloudfailError:
    """Ask at our own pace: what is asked for is for how busy Azure is, not for this resource."""
    return TransientError(
        f"{context}: {answer.code}: another operation is under way ({answer.message}); it is "
        "waited for",
        code=answer.code,
    )


def _releasing(context: Context, answer: Answer) -> CloudfailError:
    return TransientError(
        f"{context}: {answer.code}: Azure is still releasing the address; it is tried again",
        code=answer.code,
    )


def _reserved(context: Context, answer: Answer) -> CloudfailError:
    """Reserved for a virtual machine whose making failed: "retry after 180 seconds"."""
    said = _SECONDS.search(answer.message)
    return TransientError(
        f"{context}: {answer.code}: {answer.message}",
        code=answer.code,
        retry_after=float(said[1]) if said else _RESERVED_SECONDS,
    )


def _transient(context: Context, answer: Answer) -> CloudfailError:
    return TransientError(
        f"{context}: {answer.code}: {answer.message}; it is tried again",
        code=answer.code,
        retry_after=answer.retry_after,
    )


def _moved(context: Context, answer: Answer) -> CloudfailError:
    return ConflictError(f"{context}: {answer.code}: {answer.message}", code=answer.code)


def _gone(context: Context, answer: Answer) -> CloudfailError:
    return NotFoundError(
        f"{context}: {answer.code}: {answer.message}; check the name, the resource group and the "
        "subscription",
        code=answer.code,
    )


def _denied(context: Context, answer: Answer) -> CloudfailError:
    found = _LINKED.search(answer.message) or _PERFORM.search(answer.message)
    what = f"{found[1]} on {found[2]} is missing" if found else answer.message
    return DeniedError(
        f"{context} is not allowed for this identity: {what}; {_POLICY}",
        code=answer.code,
        permission=found[1] if found else "",
    )


def _policy(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context}: {answer.code}: {answer.message}; an Azure Policy assignment forbids it: "
        "exempt the resource, or change the assignment",
        code=answer.code,
    )


def _unauthenticated(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context}: Azure does not accept these credentials ({answer.code}: {answer.message}); "
        "check the managed identity, the tenant, and the clock of this machine",
        code=answer.code,
    )


def expired(context: Context, answer: Answer) -> CloudfailError:
    return TransientError(
        f"{context}: {answer.code}: the token is no longer good; it is tried with a new one",
        code=answer.code,
        fresh_connection=True,
        limit=1,
    )


def _management_lock(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context}: {answer.code}: {answer.message}; a management lock forbids it: take it off "
        "with `az lock delete`, or put it elsewhere",
        code=answer.code,
    )


def _last_configuration(context: Context, answer: Answer) -> CloudfailError:
    return ProviderError(
        f"{context}: {answer.code}: {answer.message}; a network interface keeps its primary "
        "ipConfiguration: claim a secondary one",
        code=answer.code,
    )


def _not_in_subnet(context: Context, answer: Answer) -> CloudfailError:
    return ProviderError(
        f"{context}: {answer.code}: {answer.message}; a private address stays in its subnet: use "
        "a route instead",
        code=answer.code,
    )


def _unknown(context: Context, answer: Answer) -> CloudfailError:
    return ProviderError(f"{context}: {answer.code}: {answer.message}", code=answer.code)


_Row = Callable[[Context, Answer], CloudfailError]
BY_CODE: Mapping[str, _Row] = {
    **dict.fromkeys(THROTTLING, _throttled),
    **dict.fromkeys(LOCKED, _locked),
    **dict.fromkeys(RELEASING, _releasing),
    **dict.fromkeys(TRANSIENT, _transient),
    **dict.fromkeys(MOVED, _moved),
    **dict.fromkeys(GONE, _gone),
    "NicReservedForAnotherVm": _reserved,
    "AuthorizationFailed": _denied,
    "LinkedAuthorizationFailed": _denied,
    "RequestDisallowedByPolicy": _policy,
    "ScopeLocked": _management_lock,
    "AuthenticationFailed": _unauthenticated,
    "InvalidAuthenticationToken": _unauthenticated,
    "InvalidAuthenticationTokenTenant": _unauthenticated,
    "ExpiredAuthenticationToken": expired,
    "InvalidIPConfigCount": _last_configuration,
    "PrivateIPAddressNotInSubnet": _not_in_subnet,
    "PrivateIPAddressNotInAnySubnet": _not_in_subnet,
    "IpConfigurationsOnSameNicCannotUseDifferentSubnets": _not_in_subnet,
}
BY_STATUS: Mapping[int, _Row] = {
    _UNAUTHENTICATED: _unauthenticated,
    _DENIED: _denied,
    _NOT_FOUND: _gone,
    _TIMEOUT: _transient,
    _CONFLICT: _moved,
    _PRECONDITION: _moved,
    _TOO_MANY: _throttled,
}


def from_answer(answer: Answer, context: Context) -> CloudfailError:
    """Return the error for what Azure said: by its code, else by the HTTP status."""
    row = BY_CODE.get(answer.code)
    if row is None and answer.status >= _SERVER_ERROR:
        row = _transient
    return (row or BY_STATUS.get(answer.status, _unknown))(context, answer)


def read_answer(
    document: Any, status: int = 0, headers: Mapping[str, str] | None = None
) -> Answer | None:
    """Return what Azure said, by a code that the table knows; None when Azure did not speak."""
    return find_answer(document, status, headers or {}, BY_CODE)
