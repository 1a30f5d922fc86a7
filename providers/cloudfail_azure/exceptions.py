"""What the SDK raises when nobody answered, or nobody was asked, and what it means.

Source: azure.core.exceptions, and which of them azure.core.pipeline.transport raises when.
"""

from __future__ import annotations

from collections.abc import Callable

from azure.core import exceptions as sdk
from cloudfail.errors import (
    CloudfailError,
    DeniedError,
    ProviderError,
    TransientError,
    UnreachableError,
)

from cloudfail_azure.answers import Context, one_line

_SERVER_ERROR = 500


def translate(exc: Exception, context: Context) -> CloudfailError:
    """Turn whatever the SDK raised into cloudfail's own error; never fails, never returns None.

    cloudfail's own errors (the role check speaking up in the middle of a call) come back as
    they are.
    """
    if isinstance(exc, CloudfailError):
        return exc
    for kinds, row in _BY_TYPE:
        if isinstance(exc, kinds):
            return row(exc, context)
    return ProviderError(f"{context}: {type(exc).__name__}: {one_line(exc)}")


def not_of_azure(context: Context, what: str, status: int = 0) -> CloudfailError:
    """Return the error for an answer that cannot be ARM's own: nobody said anything then.

    A gateway in front of ARM answers 5xx without a code, too.
    """
    if status >= _SERVER_ERROR:
        return TransientError(f"{context}: HTTP {status} from {context.endpoint}; tried again")
    return UnreachableError(
        f"{context}: what answered at {context.endpoint} is not Azure ({what}): a proxy or a "
        "login page; check HTTPS_PROXY, NO_PROXY and the endpoint"
    )


def _no_credentials(exc: Exception, context: Context) -> CloudfailError:
    return DeniedError(
        f"{context}: no Azure credentials ({one_line(exc)}): give the virtual machine a managed "
        "identity, or set credential in [provider.azure]"
    )


def _late(_: Exception, context: Context) -> CloudfailError:
    return TransientError(f"{context}: no answer from {context.endpoint} in time; tried again")


def _broken(exc: Exception, context: Context) -> CloudfailError:
    """A connection that was there broke: a pooled one may have been old."""
    if "RemoteDisconnected" in repr(exc) or "ConnectionResetError" in repr(exc):
        return TransientError(
            f"{context}: the connection to {context.endpoint} was reset; it is tried again",
            fresh_connection=True,
        )
    return _unreachable(exc, context)


def _unreachable(exc: Exception, context: Context) -> CloudfailError:
    if "SSL" in repr(exc) or "CERTIFICATE" in repr(exc):
        return UnreachableError(
            f"{context}: TLS to {context.endpoint} failed ({one_line(exc)}): check the clock, and "
            "ca_file in [provider.azure] for a private authority",
            limit=2,
        )
    return UnreachableError(
        f"{context}: cannot reach {context.endpoint} ({one_line(exc)}): this node needs a way to "
        "Azure Resource Manager that no claim carries: a NAT gateway, a public address of its own "
        "or a private link; check DNS and the network security groups"
    )


def _unreadable(exc: Exception, context: Context) -> CloudfailError:
    return not_of_azure(context, type(exc).__name__)  # its text may quote the answer


_TypeRow = Callable[[Exception, Context], CloudfailError]
# The first match counts: the timeouts before what they are kinds of.
_BY_TYPE: tuple[tuple[tuple[type[Exception], ...], _TypeRow], ...] = (
    ((sdk.DecodeError,), _unreadable),
    ((sdk.ClientAuthenticationError,), _no_credentials),
    ((sdk.ServiceRequestTimeoutError,), _unreachable),
    ((sdk.ServiceResponseTimeoutError,), _late),
    ((sdk.ServiceResponseError, sdk.IncompleteReadError), _broken),
    ((sdk.ServiceRequestError,), _broken),
)
