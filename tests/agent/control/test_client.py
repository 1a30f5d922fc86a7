"""What a command makes of the other end, whatever that is: an answer, or the work is its own."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.agent.control import client
from cloudfail.agent.control.client import VARIABLE, Answer, Unanswered, hand_over

from agent.control.serving import PATIENCE, Served, open_files

USUAL_WAIT = client._ACK_WAIT
Behaviour = Callable[[socket.socket], None]


@contextmanager
def playing(path: Path, behaviour: Behaviour) -> Iterator[None]:
    """Be an agent that does this to the one who asks."""

    def serve() -> None:
        line, _ = listener.accept()
        with line:
            line.recv(1 << 16)
            behaviour(line)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(PATIENCE)


def ask(path: Path, *argv: str) -> Answer | Unanswered:
    before = open_files()
    told = hand_over(argv or ("status",), {VARIABLE: str(path)})
    assert open_files() <= before + 1  # the thread's own end may still be open
    return told


def unanswered(path: Path) -> Unanswered:
    told = ask(path)
    assert isinstance(told, Unanswered), told.stdout
    return told


def says(*parts: bytes, every: float = 0.0) -> Behaviour:
    def behave(line: socket.socket) -> None:
        for part in parts:
            line.sendall(part)
            time.sleep(every)

    return behave


@pytest.fixture
def path(place: Path) -> Path:
    return place / "agent.sock"


def test_an_answer_is_what_the_command_would_have_printed(server: Served) -> None:
    told = ask(server.path, "done", "--x")
    assert isinstance(told, Answer)
    assert (told.exit_code, told.stdout, told.stderr) == (0, "done\n", "")
    asked = server.asked[0]
    assert (asked.argv, asked.cwd, asked.colour) == (("done", "--x"), str(Path.cwd()), False)
    assert (asked.peer.pid, asked.peer.uid) == (os.getpid(), os.geteuid())


def test_only_our_own_variables_are_sent(server: Served) -> None:
    environ = {VARIABLE: str(server.path), "CLOUDFAIL_NODE": "a", "AWS_SECRET_ACCESS_KEY": "x"}
    hand_over(("done",), environ)
    assert server.asked[0].environ == {VARIABLE: str(server.path), "CLOUDFAIL_NODE": "a"}


def test_words_that_are_no_utf8_are_left_to_the_command(server: Served) -> None:
    told = ask(server.path, "done", os.fsdecode(b"\xff"))
    assert isinstance(told, Unanswered)
    assert told.is_declined


@pytest.mark.parametrize("name", ["agent.sock", "none/agent.sock"])
def test_where_there_is_no_agent_nothing_is_odd(place: Path, name: str) -> None:
    told = unanswered(place / name)
    assert not told.is_odd
    assert str(told) == f"{place / name}: No such file or directory"


def test_a_socket_that_nobody_listens_at_is_odd(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.bind(str(path))
        path.chmod(0o660)
    told = unanswered(path)
    assert (told.is_odd, told.is_sent) == (True, False)
    assert str(told) == f"{path}: Connection refused"


def test_an_end_that_hangs_is_given_up_after_half_a_second(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_ACK_WAIT", USUAL_WAIT)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as hung:
        hung.bind(str(path))
        path.chmod(0o660)
        hung.listen()
        began = time.monotonic()
        told = unanswered(path)
        assert time.monotonic() - began >= 0.5
    assert (told.is_odd, told.is_sent) == (True, True)
    assert str(told) == f"{path}: the agent has said nothing for 0.5 s"


def test_a_queue_that_is_full_is_not_waited_for(path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as busy:
        busy.bind(str(path))
        path.chmod(0o660)
        busy.listen(0)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as waiting:
            waiting.connect(str(path))
            told = unanswered(path)
    assert "more ask the agent at once than can wait for it" in str(told)


def test_an_agent_that_took_it_and_then_hangs_is_given_up_as_well(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_WAIT", 0.05)
    done = threading.Event()

    def hang(line: socket.socket) -> None:
        line.sendall(b'{"ack": true}\n')
        done.wait(PATIENCE)

    with playing(path, hang):
        told = unanswered(path)
        done.set()
    assert "the agent has said nothing for 0.25 s" in str(told)
    assert told.is_sent


def test_an_agent_that_says_it_is_at_work_is_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_WAIT", 0.4)
    signs = [b'{"ack": true}\n', *[b'{"wait": true}\n'] * 6]
    end = b'{"exit_code": 3, "stdout": "", "stderr": "x"}\n'
    with playing(path, says(*signs, end, every=0.4)):
        told = ask(path)
    assert isinstance(told, Answer)
    assert told.exit_code == 3


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 400 Bad Request\r\n",
        b"\xff\xfe\n",
        b"null\n",
        b"7\n",
        b'"exit_code"\n',
        b'{"exit_code": null}\n',
        b'{"exit_code": 0}\n',
        b'{"exit_code": 1e999, "stdout": "", "stderr": ""}\n',
        b"[" * 100_000 + b"\n",
        b"9" * 10_000 + b"\n",
    ],
)
def test_an_answer_that_is_none_is_said_to_be_none(path: Path, text: bytes) -> None:
    with playing(path, says(text)):
        told = unanswered(path)
    assert str(told) == f"{path}: the answer is none of an agent's"
    assert told.is_odd


@pytest.mark.parametrize(
    "text", [b"", b'{"ack": true}\n', b'{"ack": true}\n{"exit_code": 0, "std', b"[]\n"]
)
def test_an_agent_that_ends_too_soon_has_not_answered(path: Path, text: bytes) -> None:
    with playing(path, says(text)):
        told = unanswered(path)
    assert str(told) == f"{path}: the agent ended before it answered"
    assert (told.is_odd, told.is_sent) == (True, True)


def test_a_declined_command_is_not_odd(path: Path) -> None:
    with playing(path, says(b'{"ack": true}\n{"decline": "not mine"}\n')):
        told = unanswered(path)
    assert (str(told), told.is_odd, told.is_declined) == ("not mine", False, True)


def test_a_socket_open_to_everybody_is_not_believed(server: Served) -> None:
    server.path.chmod(0o666)
    told = unanswered(server.path)
    assert "is open to everybody, and not believed: make it 0660" in str(told)
    assert server.asked == []


@pytest.mark.parametrize("kind", ["file", "directory", "link"])
def test_what_is_no_socket_is_not_talked_to(server: Served, kind: str) -> None:
    other = server.path.with_name("other")
    if kind == "file":
        other.write_text("")
    elif kind == "directory":
        other.mkdir()
    else:
        other.symlink_to(server.path)
    assert str(unanswered(other)) == f"{other} is no socket"


@pytest.mark.netns
def test_a_stranger_who_listens_is_not_believed(path: Path) -> None:
    """Neither root nor the directory's owner: who may bind in a shared directory answers nobody."""
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o660)
        # Whoever makes it listen is the peer: unix(7), SO_PEERCRED.
        code = "import os, socket, sys; os.setuid(65534); socket.socket(fileno=int(sys.argv[1])).listen()"
        number = str(listener.fileno())
        process.run([sys.executable, "-c", code, number], pass_fds=[listener.fileno()], check=True)
        told = unanswered(path)
        line, _ = listener.accept()
        with line:
            assert line.recv(1 << 16) == b""
    assert str(told) == f"{path} is user 65534's, who is not believed"


def test_a_command_longer_than_64_kib_is_its_own(server: Served) -> None:
    told = ask(server.path, "done", "x" * (1 << 16))
    assert isinstance(told, Unanswered)
    assert (str(told), told.is_declined) == ("the command is longer than 64 KiB", True)
    assert server.asked == []
