"""The socket in the file system: a dead agent's is replaced, another's is left alone."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from cloudfail.agent.control import server as server_module
from cloudfail.agent.control.listening import listen
from cloudfail.errors import ConfigError

from agent.control.serving import Served, open_files, served, until


def dead(path: Path) -> None:
    """Leave a socket that nobody listens at, as a killed agent does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.bind(str(path))
        line.listen()


def test_what_a_dead_agent_left_is_replaced(place: Path) -> None:
    dead(place / "agent.sock")
    with served(place) as one:
        assert one.answers()


def test_a_second_agent_is_refused_and_the_first_goes_on(server: Served) -> None:
    before = open_files()
    with pytest.raises(ConfigError, match="another agent answers there; end it, or name another"):
        listen(server.path)
    until(lambda: open_files() == before)  # the first may still have the question open
    assert server.answers()


def test_an_agent_whose_queue_is_full_is_one_that_answers(place: Path) -> None:
    path = place / "agent.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as busy:
        busy.bind(str(path))
        busy.listen(0)
        waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with waiting:
            waiting.connect(str(path))
            with pytest.raises(ConfigError, match="another agent answers there"):
                listen(path)


@pytest.mark.parametrize("kind", ["file", "directory", "fifo", "link"])
def test_what_is_no_socket_is_left_alone(place: Path, kind: str) -> None:
    path = place / "agent.sock"
    if kind == "file":
        path.write_text("precious")
    elif kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path.symlink_to("/etc/passwd")
    before = path.lstat()
    with pytest.raises(ConfigError, match=r"agent.sock is there, and is no socket; remove it"):
        listen(path)
    assert path.lstat().st_ino == before.st_ino
    assert list(place.iterdir()) == [path]


def test_a_directory_that_is_not_there_is_named(place: Path) -> None:
    with pytest.raises(ConfigError, match="its directory has to exist, and to be writable"):
        listen(place / "none" / "agent.sock")


def test_a_socket_that_is_taken_away_is_there_again(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_CHECK_SECONDS", 0.05)
    server.path.unlink()
    until(lambda: server.said("was taken away, and is there again"))
    assert server.answers()
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o660


def test_what_others_put_in_its_place_is_neither_replaced_nor_removed(
    server: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_CHECK_SECONDS", 0.05)
    server.path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(server.path))
        other.listen()
        until(lambda: server.said("the socket was taken away: "))
        assert server.said("another agent answers there")
        server.end()
        assert server.path.exists()


def test_nothing_is_left_at_the_end(place: Path) -> None:
    before = open_files()
    with served(place) as one:
        assert one.answers()
    assert open_files() == before
    assert list(place.iterdir()) == []


def test_commands_that_would_look_elsewhere_are_told_of(place: Path) -> None:
    with served(place) as one:
        assert one.said("commands look for the agent at /run/cloudfail/agent.sock, it listens at")
        assert one.said(f"give them CLOUDFAIL_AGENT_SOCKET={place}/agent.sock")
