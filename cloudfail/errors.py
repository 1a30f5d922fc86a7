"""Every error cloudfail raises on purpose. The exit codes are API (sysexits where one fits).

CloudfailError                70
├── UsageError                64  the command line is off
├── ConfigError               78  the configuration, or what is installed, is off
│   └── ProviderMissingError  78  unknown plugin, or its SDK is not installed
├── RefusedError              77  the guard will not do it (stranger, protected, own egress)
├── SupersededError            4  a newer role, or SIGTERM, stopped this run
├── VerifyError                3  written, but the cloud does not show it
├── DeadlineError             75  time is up
└── ProviderError             70  the cloud said no
    ├── TransientError        75  may work in a moment: the only error retried per call
    │   ├── ThrottledError    75  too many calls
    │   └── UnreachableError  69  no answer at all: API, metadata service, DNS
    ├── ConflictError         75  the world moved: look and plan again
    ├── DeniedError           77  a permission is missing, or credentials are; names it
    └── NotFoundError         78  the cloud has no such object: the configuration is wrong
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class CloudfailError(Exception):
    """What, where, and what to do next, in one sentence."""

    exit_code = 70


class UsageError(CloudfailError):
    exit_code = 64


class ConfigError(CloudfailError):
    exit_code = 78


class ProviderMissingError(ConfigError):
    pass


class RefusedError(CloudfailError):
    exit_code = 77


class SupersededError(CloudfailError):
    exit_code = 4


class VerifyError(CloudfailError):
    exit_code = 3


class DeadlineError(CloudfailError):
    exit_code = 75


class ProviderError(CloudfailError):
    """Raised by providers. `code` is the cloud's own error code, `request_id` its id."""

    def __init__(self, message: str, *, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


class TransientError(ProviderError):
    """`retry_after` is in seconds: what the cloud asked for, None if it did not.

    `fresh_connection` says that a pooled connection was reset: the first retry need not wait.
    `limit` bounds the attempts (0: until the deadline), for codes that are worth one or two.
    """

    exit_code = 75

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        request_id: str = "",
        retry_after: float | None = None,
        fresh_connection: bool = False,
        limit: int = 0,
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.retry_after = retry_after
        self.fresh_connection = fresh_connection
        self.limit = limit


class ThrottledError(TransientError):
    pass


class UnreachableError(TransientError):
    exit_code = 69


class ConflictError(ProviderError):
    exit_code = 75


class DeniedError(ProviderError):
    """`permission` is the missing one, in the cloud's words, where it is known."""

    exit_code = 77

    def __init__(
        self, message: str, *, code: str = "", request_id: str = "", permission: str = ""
    ) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.permission = permission


class NotFoundError(ProviderError):
    exit_code = 78


def our_error(doing: str, raised: BaseException) -> CloudfailError:
    """Return what a provider raised as an error of this tree; what is none is a bug of the provider."""
    if isinstance(raised, CloudfailError):
        return raised
    kind = type(raised).__name__
    return ProviderError(f"{doing}: this is a bug in the provider: {kind}: {raised}", code=kind)


@contextmanager
def in_our_words(doing: str) -> Iterator[None]:
    """Raise what a provider raises as `our_error`.

    Some libraries call sys.exit; that must not end whoever asked.
    """
    try:
        yield
    except CloudfailError:
        raise
    except (Exception, SystemExit) as raised:
        raise our_error(doing, raised) from raised
