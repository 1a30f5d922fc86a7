"""Whatever is sent to the agent's socket: an answer or an end, one log line, nothing left behind."""

from __future__ import annotations

import json
import os

import pytest

from agent.control.serving import Served, open_files, request, until

LIMIT = 64 * 1024
NOT_UNDERSTOOD = [
    pytest.param(b"\0\xff" * 500, id="binary"),
    pytest.param(os.urandom(4096).replace(b"\n", b""), id="random"),
    pytest.param(b"", id="empty"),
    pytest.param(b"promote", id="words"),
    pytest.param(b"null", id="null"),
    pytest.param(b"[]", id="list"),
    pytest.param(b"{}", id="no-fields"),
    pytest.param(b'{"v":1,"argv":["done"]}', id="too-few-fields"),
    pytest.param(b'{"v":2,"argv":["done"],"environ":{},"cwd":"/"}', id="next-version"),
    pytest.param(b'{"v":1,"argv":"done","environ":{},"cwd":"/"}', id="text-for-words"),
    pytest.param(b'{"v":1,"argv":[1],"environ":{},"cwd":"/"}', id="numbers-for-words"),
    pytest.param(b'{"v":1,"argv":["done"],"environ":{"A":1},"cwd":"/"}', id="number-for-a-value"),
    pytest.param(b'{"v":1,"argv":["\xff"],"environ":{},"cwd":"/"}', id="no-utf-8"),
    pytest.param(b'{"v":1,"argv":["\\ud800"],"environ":{},"cwd":"/"}', id="half-a-pair"),
    pytest.param(b'{"v":1,"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}", id="deep"),
    pytest.param(b'{"v":' + b"9" * 5000 + b"}", id="long-number"),
    pytest.param(b"GET / HTTP/1.1\r", id="http"),
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_UNDERSTOOD)
def test_what_is_no_request_is_declined_and_logged(server: Served, text: bytes) -> None:
    (answer,) = server.say(text + b"\n")
    assert answer["decline"].startswith("the request is not understood: ")
    until(lambda: server.said(f"process {os.getpid()} of root was declined: the request is not"))
    assert "\n" not in server.log[-1]
    assert server.asked == []
    assert server.answers()


def test_a_line_of_64_kib_is_taken_and_a_longer_one_is_not(server: Served) -> None:
    short = len(request("done", ""))
    longest = request("done", "x" * (LIMIT - short))
    assert len(longest) == LIMIT
    assert server.say(longest)[-1]["exit_code"] == 0
    (answer,) = server.say(request("done", "x" * (LIMIT - short + 1)))
    assert answer == {"decline": "the request is longer than 64 KiB"}
    until(lambda: server.said("was declined: the request is longer than 64 KiB"))


def test_a_flood_without_an_end_is_cut_off(server: Served) -> None:
    """Not read to its end: whoever goes on is hung up on."""
    with server.connect() as line, pytest.raises(ConnectionError):
        line.sendall(b"x" * (64 << 20))
    # On a busy machine the second that a request may take is over before its 64 KiB are read.
    ends = ("longer than 64 KiB", "left before", "sent no whole request within a second")
    until(lambda: any(map(server.said, ends)))
    assert server.answers()


def test_half_a_request_that_ends_is_declined(server: Served) -> None:
    assert server.say(b'{"v":1,', ends=True) == [{"decline": "the request has no end"}]
    until(lambda: server.said("was declined: the request has no end"))


def test_what_follows_the_request_is_not_read(server: Served) -> None:
    answers = server.say(request("done") + request("huge"))
    assert [sorted(each) for each in answers] == [["ack"], ["exit_code", "stderr", "stdout"]]
    assert [asked.argv for asked in server.asked] == [("done",)]


def test_a_request_may_come_in_pieces(server: Served) -> None:
    text = request("done")
    with server.connect() as line:
        for each in text:
            line.sendall(bytes([each]))
        answer = json.loads(line.makefile().readlines()[-1])
    assert answer["exit_code"] == 0


def test_nothing_is_left_open_of_any_of_it(server: Served) -> None:
    assert server.answers()
    before = open_files()
    for parameters in NOT_UNDERSTOOD:
        for junk in parameters.values:
            assert isinstance(junk, bytes)
            server.say(junk + b"\n")
            server.say(junk + b"x", ends=True)
    until(lambda: open_files() <= before)
    assert server.answers()


def test_a_flood_of_junk_does_not_fill_the_log(server: Served) -> None:
    for _ in range(100):
        server.say(b"junk\n")
    assert 1 <= len(server.log) <= 10
    server.end()
    assert server.said("more lines of this kind were left out")
