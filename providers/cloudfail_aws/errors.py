"""One table: what EC2, STS and the SDK raise, and what it means for a failover.

Sources: EC2 API reference, "Error codes for the Amazon EC2 API"; botocore.exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import botocore.exceptions as sdk
import msgspec
from botocore.parsers import ResponseParserError
from cloudfail.errors import (
    CloudfailError,
    ConfigError,
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    ThrottledError,
    TransientError,
    UnreachableError,
)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What was called: names the action, its object and the endpoint in messages."""

    operation: str
    subject: str = ""
    endpoint: str = "the API"
    service: str = "ec2"

    @property
    def action(self) -> str:
        return f"{self.service}:{self.operation}"

    def __str__(self) -> str:
        return f"{self.action} on {self.subject}" if self.subject else self.action


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What the cloud answered."""

    code: str
    message: str
    status: int = 0
    request_id: str = ""


THROTTLING = frozenset(
    {
        "RequestLimitExceeded",
        "EC2ThrottledException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "SlowDown",
        "BandwidthLimitExceeded",
        "LimitExceededException",
    }
)
TRANSIENT = frozenset(
    {
        "RequestTimeout",
        "RequestTimeoutException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "Unavailable",
        "ServiceUnavailable",
        "IncorrectState",
        "InvalidNetworkInterface.InUse",
        "PriorRequestNotComplete",
    }
)
# Just made objects may be unknown to the next call: worth a second or third try, no more.
SETTLING = frozenset(
    {
        "InvalidAllocationID.NotFound",
        "InvalidNetworkInterfaceID.NotFound",
        "InvalidInstanceID.NotFound",
        "InvalidAssociationID.NotFound",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNAUTHORIZED = frozenset({"UnauthorizedOperation", "AccessDenied", "AccessDeniedException"})
BAD_CREDENTIALS = frozenset(
    {
        "InvalidClientTokenId",
        "UnrecognizedClientException",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "MissingAuthenticationToken",
        "InvalidAccessKeyId",
    }
)
MOVED = frozenset({"Resource.AlreadyAssociated", "RouteAlreadyExists", "InvalidIPAddress.InUse"})
_TIMEOUT, _TOO_MANY, _SERVER_ERROR = 408, 429, 500
_POLICY = "see `cloudfail policy aws`"


def _throttled(context: Context, answer: Answer) -> CloudfailError:
    return ThrottledError(
        f"{context}: EC2 throttles this account and region ({answer.code}); it is tried again",
        code=answer.code,
        request_id=answer.request_id,
    )


def _transient(context: Context, answer: Answer) -> CloudfailError:
    message = f"{context}: {answer.code}: {answer.message}; it is tried again"
    return TransientError(message, code=answer.code, request_id=answer.request_id)


def _settling(context: Context, answer: Answer) -> CloudfailError:
    message = f"{context}: {answer.code}: {answer.message}; check that the id is right"
    return TransientError(message, code=answer.code, request_id=answer.request_id, limit=2)


def _expired(context: Context, answer: Answer) -> CloudfailError:
    return TransientError(
        f"{context}: {answer.code}: the credentials had expired and are fetched anew; if it "
        "repeats, check the clock of this machine",
        code=answer.code,
        request_id=answer.request_id,
        retry_after=0.0,
        limit=1,
    )


def _unauthorized(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context} is not allowed for these credentials; {_POLICY}",
        code=answer.code,
        request_id=answer.request_id,
        permission=context.action,
    )


def _auth_failure(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context}: AuthFailure: {answer.message}. Either the clock of this machine is off or "
        "the keys are wrong, or the object belongs to another account or to a managed service "
        "(NAT gateway, load balancer)",
        code=answer.code,
        request_id=answer.request_id,
    )


def _bad_credentials(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context}: AWS does not know these credentials ({answer.code}); check the keys, the "
        "instance's role, and the clock of this machine",
        code=answer.code,
        request_id=answer.request_id,
    )


def _moved(context: Context, answer: Answer) -> CloudfailError:
    message = f"{context}: {answer.code}: {answer.message}"
    return ConflictError(message, code=answer.code, request_id=answer.request_id)


def _not_found(context: Context, answer: Answer) -> CloudfailError:
    return NotFoundError(
        f"{context}: {answer.code}: {answer.message}; check the id and the region",
        code=answer.code,
        request_id=answer.request_id,
    )


def _opt_in(context: Context, answer: Answer) -> CloudfailError:
    return DeniedError(
        f"{context}: {answer.code}: the account has not opted in to this region or service; "
        "enable it, or correct the region",
        code=answer.code,
        request_id=answer.request_id,
    )


def _limit(context: Context, answer: Answer) -> CloudfailError:
    return ProviderError(
        f"{context}: {answer.code}: the interface is full for its instance type; free a private "
        "address or use a larger instance type",
        code=answer.code,
        request_id=answer.request_id,
    )


def _unknown(context: Context, answer: Answer) -> CloudfailError:
    message = f"{context}: {answer.code}: {answer.message}"
    return ProviderError(message, code=answer.code, request_id=answer.request_id)


_Row = Callable[[Context, Answer], CloudfailError]
BY_CODE: Mapping[str, _Row] = {
    **dict.fromkeys(THROTTLING, _throttled),
    **dict.fromkeys(TRANSIENT, _transient),
    **dict.fromkeys(SETTLING, _settling),
    **dict.fromkeys(EXPIRED, _expired),
    **dict.fromkeys(UNAUTHORIZED, _unauthorized),
    **dict.fromkeys(BAD_CREDENTIALS, _bad_credentials),
    **dict.fromkeys(MOVED, _moved),
    "AuthFailure": _auth_failure,
    "OptInRequired": _opt_in,
    "PrivateIpAddressLimitExceeded": _limit,
}


def not_of_aws(context: Context, what: str) -> CloudfailError:
    """Return the error for an answer that cannot be EC2's own: nobody said anything then."""
    return UnreachableError(
        f"{context}: what answered at {context.endpoint} is not AWS ({what}): a proxy, a login "
        "page or a cut connection; check HTTPS_PROXY, NO_PROXY and the endpoint"
    )


