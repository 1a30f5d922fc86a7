"""A row of the table, a test."""

from __future__ import annotations

from typing import Any

import botocore.exceptions as sdk
import pytest
from cloudfail.errors import (
    CloudfailError,
    ConfigError,
    ConflictError,
    DeniedError,
    NotFoundError,
    ProviderError,
    SupersededError,
    ThrottledError,
    TransientError,
    UnreachableError,
)

from cloudfail_aws.errors import (
    BAD_CREDENTIALS,
    BY_CODE,
    EXPIRED,
    MOVED,
    SETTLING,
    THROTTLING,
    TRANSIENT,
    UNAUTHORIZED,
    Context,
    translate,
)

CONTEXT = Context(
    operation="AssociateAddress", subject="eipalloc-1", endpoint="https://ec2.example"
)
ROWS: list[tuple[str, type[CloudfailError]]] = [
    *((code, ThrottledError) for code in sorted(THROTTLING)),
    *((code, TransientError) for code in sorted(TRANSIENT | SETTLING | EXPIRED)),
    *((code, DeniedError) for code in sorted(UNAUTHORIZED | BAD_CREDENTIALS)),
    *((code, ConflictError) for code in sorted(MOVED)),
    ("AuthFailure", DeniedError),
    ("OptInRequired", DeniedError),
    ("PrivateIpAddressLimitExceeded", ProviderError),
]


def answered(code: str, status: int = 400, operation: str = "AssociateAddress") -> sdk.ClientError:
    response: Any = {
        "Error": {"Code": code, "Message": "what EC2\n  said"},
        "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "req-1"},
    }
    return sdk.ClientError(response, operation)


def of(code: str, status: int = 400) -> CloudfailError:
    return translate(answered(code, status), CONTEXT)


def test_every_row_of_the_table_is_tested() -> None:
    assert {code for code, _ in ROWS} == set(BY_CODE)


@pytest.mark.parametrize(("code", "kind"), ROWS)
def test_a_code_has_its_meaning_and_keeps_code_and_request_id(
    code: str, kind: type[ProviderError]
) -> None:
    error = of(code)
    assert type(error) is kind
    assert isinstance(error, ProviderError)
    assert (error.code, error.request_id) == (code, "req-1")
    assert "AssociateAddress on eipalloc-1" in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_unknown_server_error_is_transient(status: int) -> None:
    assert type(of("Whatever", status)) is TransientError


def test_an_id_that_was_just_made_is_asked_for_twice_more_and_no_longer() -> None:
    error = of("InvalidAllocationID.NotFound")
    assert isinstance(error, TransientError)
    assert error.limit == 2


@pytest.mark.parametrize("code", ["InvalidRouteTableID.NotFound", "InvalidRoute.NotFound"])
def test_other_ids_that_are_not_found_are_wrong(code: str) -> None:
    error = of(code)
    assert type(error) is NotFoundError
    assert "check the id and the region" in str(error)


@pytest.mark.parametrize("code", sorted(EXPIRED))
def test_expired_credentials_are_fetched_anew_and_tried_once(code: str) -> None:
    error = of(code)
    assert isinstance(error, TransientError)
    assert (error.limit, error.retry_after) == (1, 0.0)


def test_a_denial_names_permission_object_and_where_to_find_the_policy() -> None:
    error = of("UnauthorizedOperation", 403)
    assert isinstance(error, DeniedError)
    assert error.permission == "ec2:AssociateAddress"
    assert str(error) == (
        "ec2:AssociateAddress on eipalloc-1 is not allowed for these credentials; "
        "see `cloudfail policy aws`"
    )


def test_a_denial_of_the_role_names_sts() -> None:
    error = translate(answered("AccessDenied", 403, "AssumeRole"), CONTEXT)
    assert isinstance(error, DeniedError)
    assert error.permission == "sts:AssumeRole"


def test_an_auth_failure_says_both_things_that_it_may_be() -> None:
    text = str(of("AuthFailure", 401))
    assert "clock" in text
    assert "NAT gateway" in text


def test_an_unknown_code_is_shown_in_one_line() -> None:
    error = of("Strange.Thing")
    assert type(error) is ProviderError
    assert str(error) == "ec2:AssociateAddress on eipalloc-1: Strange.Thing: what EC2 said"


URL = {"endpoint_url": "https://ec2.example"}
TYPES: list[tuple[Exception, type[CloudfailError], str]] = [
    (sdk.NoCredentialsError(), DeniedError, "no AWS credentials"),
    (sdk.PartialCredentialsError(provider="env", cred_var="x"), DeniedError, "no AWS credentials"),
    (
        sdk.CredentialRetrievalError(provider="sso", error_msg="x"),
        DeniedError,
        "credentials_file or profile",
    ),
    (sdk.MetadataRetrievalError(error_msg="x"), DeniedError, "attach a role"),
    (sdk.TokenRetrievalError(provider="sso", error_msg="x"), DeniedError, "attach a role"),
    (sdk.NoRegionError(), ConfigError, "--region or AWS_REGION"),
    (sdk.ProfileNotFound(profile="p"), ConfigError, "correct [provider.aws]"),
    (sdk.InvalidRegionError(region_name="!"), ConfigError, "correct [provider.aws]"),
    (sdk.ConfigParseError(path="x"), ConfigError, "correct [provider.aws]"),
    (sdk.ConfigNotFound(path="x"), ConfigError, "correct [provider.aws]"),
    (sdk.SSLError(**URL, error=OSError("bad")), UnreachableError, "ca_bundle"),
    (sdk.ConnectTimeoutError(**URL), UnreachableError, "cannot reach https://ec2.example"),
    (sdk.EndpointConnectionError(**URL), UnreachableError, "a way to the EC2 API"),
    (sdk.ProxyConnectionError(proxy_url="http://p"), UnreachableError, "cannot reach"),
    (sdk.ReadTimeoutError(**URL), TransientError, "no answer from https://ec2.example in time"),
    (sdk.ConnectionClosedError(**URL), TransientError, "was reset"),
    (sdk.ResponseStreamingError(error="x"), TransientError, "was reset"),
    (sdk.HTTPClientError(error="x"), UnreachableError, "cannot reach"),
    (sdk.ConnectionError(error=OSError("x")), UnreachableError, "cannot reach"),
    (ValueError("odd\nthing"), ProviderError, "ValueError: odd thing"),
]


@pytest.mark.parametrize(("raised", "kind", "said"), TYPES, ids=lambda v: type(v).__name__)
def test_what_the_sdk_raises_by_itself_has_its_meaning(
    raised: Exception, kind: type[CloudfailError], said: str
) -> None:
    error = translate(raised, CONTEXT)
    assert type(error) is kind
    assert said in str(error)
    assert "\n" not in str(error)


def test_only_a_reset_connection_is_tried_again_at_once() -> None:
    reset = translate(sdk.ConnectionClosedError(**URL), CONTEXT)
    late = translate(sdk.ReadTimeoutError(**URL), CONTEXT)
    assert isinstance(reset, TransientError)
    assert isinstance(late, TransientError)
    assert (reset.fresh_connection, late.fresh_connection) == (True, False)


def test_our_own_errors_pass_as_they_are() -> None:
    ours = SupersededError("a newer role")
    assert translate(ours, CONTEXT) is ours


def test_an_operation_without_an_object_is_named_alone() -> None:
    assert str(Context(operation="DescribeAddresses")) == "ec2:DescribeAddresses"
