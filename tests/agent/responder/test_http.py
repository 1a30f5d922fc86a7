"""Requests and their answers, as bytes."""

from __future__ import annotations

import pytest
from cloudfail.agent.responder import http
from hypothesis import given
from hypothesis import strategies as st

GET = b"GET / HTTP/1.1\r\nHost: 10.0.1.10\r\n\r\n"


def status(head: bytes, path: str = "/", *, answers: bool = True) -> int:
    return http.status_of(head, path, answers=answers)


def test_the_master_is_200_and_everybody_else_503() -> None:
    assert (status(GET), status(GET, answers=False)) == (200, 503)
    assert http.answer(GET, 200).endswith(b"\r\n\r\nMASTER\n")
    assert http.answer(GET, 503).startswith(b"HTTP/1.1 503 ")


@pytest.mark.parametrize("status", [200, 400, 404, 405, 503])
def test_an_answer_says_its_length_and_that_the_connection_ends(status: int) -> None:
    head, _, body = http.answer(GET, status).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
    assert b"Connection: close" in head.split(b"\r\n")


def test_head_gets_the_same_without_the_body() -> None:
    asked = GET.replace(b"GET", b"HEAD")
    assert status(asked) == 200
    assert http.answer(asked, 200) + b"MASTER\n" == http.answer(GET, 200)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/", 404),
        (b"/health", 200),
        (b"/health?probe=1", 200),
        (b"/health/", 404),
        (b"/healthy", 404),
        (b"http://10.0.1.10:8080/health", 200),
        (b"HTTP://x/health?a", 200),
        (b"http://x", 404),
        (b"*", 404),
    ],
)
def test_only_the_configured_path_is_answered(target: bytes, expected: int) -> None:
    assert status(GET.replace(b"/ ", target + b" "), "/health") == expected


def test_an_absolute_target_without_a_path_is_the_root() -> None:
    assert status(b"GET http://x HTTP/1.1\r\n\r\n") == 200
    assert status(b"GET http://x?a=b HTTP/1.1\r\n\r\n") == 200


@pytest.mark.parametrize("method", [b"POST", b"OPTIONS", b"CONNECT", b"X"])
def test_other_methods_are_not_allowed(method: bytes) -> None:
    asked = GET.replace(b"GET", method)
    assert status(asked) == 405
    assert b"Allow: GET, HEAD\r\n" in http.answer(asked, 405)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /\r\n\r\n",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n",
        GET[:-2] + b"X: " + b"x" * http.LONGEST + b"\r\n\r\n",
    ],
)
def test_what_is_no_whole_request_is_400(head: bytes) -> None:
    assert status(head) == 400


@pytest.mark.parametrize("head", [GET, b"GET / HTTP/1.0\n\n", GET.replace(b"\r", b""), b"x\n"])
def test_a_request_is_whole_at_its_blank_line_and_garbage_at_its_first(head: bytes) -> None:
    assert http.is_whole(head)
    assert not http.is_whole(head[:-1])


def test_a_head_that_never_ends_is_whole_when_it_is_too_long() -> None:
    endless = b"GET /" + b"x" * http.LONGEST
    assert http.is_whole(endless)
    assert not http.is_whole(endless[: http.LONGEST])


@given(st.binary(max_size=300), st.booleans())
def test_no_bytes_bring_200_but_a_get_or_head_of_the_path_while_it_answers(
    head: bytes, answers: bool
) -> None:
    found = status(head, answers=answers)
    assert found in (200, 400, 404, 405, 503)
    assert found != 200 or (answers and head.startswith((b"GET ", b"HEAD ")))
    assert http.answer(head, found)


@given(st.binary(max_size=300))
def test_whatever_is_added_to_a_good_request_line_a_no_stays_a_no(more: bytes) -> None:
    assert status(b"GET / HTTP/1.1\r\n" + more, answers=False) in (400, 503)
