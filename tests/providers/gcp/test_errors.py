"""A row of the table, a test."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest
import requests.exceptions as http
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
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import ForwardingRule, Peer
from google.api_core.exceptions import from_http_status
from google.auth import exceptions as auth
from google.protobuf.json_format import ParseError

from cloudfail_gcp.errors import (
    _BY_TYPE,
    BY_CODE,
    BY_STATUS,
    FULL,
    GONE,
    MOVED,
    THROTTLING,
    TRANSIENT,
    Answer,
    Context,
    from_answer,
    translate,
)
from cloudfail_gcp.settings import GcpSettings
from providers.gcp.nodes import NodeMaker

CONTEXT = Context(
    operation="forwardingRules.setTarget", subject="edge", endpoint="https://c.example"
)
ROWS: list[tuple[str, type[CloudfailError]]] = [
    *((code, ThrottledError) for code in sorted(THROTTLING)),
    *((code, TransientError) for code in sorted(TRANSIENT)),
    *((code, ConflictError) for code in sorted(MOVED)),
    *((code, NotFoundError) for code in sorted(GONE)),
    *((code, ProviderError) for code in sorted(FULL)),
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


def answered(status: int, reason: str, message: str = "what Compute\n  said") -> CloudfailError:
    item = {"reason": reason, "message": message, "domain": "global"}
    exc = from_http_status(status, message, errors=[item])  # type: ignore[no-untyped-call]
    return translate(exc, CONTEXT)


def test_every_row_of_the_tables_is_tested() -> None:
    assert {code for code, _ in ROWS} == set(BY_CODE)
    assert {status for status, _ in STATUSES} == set(BY_STATUS)


@pytest.mark.parametrize(("code", "kind"), ROWS)
def test_a_code_has_its_meaning(code: str, kind: type[ProviderError]) -> None:
    inside = from_answer(Answer(code=code, message="what\nCompute said", status=400), CONTEXT)
    for error in (answered(400, code), inside):
        assert type(error) is kind
        assert isinstance(error, ProviderError)
        assert error.code == code
        assert str(error).startswith("forwardingRules.setTarget on edge")


@pytest.mark.parametrize(("status", "kind"), STATUSES)
def test_a_status_has_its_meaning_where_the_reason_says_no_more(
    status: int, kind: type[ProviderError]
) -> None:
    assert type(answered(status, "somethingElse")) is kind


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_passes_whatever_its_reason(status: int) -> None:
    assert type(answered(status, "new")) is TransientError
    exc = from_http_status(status, "<html>")  # type: ignore[no-untyped-call]
    assert type(translate(exc, CONTEXT)) is TransientError


@pytest.mark.parametrize(
    "message",
    [
        "There is a route operation in progress on the local or peer network. Try again later.",
        "There is a peering operation in progress on the local or peer network.",
        "The resource 'projects/p/zones/z/instances/a' is not ready",
    ],
)
def test_an_invalid_request_that_passes_says_so_in_words(message: str) -> None:
    assert type(answered(400, "invalid", message)) is TransientError


@pytest.mark.parametrize("code", ["invalid", "INVALID_USAGE"])
@pytest.mark.parametrize(
    "message",
    [
        "Invalid value for field 'resource.natIP': '203.0.113.7'. External IP address is already in-use.",
        "At most one access config currently supported.",
        "The access config was not found.",
    ],
)
def test_an_access_config_that_moved_is_a_conflict(code: str, message: str) -> None:
    assert type(answered(400, code, message)) is ConflictError


def test_any_other_invalid_request_is_final_and_shown_in_one_line() -> None:
    error = answered(400, "invalid")
    assert type(error) is ProviderError
    assert str(error) == "forwardingRules.setTarget on edge: invalid: what Compute said"


def test_a_denial_names_the_permission_and_where_to_find_the_role() -> None:
    words = "Required 'compute.targetInstances.use' permission for 'projects/p/x'"
    error = answered(403, "forbidden", words)
    assert isinstance(error, DeniedError)
    assert error.permission == "compute.targetInstances.use"
    assert "cloudfail policy gcp" in str(error)
    other = answered(403, "accessNotConfigured", "the API is off")
    assert isinstance(other, DeniedError)
    assert (other.permission, "the API is off" in str(other)) == ("", True)
    words = "Request had insufficient authentication scopes."
    scopes = answered(403, "insufficientPermissions", words)
    assert "set-service-account --scopes cloud-platform" in str(scopes)


@pytest.mark.parametrize("status", [200, 302, 403, 404])
def test_an_answer_without_a_reason_is_nobodys(status: int) -> None:
    exc = from_http_status(status, "<html>")  # type: ignore[no-untyped-call]
    error = translate(exc, CONTEXT)
    assert type(error) is UnreachableError
    assert "https://c.example is not Google" in str(error)


RAISED: list[tuple[Exception, type[CloudfailError], str]] = [
    (ParseError("<html>"), UnreachableError, "it is no JSON of theirs"),
    (auth.GoogleAuthError("no"), DeniedError, "attach a service account"),  # type: ignore[no-untyped-call]
    (auth.RefreshError("no"), DeniedError, "attach a service account"),  # type: ignore[no-untyped-call]
    (auth.DefaultCredentialsError("no"), DeniedError, "credentials_file"),  # type: ignore[no-untyped-call]
    (auth.TransportError("no way"), UnreachableError, "cannot be reached (no way)"),  # type: ignore[no-untyped-call]
    (auth.TransportError(ConnectionResetError()), TransientError, "was reset"),  # type: ignore[no-untyped-call]
    (http.SSLError("expired"), UnreachableError, "TLS to https://c.example failed (expired)"),
    (http.ConnectTimeout("slow"), UnreachableError, "Private Google Access"),
    (http.ProxyError("none"), UnreachableError, "cannot reach"),
    (http.ReadTimeout("slow"), TransientError, "no answer from https://c.example in time"),
    (http.ConnectionError("refused"), UnreachableError, "cannot reach"),
    (http.ConnectionError(ConnectionResetError()), TransientError, "was reset"),
    (http.ChunkedEncodingError("RemoteDisconnected"), TransientError, "was reset"),
    (http.ChunkedEncodingError("broken"), UnreachableError, "cannot reach"),
    (http.RequestException("any"), UnreachableError, "cannot reach"),
    (http.TooManyRedirects("round"), UnreachableError, "cannot reach"),
    (KeyError("odd"), ProviderError, "KeyError: 'odd'"),
]


def test_every_row_of_what_is_raised_is_tested() -> None:
    rows = {kind for kinds, _ in _BY_TYPE for kind in kinds}
    assert rows <= {type(exc) for exc, _, _ in RAISED}


@pytest.mark.parametrize(("exc", "kind", "words"), RAISED)
def test_what_the_sdk_raises_by_itself_has_its_meaning(
    exc: Exception, kind: type[CloudfailError], words: str
) -> None:
    error = translate(exc, CONTEXT)
    assert type(error) is kind
    assert words in str(error)


def test_our_own_errors_pass_as_they_are() -> None:
    error = SupersededError("no longer master")
    assert translate(error, CONTEXT) is error
    assert str(Context(operation="routes.list")) == "routes.list"


@pytest.fixture
def server() -> Iterator[Callable[[bytes | None], str]]:
    """A server that gives one raw answer to everybody, or resets (None)."""
    listening: list[socket.socket] = []

    def start(answer: bytes | None) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listening.append(listener)
        threading.Thread(target=serve, args=(listener, answer), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    def serve(listener: socket.socket, answer: bytes | None) -> None:
        while True:
            try:
                link, _ = listener.accept()
            except OSError:
                return
            with link:
                link.recv(65536)
                if answer is None:
                    linger = struct.pack("ii", 1, 0)
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                else:
                    link.sendall(answer)

    yield start
    for listener in listening:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def http_of(status: str, body: str) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (http_of("200 OK", "<html/>"), UnreachableError, "it is no JSON of theirs"),
        (http_of("200 OK", "{}"), UnreachableError, "no kind"),
        (http_of("403 Forbidden", "<html/>"), UnreachableError, "HTTP 403 without a reason"),
        (http_of("502 Bad Gateway", ""), TransientError, "HTTP 502"),
        (b"", TransientError, "was reset"),
        (None, TransientError, "was reset"),
    ],
)
def test_what_is_not_google_never_says_who_holds_what(
    cloud: EmbeddedGcp,
    node_of: NodeMaker,
    server: Callable[[bytes | None], str],
    answer: bytes | None,
    kind: type[CloudfailError],
    words: str,
) -> None:
    assert cloud.built.nodes
    settings = GcpSettings(endpoint=server(answer))
    node = node_of("a", settings=settings, peers=(Peer(name="b", address=ip_address("10.0.1.11")),))
    with pytest.raises(kind, match=words):
        node.provider.observe([ForwardingRule(name="edge")])


def test_an_api_that_is_not_there_is_named(node_of: NodeMaker) -> None:
    node = node_of("a", settings=GcpSettings(endpoint="http://127.0.0.1:9"))
    with pytest.raises(UnreachableError, match=r"cannot reach http://127\.0\.0\.1:9"):
        node.provider.observe([ForwardingRule(name="edge")])
