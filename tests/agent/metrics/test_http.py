"""Real HTTP over loopback: scrapers are answered, whatever else connects."""

from __future__ import annotations

import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from cloudfail.agent.metrics import http
from cloudfail.agent.metrics.http import MOST_CONNECTIONS
from cloudfail.agent.view import AgentView
from cloudfail.clock import SystemClock
from cloudfail.config.agent.model import AgentSettings, Listen

from agent.metrics.reading import openmetrics_names, parse, value
from agent.metrics.serving import Served, everything
from agent.metrics.views import agent, backup, call, claims, master, ran

USUAL = {name: getattr(http, name) for name in ("_READ", "_WRITE", "_LINGER")}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is no view that hangs, and no client that does."""
    for name in ("_ANSWER", *USUAL):
        monkeypatch.setattr(http, name, 30.0)


@pytest.fixture
def impatience(monkeypatch: pytest.MonkeyPatch, patience: None) -> None:
    """The seconds of the agent, where they are what it is about."""
    for name, seconds in USUAL.items():
        monkeypatch.setattr(http, name, seconds)


@pytest.fixture
def served() -> Iterator[Served]:
    service = Served(agent(master()))
    yield service
    service.close()
    assert service.complaints == [], "the loop had to say something"


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_a_scraper_gets_the_metrics(served: Served) -> None:
    served.metrics.observer.ran("edge", ran())
    response, body = served.get("/metrics")
    assert response.status == 200
    assert response.getheader("Content-Type", "").startswith("text/plain; version=")
    assert response.getheader("Content-Length") == str(len(body))
    samples = parse(body)
    assert value(samples, "cloudfail_promotions_total", result="ok", why="event") == 1
    assert value(samples, "cloudfail_role", state="MASTER") == 1


def test_prometheus_own_request_gets_openmetrics(served: Served) -> None:
    accept = (
        "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
    )
    response, body = served.get("/metrics", Accept=accept)
    assert response.getheader("Content-Type", "").startswith("application/openmetrics-text")
    assert "cloudfail_up" in openmetrics_names(body)


def test_a_query_is_no_part_of_the_path(served: Served) -> None:
    assert served.get("/metrics?name[]=cloudfail_up")[0].status == 200


def test_health_and_readiness_follow_the_view(served: Served) -> None:
    assert (served.get("/healthz")[0].status, served.get("/readyz")[0].status) == (200, 200)
    served.view = agent(master(claims=claims("peer")), is_hearing=False)
    response, body = served.get("/healthz")
    assert (response.status, body) == (503, b"keepalived is not heard\n")
    response, body = served.get("/readyz")
    assert response.status == 503
    assert body.startswith(b"edge: is MASTER, and public-ip 203.0.113.7 is with peer eni-0a\n")
    served.view = agent(backup())
    assert (served.get("/healthz")[0].status, served.get("/readyz")[0].status) == (200, 200)


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/nowhere"])
def test_head_has_the_head_of_get_and_no_body(served: Served, path: str) -> None:
    response, body = served.get(path, "HEAD")
    other, whole = served.get(path)
    assert (response.status, body) == (other.status, b"")
    assert response.getheader("Content-Type") == other.getheader("Content-Type")
    # process_* change between two requests, and with them the length.
    assert abs(int(response.getheader("Content-Length", "0")) - len(whole)) < 100
    assert whole


def test_another_path_says_which_there_are(served: Served) -> None:
    response, body = served.get("/")
    assert (response.status, body) == (404, b"there are /metrics, /healthz, /readyz\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "get"])
def test_another_method_is_not_allowed(served: Served, method: str) -> None:
    response, _ = served.get("/metrics", method)
    assert (response.status, response.getheader("Allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (b"hello\r\n\r\n", 400),
        (b"GET /metrics\r\n\r\n", 400),
        (b"GET metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET http://x/metrics HTTP/1.1\r\n\r\n", 400),
        (b"GET  /metrics HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n", 400),
        (b"\x00" * 100 + b"\n", 400),
        (b"GET /metrics HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\n: empty\r\n\r\n", 400),
        (b"GET /metrics HTTP/1.1\r\nfolded: a\r\n b: c\r\n\r\n", 400),
        (b"GET /metrics HTTP/2.0\r\n\r\n", 505),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", 431),
        (b"GET /metrics HTTP/1.1\r\na: " + b"b" * 9000 + b"\r\n\r\n", 431),
    ],
    ids=lambda one: repr(one[:40]) if isinstance(one, bytes) else str(one),
)
def test_garbage_is_told_what_it_is(served: Served, sent: bytes, expected: int) -> None:
    answer = served.say(sent)
    assert status(answer) == expected
    assert b"Connection: close\r\n" in answer
    assert served.get("/healthz")[0].status == 200


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
def test_who_says_nothing_gets_nothing(served: Served, sent: bytes) -> None:
    with served.connect() as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        assert everything(client) == b""


def test_http_1_0_and_bare_line_feeds_are_understood(served: Served) -> None:
    assert status(served.say(b"GET /healthz HTTP/1.0\n\n")) == 200


def test_a_request_that_comes_in_pieces_is_one(served: Served) -> None:
    with served.connect() as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n":
            client.sendall(bytes([byte]))
        assert status(everything(client)) == 200


def test_of_several_requests_at_once_the_first_is_answered_and_the_close_is_polite(
    served: Served,
) -> None:
    request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = served.say(request * 20)  # a reset would raise here
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status(answer) == 200
    assert b"Connection: close" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert answer.count(b"HTTP/1.1 200 OK") == 1


def test_a_body_that_nobody_asked_for_is_not_read_and_does_not_reset(served: Served) -> None:
    sent = b"POST /metrics HTTP/1.1\r\nContent-Length: 50000\r\n\r\n" + b"x" * 50_000
    assert status(served.say(sent)) == 405


@pytest.mark.usefixtures("impatience")
def test_a_client_that_never_finishes_its_request_is_told_so_and_cut(served: Served) -> None:
    before = SystemClock().now()
    assert status(served.say(b"GET /metrics HTT")) == 408
    assert SystemClock().now() - before >= 0.9


@pytest.mark.usefixtures("impatience")
def test_a_client_that_does_not_read_holds_nobody_up(served: Served) -> None:
    many = [master(name=f"i{number}") for number in range(200)]
    served.view = agent(*many)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", served.port))
        client.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert served.get("/healthz")[0].status == 200
        while served.connections:  # though this client is still there
            SystemClock().sleep(0.05)
    assert served.get("/metrics")[0].status == 200


def test_a_hundred_silent_connections_keep_no_scraper_out(served: Served) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(served.connect()) for _ in range(100)]
        assert served.get("/metrics")[0].status == 200
        assert len(silent) > MOST_CONNECTIONS


def test_the_oldest_connection_is_dropped_for_a_new_one(served: Served) -> None:
    with ExitStack() as stack:
        silent = [stack.enter_context(served.connect()) for _ in range(MOST_CONNECTIONS)]
        for client in silent:
            client.sendall(b"GET ")
        assert served.get("/healthz")[0].status == 200
        with suppress(ConnectionResetError):
            assert everything(silent[0]) == b""
        silent[-1].sendall(b"/healthz HTTP/1.1\r\n\r\n")
        assert status(everything(silent[-1])) == 200


def test_a_crowd_that_comes_at_once_is_no_more_than_others(served: Served) -> None:
    """As many as the kernel holds for a loop that is busy: each takes a file descriptor."""
    busy = threading.Event()
    served.loop.call_soon_threadsafe(busy.wait)
    with ExitStack() as stack:
        crowd = [stack.enter_context(served.connect()) for _ in range(2 * MOST_CONNECTIONS)]
        most = 0
        busy.set()
        for client in crowd[:MOST_CONNECTIONS]:  # until the older half is dropped
            most = max(most, served.connections)
            with suppress(ConnectionResetError):
                assert client.recv(1) == b""
        assert 0 < most <= MOST_CONNECTIONS
        assert served.get("/healthz")[0].status == 200


def test_a_hundred_scrapers_at_once_are_all_answered_when_they_come_again(served: Served) -> None:
    found: list[int] = []

    def scrape() -> None:
        while True:
            try:
                found.append(served.get("/metrics")[0].status)
            except OSError:
                continue  # more than 64 at once: the oldest made room
            return

    threads = [threading.Thread(target=scrape) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [200] * 100


def test_a_view_with_a_mistake_ends_the_request_and_not_the_server(served: Served) -> None:
    def broken() -> AgentView:
        raise KeyError("secret")

    served.make = broken
    response, body = served.get("/metrics")
    assert (response.status, body) == (500, b"the answer could not be made: KeyError\n")
    served.make = lambda: agent(master())
    assert served.get("/metrics")[0].status == 200


def test_a_view_that_hangs_is_an_answer_too(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "_ANSWER", 0.5)
    free = threading.Event()

    def hanging() -> AgentView:
        free.wait(30)
        return agent(master())

    served.make = hanging
    try:
        assert served.get("/healthz")[0].status == 503
    finally:
        free.set()


def test_a_name_from_the_network_puts_no_line_into_the_answer(served: Served) -> None:
    answer = served.say(b"GET /a%0d%0aSet-Cookie:x HTTP/1.1\r\n\r\n")
    assert status(answer) == 404
    assert b"Set-Cookie" not in answer


def test_a_port_that_is_taken_is_a_problem_and_no_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        service = Served(agent(), AgentSettings(metrics_listen=Listen("127.0.0.1", port)))
        (problem,) = service.metrics.problems
        service.close()
    assert f"metrics cannot be served on 127.0.0.1 port {port}: " in problem
    assert "set agent.metrics_listen" in problem
    assert service.complaints == []


def test_a_port_that_becomes_free_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudfail.agent.metrics.http._RETRY", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = Listen("127.0.0.1", other.getsockname()[1])
        service = Served(agent(master()), AgentSettings(metrics_listen=listen))
        assert service.port == 0
    try:
        while not service.port:
            SystemClock().sleep(0.02)
        assert service.metrics.problems == ()
        assert service.get("/healthz")[0].status == 200
    finally:
        service.close()


def test_a_reload_moves_the_port_and_keeps_the_counts(served: Served) -> None:
    served.metrics.observer.called("edge", call())
    old = served.port
    same = AgentSettings(metrics_listen=Listen("127.0.0.1", 0))
    served.do(served.metrics.apply(same))
    assert served.port == old, "a port that stays the same is not touched"
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    served.do(served.metrics.apply(AgentSettings(metrics_listen=Listen("127.0.0.1", free))))
    assert served.port == free
    samples = parse(served.get("/metrics")[1])
    assert value(samples, "cloudfail_api_calls_total", operation="AssociateAddress") == 1
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", old), timeout=30)
    served.do(served.metrics.apply(AgentSettings(metrics_listen=None)))
    assert served.port == 0


def test_ipv6_is_answered() -> None:
    service = Served(agent(master()), AgentSettings(metrics_listen=Listen("::1", 0)))
    try:
        if not service.port:
            pytest.skip("this machine has no IPv6")
        url = f"http://[::1]:{service.port}/healthz"
        with urllib.request.urlopen(url, timeout=30) as response:
            assert response.read() == b"ok\n"
    finally:
        service.close()
