"""Clients that fall silent, do not read, or leave; and an agent that hangs meanwhile."""

from __future__ import annotations

import json
import socket
import time

import pytest
from cloudfail.agent.control import conversation

from agent.control.serving import HUGE, Served, heard, open_files, request, until

USUAL_WAIT = conversation._REQUEST_SECONDS


@pytest.mark.parametrize("begun", [b"", b'{"v":1,', b'{"v":1,"argv":["done"],"environ":{}'])
def test_whoever_sends_no_whole_request_is_hung_up_on(
    server: Served, begun: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "_REQUEST_SECONDS", USUAL_WAIT)
    began = time.monotonic()
    assert server.say(begun) == []
    assert time.monotonic() - began >= 0.9
    until(lambda: server.said("of root sent no whole request within a second"))


def test_whoever_comes_and_goes_without_a_word_is_not_worth_a_line(server: Served) -> None:
    assert server.say(b"", ends=True) == []
    server.connect().close()
    assert server.answers()
    assert server.log == []


def test_the_silent_keep_nobody_waiting(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "_REQUEST_SECONDS", 600.0)
    silent = [server.connect() for _ in range(40)]
    assert server.answers()
    for line in silent:
        line.close()


def test_a_client_that_never_reads_is_hung_up_on(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation, "_SEND_SECONDS", 0.3)
    before = open_files()
    with server.connect() as line:
        line.sendall(request("huge"))
        until(lambda: server.said("of root does not read its answer"))
        assert server.answers()
        assert open_files() == before + 1  # ours: the agent's end is closed
    assert len(server.asked) == 2


def test_a_slow_reader_gets_a_long_answer_whole(server: Served) -> None:
    with server.connect() as line:
        line.sendall(request("huge"))
        text = line.makefile().readlines()[-1]
    assert json.loads(text)["stdout"] == "x" * HUGE


def test_a_client_that_leaves_while_it_is_worked_for_harms_nobody(server: Served) -> None:
    with server.connect() as line:
        line.sendall(request("slow"))
        assert line.recv(64) == b'{"ack": true}\n'
        until(lambda: len(server.asked) == 1)
    until(lambda: server.said("of root left before it was answered"))
    assert server.answers()


def test_a_client_that_leaves_in_the_middle_of_its_answer_harms_nobody(server: Served) -> None:
    with server.connect() as line:
        line.sendall(request("huge"))
        assert line.recv(14) == b'{"ack": true}\n'
        assert line.recv(1000)
    until(lambda: server.said("of root left before it was answered"))
    assert server.answers()


def test_a_client_that_left_while_the_agent_hung_is_not_worked_for(server: Served) -> None:
    """It has done the work itself since."""
    with server.frozen(), server.connect() as line:
        line.sendall(request("done"))
    until(lambda: server.said("of root left before"))
    assert server.asked == []


def test_a_client_that_has_hung_up_is_not_worked_for(server: Served) -> None:
    with server.frozen():
        line = server.connect()
        line.sendall(request("done"))
        line.shutdown(socket.SHUT_WR)
    with line:
        assert heard(line) == [{"ack": True}]
    until(lambda: server.said("left before its command was taken; nothing was done for it"))
    assert server.asked == []


def test_whoever_waits_is_told_every_second(server: Served) -> None:
    with server.connect() as line:
        line.sendall(request("slow"))
        lines = line.makefile()
        assert [lines.readline() for _ in range(3)] == [
            '{"ack": true}\n', '{"wait": true}\n', '{"wait": true}\n',
        ]  # fmt: skip
        server.let_go.set()
        assert json.loads(lines.readlines()[-1])["exit_code"] == 0


def test_an_agent_that_ends_hangs_up(server: Served) -> None:
    with server.connect() as line:
        line.sendall(request("slow"))
        assert line.recv(64) == b'{"ack": true}\n'
        until(lambda: len(server.asked) == 1)
        server.end()
        line.shutdown(socket.SHUT_WR)
        assert b"exit_code" not in line.recv(1000)
    assert not server.path.exists()


def test_what_the_agent_declines_and_its_bugs_leave_the_work_to_the_client(
    server: Served,
) -> None:
    assert server.say(request("decline")) == [{"ack": True}, {"decline": "not this one"}]
    assert server.log == []
    bug = "a bug in the agent: ZeroDivisionError: of nothing"
    assert server.say(request("bug")) == [{"ack": True}, {"decline": bug}]
    until(lambda: server.said(f"asked for bug: {bug}"))
