from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cloudfail.errors import UnreachableError

from cloudfail_aws.metadata import Metadata, default_endpoint

TOKEN_TTL = "X-aws-ec2-metadata-token-ttl-seconds"
TOKEN = "X-aws-ec2-metadata-token"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, service: Service, *args: Any) -> None:
        self.service = service
        super().__init__(*args)

    def setup(self) -> None:
        super().setup()
        self.service.connections += 1

    def do_PUT(self) -> None:
        self.service.seen.append(f"PUT {self.path} {self.headers.get(TOKEN_TTL)}")
        self._answer(self.service.token_status, self.service.issued[0])

    def do_GET(self) -> None:
        self.service.seen.append(f"GET {self.path}")
        if self.headers.get(TOKEN) not in self.service.valid:
            self._answer(401, "")
        elif self.path == "/latest/slow":
            self.service.hung.wait(60)
            self._answer(200, "late")
        elif self.path == "/latest/broken":
            self._answer(500, "oops")
        elif self.path in self.service.values:
            self._answer(200, self.service.values[self.path])
        else:
            self._answer(404, "")

    def _answer(self, status: int, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if self.service.hang_up_after_answers:
            self.service.hang_up_after_answers -= 1
            # Without announcing it, as a kept-alive connection ends.
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Service:
    """An IMDSv2 whose every answer can be scripted."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {"/latest/meta-data/x": "one\ntwo\n"}
        self.valid = {"t1"}
        self.issued = ["t1"]
        self.token_status = 200
        self.hang_up_after_answers = 0
        self.seen: list[str] = []
        self.connections = 0
        self.hung = threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, self))
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()

    def close(self) -> None:
        if self.hung.is_set():
            return
        self.hung.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture
def metadata(service: Service) -> Iterator[Metadata]:
    metadata = Metadata(service.url, timeout=30.0)
    yield metadata
    metadata.close()


def test_a_token_comes_first_and_serves_every_later_request(
    metadata: Metadata, service: Service
) -> None:
    assert metadata.lines("meta-data/x") == ("one", "two")
    assert metadata.text("meta-data/x") == "one\ntwo"
    assert service.seen == [
        "PUT /latest/api/token 21600",
        "GET /latest/meta-data/x",
        "GET /latest/meta-data/x",
    ]


def test_all_requests_share_one_connection(metadata: Metadata, service: Service) -> None:
    for _ in range(3):
        metadata.text("meta-data/x")
    assert service.connections == 1


def test_a_token_that_is_refused_is_renewed_once(metadata: Metadata, service: Service) -> None:
    metadata.text("meta-data/x")
    service.valid = {"t2"}
    service.issued = ["t2"]
    assert metadata.lines("meta-data/x") == ("one", "two")
    service.valid = set()
    with pytest.raises(UnreachableError, match="HTTP 401"):
        metadata.text("meta-data/x")


def test_a_connection_that_was_closed_meanwhile_is_opened_anew(
    metadata: Metadata, service: Service
) -> None:
    service.hang_up_after_answers = 3
    for _ in range(3):
        assert metadata.lines("meta-data/x") == ("one", "two")


def test_what_is_not_there_is_none_and_no_error(metadata: Metadata) -> None:
    assert metadata.text("meta-data/none") is None
    assert metadata.lines("meta-data/none") == ()


def test_an_empty_answer_fails_loudly_where_one_is_needed(
    metadata: Metadata, service: Service
) -> None:
    service.values["/latest/meta-data/empty"] = "\n"
    for path in ("meta-data/empty", "meta-data/none"):
        with pytest.raises(UnreachableError, match=f"nothing at {path}"):
            metadata.required(path)


def test_a_service_that_hangs_is_given_up_in_time(service: Service) -> None:
    metadata = Metadata(service.url, timeout=0.2)
    with pytest.raises(UnreachableError, match="no answer in time"):
        metadata.text("slow")
    metadata.close()


def test_an_error_of_the_service_is_no_value(metadata: Metadata) -> None:
    with pytest.raises(UnreachableError, match="HTTP 500 for broken"):
        metadata.text("broken")


@pytest.mark.parametrize(
    ("status", "said"), [(403, "switched off"), (404, "no IMDSv2 token"), (200, "no IMDSv2 token")]
)
def test_without_a_token_nothing_is_read(
    metadata: Metadata, service: Service, status: int, said: str
) -> None:
    service.token_status = status
    service.issued = [""]
    with pytest.raises(UnreachableError, match=said):
        metadata.text("meta-data/x")
    assert not any(line.startswith("GET") for line in service.seen)


def test_a_service_that_went_away_is_unreachable(service: Service) -> None:
    metadata = Metadata(service.url, timeout=30.0)
    metadata.text("meta-data/x")
    service.hang_up_after_answers = 1
    metadata.text("meta-data/x")
    service.close()
    with pytest.raises(UnreachableError, match="cannot be used"):
        metadata.text("meta-data/x")


def test_nobody_there_is_unreachable_with_a_remedy() -> None:
    with pytest.raises(
        UnreachableError, match="--interface-id, a region and credentials"
    ) as caught:
        Metadata("http://127.0.0.1:9").text("meta-data/x")
    assert caught.value.limit == 3


def test_no_proxy_is_ever_asked(metadata: Metadata, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert metadata.lines("meta-data/x") == ("one", "two")


def test_a_disabled_service_is_not_asked(
    metadata: Metadata, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "True")
    with pytest.raises(UnreachableError, match="AWS_EC2_METADATA_DISABLED"):
        metadata.text("meta-data/x")
    assert service.seen == []


@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({}, "http://169.254.169.254"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}, "http://[fd00:ec2::254]"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1/"}, "http://127.0.0.1:1"),
    ],
)
def test_the_endpoint_is_where_the_sdks_look_for_it(
    variables: dict[str, str], endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_endpoint() == endpoint


def test_a_forgotten_client_leaves_no_connection_behind(service: Service) -> None:
    # An unclosed socket is a ResourceWarning, which is an error in these tests.
    make: Callable[[], object] = lambda: Metadata(service.url).text("meta-data/x")  # noqa: E731
    make()
    gc.collect()
