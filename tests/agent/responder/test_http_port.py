"""protocol http, over real sockets."""

from __future__ import annotations

import os
import socket

import pytest
from cloudfail.agent.responder import visit
from cloudfail.config.agent.model import Responder

from agent.responder.serving import (
    Served,
    ask,
    connected,
    ended_by,
    free_port,
    heard,
    status,
    wait_until,
)

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is kept waiting by a busy machine is answered all the same."""
    monkeypatch.setattr(visit, "SECONDS", 30.0)


@pytest.fixture
def port() -> int:
    return free_port()


def served(port: int, *, answers: bool = True, path: str = "/") -> Served:
    return Served(Responder(port=port, protocol="http", path=path), answers=answers)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_200_on_the_master_else_503(port: int, host: str) -> None:
    with served(port, answers=False) as responders:
        assert status(port, host=host) == 503
        responders.set(True)
        assert status(port, host=host) == 200
        responders.set(False)
        assert status(port, host=host) == 503


def test_each_request_is_asked_for_anew(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cloudfail.agent.responder.responders.POLL", 3600.0)
    with served(port) as responders:
        assert status(port) == 200
        responders.answers = False  # and nobody says so
        assert status(port) == 503


def test_a_question_that_nobody_can_answer_is_503_and_a_problem(port: int) -> None:
    with served(port) as responders:
        responders.set(KeyError("edge"))
        assert status(port) == 503
        (problem,) = responders.responders.problems
        assert "edge: nobody can tell" in problem
        assert len([line for line in responders.noted if "nobody can tell" in line]) == 1
        responders.set(True)
        assert status(port) == 200
        assert responders.responders.problems == ()


def test_what_is_not_true_is_503(port: int) -> None:
    with served(port) as responders:
        responders.set("yes")  # type: ignore[arg-type]
        assert status(port) == 503


def test_path_method_and_head(port: int) -> None:
    with served(port, path="/master"):
        assert status(port, "/master?x=1") == 200
        assert status(port, "/") == 404
        head = ask(port, b"HEAD /master HTTP/1.1\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert head.endswith(b"Connection: close\r\n\r\n")
        assert ask(port, b"POST /master HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 405 ")


def test_keep_alive_is_not_kept(port: int) -> None:
    twice = GET.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n") * 2
    with served(port):
        said = ask(port, twice)
        assert said.count(b"HTTP/1.1 ") == 1
        assert said.endswith(b"MASTER\n")


def test_a_request_may_come_in_pieces(port: int) -> None:
    with served(port), connected(port) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in GET:
            one.sendall(bytes([byte]))
        assert heard(one).endswith(b"MASTER\n")


def test_a_client_that_has_ended_its_half_is_answered(port: int) -> None:
    with served(port), connected(port) as one:
        one.sendall(GET)
        one.shutdown(socket.SHUT_WR)
        assert heard(one).endswith(b"MASTER\n")


def test_half_a_request_is_400_and_none_gets_nothing(port: int) -> None:
    with served(port):
        for said, expected in ((GET[:20], b"HTTP/1.1 400 "), (b"", b"")):
            with connected(port) as one:
                one.sendall(said)
                one.shutdown(socket.SHUT_WR)
                assert heard(one)[:13] == expected


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\n", b"\n", b"GET /\n", b"GET /" + b"x" * 20_000, b"\x00" * 100_000]
)
def test_garbage_is_400(port: int, garbage: bytes) -> None:
    with served(port):
        assert ask(port, garbage).startswith(b"HTTP/1.1 400 ")


def test_random_bytes_harm_nobody(port: int) -> None:
    with served(port):
        for size in range(1, 200):
            with connected(port) as one:
                one.sendall(os.urandom(size))
        assert status(port) == 200


def test_a_slow_client_is_ended_without_an_answer(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "SECONDS", 1.0)
    with served(port), connected(port) as one:
        one.sendall(GET[:-2])
        assert heard(one) == b""


def test_a_slow_request_to_who_does_not_answer_is_refused_in_good_order(port: int) -> None:
    with served(port, answers=False) as responders, connected(port) as one:
        one.sendall(GET[:-2])
        for _ in range(3):
            responders.set(False)
        one.sendall(GET[-2:])
        responders.set(False)
        assert heard(one).startswith(b"HTTP/1.1 503 ")


def test_a_request_under_way_is_reset_when_the_role_is_lost(port: int) -> None:
    with served(port) as responders, connected(port) as one:
        one.sendall(GET[:-2])
        wait_until(lambda: any(each._visits for each in responders.responders._ports.values()))
        responders.set(False)
        assert ended_by(one) == "reset"
