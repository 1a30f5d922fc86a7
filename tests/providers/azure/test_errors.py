"""A row of the table, a test."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core import exceptions as sdk
from azure.identity import CredentialUnavailableError
from cloudfail.errors import (
    CloudfailError,
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    SupersededError,
    ThrottledError,
    TransientError,
    UnreachableError,
)

from cloudfail_azure.answers import Answer, Context
from cloudfail_azure.errors import (
    BY_CODE,
    BY_STATUS,
    GONE,
    LOCKED,
    MOVED,
    RELEASING,
    THROTTLING,
    TRANSIENT,
    from_answer,
    read_answer,
)
from cloudfail_azure.exceptions import not_of_azure, translate

CONTEXT = Context(operation="networkInterfaces.put", subject="a-nic", endpoint="https://arm")
ROWS: list[tuple[str, type[CloudfailError]]] = [
    *((code, ThrottledError) for code in sorted(THROTTLING)),
    *((code, TransientError) for code in sorted(LOCKED | RELEASING | TRANSIENT)),
    *((code, ConflictError) for code in sorted(MOVED)),
    *((code, NotFoundError) for code in sorted(GONE)),
    ("NicReservedForAnotherVm", TransientError),
    ("ExpiredAuthenticationToken", TransientError),
    ("AuthorizationFailed", DeniedError),
    ("LinkedAuthorizationFailed", DeniedError),
    ("RequestDisallowedByPolicy", DeniedError),
    ("ScopeLocked", DeniedError),
    ("AuthenticationFailed", DeniedError),
    ("InvalidAuthenticationToken", DeniedError),
    ("InvalidAuthenticationTokenTenant", DeniedError),
    ("InvalidIPConfigCount", ProviderError),
    ("PrivateIPAddressNotInSubnet", ProviderError),
    ("PrivateIPAddressNotInAnySubnet", ProviderError),
    ("IpConfigurationsOnSameNicCannotUseDifferentSubnets", ProviderError),
]
STATUSES: list[tuple[int, type[CloudfailError]]] = [
    (401, DeniedError),
    (403, DeniedError),
    (404, NotFoundError),
    (408, TransientError),
    (409, ConflictError),
    (412, ConflictError),
    (429, ThrottledError),
]


def refused(
    code: str,
    status: int = 400,
    message: str = "what Azure\n  said",
    *,
    details: list[dict[str, Any]] | None = None,
    headers: dict[str, str] | None = None,
) -> CloudfailError:
    error = {"code": code, "message": message, "details": details or []}
    answer = read_answer({"error": error}, status, headers)
    assert answer is not None
    return from_answer(answer, CONTEXT)


def test_every_row_of_the_tables_is_tested() -> None:
    assert {code for code, _ in ROWS} == set(BY_CODE)
    assert {status for status, _ in STATUSES} == set(BY_STATUS)


@pytest.mark.parametrize(("code", "kind"), ROWS)
@pytest.mark.parametrize("status", [0, 400, 500])
def test_a_code_has_its_meaning(code: str, kind: type[ProviderError], status: int) -> None:
    error = refused(code, status)
    assert type(error) is kind
    assert isinstance(error, ProviderError)
    assert error.code == code
    assert str(error).startswith("networkInterfaces.put on a-nic")
    assert "\n" not in str(error)


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_a_status_has_its_meaning_where_the_code_says_no_more(
    status: int, kind: type[ProviderError]
) -> None:
    assert type(refused("SomethingElse", status)) is kind


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_passes_whatever_its_code(status: int) -> None:
    assert type(refused("New", status)) is TransientError
    assert type(not_of_azure(CONTEXT, "a page", status)) is TransientError


def test_any_other_refusal_is_final_and_shown_in_one_line() -> None:
    error = refused("InvalidRequestFormat")
    assert type(error) is ProviderError
    assert str(error) == "networkInterfaces.put on a-nic: InvalidRequestFormat: what Azure said"


def test_the_two_meanings_of_429_are_told_apart() -> None:
    asked = {"retry-after": "17"}
    busy = refused("SubscriptionRequestsThrottled", 429, headers=asked)
    assert isinstance(busy, ThrottledError)
    assert busy.retry_after == 17
    dates = {
        "date": "Wed, 21 Oct 2026 07:28:00 GMT",
        "retry-after": "Wed, 21 Oct 2026 07:28:05 GMT",
    }
    dated = refused("TooManyRequests", 429, headers=dates)
    assert isinstance(dated, ThrottledError)
    assert dated.retry_after == 5
    lock = {
        "code": "RetryableErrorDueToAnotherOperation",
        "message": "Operation PutSubnetOperation is updating resource",
    }
    locked = refused("RetryableError", 429, "A retryable error.", details=[lock], headers=asked)
    assert type(locked) is TransientError
    assert locked.code == "RetryableErrorDueToAnotherOperation"
    assert locked.retry_after is None
    assert "PutSubnetOperation" in str(locked)


def test_a_superseded_operation_says_so_only_in_its_details() -> None:
    detail = {
        "code": "CanceledAndSupersededDueToAnotherOperation",
        "message": "Operation A was canceled and superseded by operation B",
    }
    error = refused("Canceled", 0, "Operation was canceled.", details=[detail])
    assert isinstance(error, ConflictError)
    assert error.code == "CanceledAndSupersededDueToAnotherOperation"
    assert "superseded by operation B" in str(error)


def test_a_denial_names_the_permission_and_where_to_find_the_role() -> None:
    over = (
        "The client 'x' does not have authorization to perform action "
        "'Microsoft.Network/networkInterfaces/write' over scope '/subscriptions/s' or the scope "
        "is invalid."
    )
    error = refused("AuthorizationFailed", 403, over)
    assert isinstance(error, DeniedError)
    assert error.permission == "Microsoft.Network/networkInterfaces/write"
    assert "cloudfail policy azure" in str(error)
    for action in ("action", "action(s)"):
        linked = (
            f"The client 'x' has permission to perform action 'Microsoft.Network/{'n' * 300}' on "
            f"scope '/a'; however, it does not have permission to perform {action} "
            "'Microsoft.Network/publicIPAddresses/join/action' on the linked scope(s) '/b' or"
        )
        error = refused("LinkedAuthorizationFailed", 403, linked)
        assert isinstance(error, DeniedError)
        assert error.permission == "Microsoft.Network/publicIPAddresses/join/action"
        assert "on /b is missing" in str(error)
    other = refused("AuthorizationFailed", 403, "no")
    assert isinstance(other, DeniedError)
    assert (other.permission, ": no;" in str(other)) == ("", True)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("ScopeLocked", "az lock delete"),
        ("RequestDisallowedByPolicy", "exempt the resource"),
        ("InvalidIPConfigCount", "claim a secondary one"),
        ("PrivateIPAddressNotInSubnet", "use a route instead"),
        ("ResourceNotFound", "check the name, the resource group and the subscription"),
        ("InvalidAuthenticationToken", "check the managed identity"),
    ],
)
def test_a_refusal_says_what_to_do_next(code: str, remedy: str) -> None:
    assert remedy in str(refused(code))


def test_a_reserved_interface_is_asked_for_again_when_azure_says() -> None:
    reserved = refused("NicReservedForAnotherVm", 400, "Please retry after '120' seconds.")
    assert isinstance(reserved, TransientError)
    assert reserved.retry_after == 120
    unsaid = refused("NicReservedForAnotherVm", 400, "It is reserved.")
    assert isinstance(unsaid, TransientError)
    assert unsaid.retry_after == 180


def test_an_expired_token_is_worth_one_more_try_at_once() -> None:
    error = refused("ExpiredAuthenticationToken", 401)
    assert isinstance(error, TransientError)
    assert (error.limit, error.fresh_connection) == (1, True)


@pytest.mark.parametrize("body", [None, "<html>", [], {}, {"error": "no"}, {"error": {"code": ""}}])
def test_what_is_not_azures_is_no_answer(body: Any) -> None:
    assert read_answer(body, 403) is None
    error = not_of_azure(CONTEXT, "HTTP 403", 403)
    assert type(error) is UnreachableError
    assert "https://arm is not Azure" in str(error)


@pytest.mark.parametrize(
    ("exc", "kind", "words"),
    [
        (sdk.ClientAuthenticationError("no"), DeniedError, "managed identity"),
        (CredentialUnavailableError("none here"), DeniedError, "none here"),
        (sdk.ServiceRequestTimeoutError("slow"), UnreachableError, "cannot reach https://arm"),
        (sdk.ServiceRequestError("refused"), UnreachableError, "cannot reach"),
        (sdk.ServiceRequestError("SSLError: expired"), UnreachableError, "ca_file"),
        (sdk.ServiceResponseTimeoutError("slow"), TransientError, "no answer from https://arm"),
        (sdk.ServiceResponseError("RemoteDisconnected"), TransientError, "was reset"),
        (sdk.ServiceResponseError("ConnectionResetError(104)"), TransientError, "was reset"),
        (sdk.ServiceResponseError("odd"), UnreachableError, "cannot reach"),
        (sdk.DecodeError("secret"), UnreachableError, "is not Azure (DecodeError)"),
        (KeyError("odd"), ProviderError, "KeyError: 'odd'"),
    ],
)
def test_what_the_sdk_raises_by_itself_has_its_meaning(
    exc: Exception, kind: type[CloudfailError], words: str
) -> None:
    error = translate(exc, CONTEXT)
    assert type(error) is kind
    assert words in str(error)


def test_our_own_errors_pass_as_they_are() -> None:
    error = SupersededError("no longer master")
    assert translate(error, CONTEXT) is error
    assert str(Context(operation="routeTables.get")) == "routeTables.get"


def test_an_answer_of_no_code_that_is_known_is_told_by_its_outermost() -> None:
    answer = read_answer({"error": {"code": "A", "details": [{"code": "B", "message": "b"}]}}, 400)
    assert answer == Answer(code="A", message="", status=400)