def translate(exc: Exception, context: Context) -> CloudfailError:
    """Turn whatever a call raised into cloudfail's own error; never fails, never returns None.

    cloudfail's own errors (the role check speaking up in the middle of a call) come back as
    they are.
    """
    if isinstance(exc, CloudfailError):
        return exc
    if isinstance(exc, sdk.ClientError):
        if exc.operation_name == "AssumeRole":  # a call within the call: credentials ran out
            context = msgspec.structs.replace(context, operation="AssumeRole", service="sts")
        return _from_answer(context, answer_of(exc))
    if isinstance(exc, ResponseParserError):
        # Its text quotes the answer, which may hold keys.
        return not_of_aws(context, "it is no XML of theirs")
    for kinds, row in _BY_TYPE:
        if isinstance(exc, kinds):
            return row(exc, context)
    return ProviderError(f"{context}: {type(exc).__name__}: {_one_line(exc)}")


def answer_of(exc: sdk.ClientError) -> Answer:
    response: Any = exc.response
    error, meta = response.get("Error", {}), response.get("ResponseMetadata", {})
    return Answer(
        code=str(error.get("Code", "")),
        message=_one_line(error.get("Message", "")),
        status=int(meta.get("HTTPStatusCode", 0)),
        request_id=str(meta.get("RequestId", "")),
    )


def _from_answer(context: Context, answer: Answer) -> CloudfailError:
    row = BY_CODE.get(answer.code)
    if row is not None:
        return row(context, answer)
    if answer.status == _TOO_MANY:
        return _throttled(context, answer)
    if not answer.code:
        return not_of_aws(context, f"HTTP {answer.status} without an error code")
    if answer.status >= _SERVER_ERROR or answer.status == _TIMEOUT:
        return _transient(context, answer)
    return _not_found(context, answer) if ".NotFound" in answer.code else _unknown(context, answer)


def _no_credentials(exc: Exception, context: Context) -> CloudfailError:
    return DeniedError(
        f"{context}: no AWS credentials ({_one_line(exc)}): attach a role to the instance, or "
        "set credentials_file or profile in [provider.aws]"
    )


def _no_region(_: Exception, context: Context) -> CloudfailError:
    return ConfigError(
        f"{context}: no region: set [provider.aws] region, --region or AWS_REGION; on an EC2 "
        "instance the metadata service tells it"
    )


def _misconfigured(exc: Exception, context: Context) -> CloudfailError:
    return ConfigError(f"{context}: {_one_line(exc)}; correct [provider.aws]")


def _closed(exc: Exception, context: Context) -> CloudfailError:
    return TransientError(
        f"{context}: the connection to {context.endpoint} was reset ({_one_line(exc)}); it is "
        "tried again",
        fresh_connection=True,
    )


def _late(exc: Exception, context: Context) -> CloudfailError:
    message = f"{context}: no answer from {context.endpoint} in time ({type(exc).__name__})"
    return TransientError(f"{message}; it is tried again")


def _unreachable(exc: Exception, context: Context) -> CloudfailError:
    return UnreachableError(
        f"{context}: cannot reach {context.endpoint} ({_one_line(exc)}): this node needs a way "
        "to the EC2 API that no claim carries: a VPC endpoint, or what the guide for AWS names for "
        "the claim (A way to the API); check DNS and the security group"
    )


def _tls(exc: Exception, context: Context) -> CloudfailError:
    return UnreachableError(
        f"{context}: TLS to {context.endpoint} failed ({_one_line(exc)}): set ca_bundle in "
        "[provider.aws] for a private authority, and check the clock",
        limit=2,
    )


_TypeRow = Callable[[Exception, Context], CloudfailError]
# The first match counts: ConnectTimeoutError before ConnectionError, and so on.
_BY_TYPE: tuple[tuple[tuple[type[Exception], ...], _TypeRow], ...] = (
    (
        (sdk.NoCredentialsError, sdk.PartialCredentialsError, sdk.CredentialRetrievalError),
        _no_credentials,
    ),
    ((sdk.MetadataRetrievalError, sdk.TokenRetrievalError), _no_credentials),
    ((sdk.NoRegionError,), _no_region),
    (
        (sdk.ProfileNotFound, sdk.InvalidRegionError, sdk.ConfigParseError, sdk.ConfigNotFound),
        _misconfigured,
    ),
    ((sdk.SSLError,), _tls),
    (
        (sdk.ConnectTimeoutError, sdk.EndpointConnectionError, sdk.ProxyConnectionError),
        _unreachable,
    ),
    ((sdk.ReadTimeoutError,), _late),
    ((sdk.ConnectionClosedError, sdk.ResponseStreamingError), _closed),
    ((sdk.HTTPClientError, sdk.ConnectionError), _unreachable),
)


def _one_line(text: object) -> str:
    return re.sub(r"\s+", " ", str(text)).strip()
