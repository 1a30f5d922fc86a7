"""What a proxy, a login page or a cut connection makes of EC2's answers, over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from cloudfail.clock import SystemClock
from cloudfail.errors import CloudfailError, ThrottledError, TransientError, UnreachableError
from cloudfail.provider import Setup

from cloudfail_aws.api import Api
from cloudfail_aws.credentials import Keys
from cloudfail_aws.sdk import Clients
from cloudfail_aws.settings import AwsSettings

ROLE = "arn:aws:iam::123456789012:role/x"
EXPIRED = (
    b"<ErrorResponse><Error><Code>ExpiredToken</Code><Message>old</Message></Error>"
    b"<RequestId>r</RequestId></ErrorResponse>"
)


class Answering(ThreadingHTTPServer):
    """Gives every POST the same answer."""

    daemon_threads = True
    status = 200
    body = b""
    length: int | None = None
    asked: ClassVar[list[bytes]] = []


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Answering

    def do_POST(self) -> None:
        self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        length = self.server.length
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body) if length is None else length))
        self.end_headers()
        self.wfile.write(self.server.body)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its base's name
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Answering]:
    with Answering(("127.0.0.1", 0), _Handler) as server:
        server.asked.clear()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


class Asking:
    """An Api whose endpoint is the server, and how often it fetched its keys."""

    def __init__(self, server: Answering, **settings: str) -> None:
        self.fetched = 0
        chosen = AwsSettings(
            region="eu-central-1", endpoint=f"http://127.0.0.1:{server.server_port}", **settings
        )
        clients = Clients(chosen, region=lambda: "eu-central-1", role_keys=self._keys)
        self.api = Api(clients, Setup(settings=chosen), SystemClock())

    def _keys(self) -> Keys:
        self.fetched += 1
        return Keys(access_key="A", secret_key="s", token="t", expires="2999-01-01T00:00:00Z")

    def fail(self) -> CloudfailError:
        with pytest.raises(CloudfailError) as caught:
            self.api.call("DescribeAddresses", {})
        return caught.value


@pytest.mark.parametrize(
    ("status", "body", "length"),
    [
        (200, b"<html>please log in</html>", None),
        (200, b"<DescribeAddressesResponse/>", None),
        (200, b"please log in", None),
        (200, b"", None),
        (200, b"<?xml version='1.0'?><DescribeAddressesResponse><addr", None),
        (200, b"<DescribeAddressesResponse><requestId>r</requestId>", 500),
        (301, b"", None),
        (403, b"<html>forbidden by the proxy</html>", None),
        (407, b"", None),
    ],
)
def test_what_is_no_answer_of_ec2_says_nothing_and_is_asked_again(
    server: Answering, status: int, body: bytes, length: int | None
) -> None:
    """Read as an empty list, such a page would make nobody the holder of everything."""
    server.status, server.body, server.length = status, body, length
    error = Asking(server).fail()
    assert isinstance(error, UnreachableError)
    assert "is not AWS" in str(error)
    assert "proxy" in str(error)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "kind"), [(429, ThrottledError), (408, TransientError), (502, TransientError)]
)
def test_a_gateways_own_code_for_later_is_asked_again(
    server: Answering, status: int, kind: type[CloudfailError]
) -> None:
    server.status, server.body = status, b"<html/>"
    assert isinstance(Asking(server).fail(), kind)


@pytest.mark.parametrize("body", [b"<html/>", b"<SecretAccessKey>hush"])
def test_an_answer_that_is_not_of_sts_is_no_role_and_is_never_quoted(
    server: Answering, body: bytes
) -> None:
    server.body = body
    error = Asking(server, role_arn=ROLE).fail()
    assert isinstance(error, UnreachableError)
    assert "hush" not in str(error)


def test_keys_that_expired_at_the_token_service_are_fetched_anew(server: Answering) -> None:
    server.status, server.body = 403, EXPIRED
    asking = Asking(server, role_arn=ROLE)
    for _ in range(2):
        assert isinstance(asking.fail(), TransientError)
    assert asking.fetched == 2
