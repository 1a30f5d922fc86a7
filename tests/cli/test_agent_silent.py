"""Where no agent answers: the commands do their work and say why; what only an agent can is refused."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.machine import EIP, VIP, Machine

_HUNG = "the agent has said nothing for 0.5 s"
_INSTEAD = "this process does the work itself"
ORDERS = [("pause",), ("resume",), ("reload",), ("handover",), ("pause", "--why", "patching")]


@pytest.fixture
def path(machine: Machine) -> Iterator[Path]:
    """Where commands look for an agent; pytest's own directories are too long for a socket."""
    machine.config()
    with tempfile.TemporaryDirectory(prefix="silent-") as folder:
        machine.set("CLOUDFAIL_AGENT_SOCKET", f"{folder}/agent.sock")
        yield Path(folder, "agent.sock")


@pytest.fixture
def hung(path: Path) -> Iterator[socket.socket]:
    """An agent that hangs: the kernel takes connections for it, and it reads none."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o660)
        listener.listen()
        yield listener


@pytest.fixture
def dead(path: Path, hung: socket.socket) -> Path:
    """What a killed agent leaves."""
    hung.close()
    return path


@pytest.mark.usefixtures("hung")
def test_a_promotion_that_a_hung_agent_does_not_answer_is_done_here(
    machine: Machine, path: Path
) -> None:
    answer = machine.finish(["promote"])
    assert answer.code == 0
    assert machine.held == {EIP: "nic-a", VIP: "nic-a"}
    assert f"cloudfail: {path}: {_HUNG}; {_INSTEAD}\n" in answer.err


@pytest.mark.usefixtures("hung")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("status",), 0),
        (("status", "--check"), 2),
        (("plan",), 2),
        (("plan", "--output", "json"), 2),
        (("demote",), 0),
        (("notify", "INSTANCE", "edge", "BACKUP", "100"), 0),
    ],
)
def test_a_hung_agent_changes_neither_output_nor_exit_code(
    machine: Machine, path: Path, words: tuple[str, ...], code: int
) -> None:
    hung = machine.run(*words)
    machine.set("CLOUDFAIL_AGENT_SOCKET", f"{path}.none")
    alone = machine.run(*words)
    assert (hung.code, hung.out) == (code, alone.out)
    assert alone.code == code
    assert _HUNG in hung.err
    assert _HUNG not in alone.err


def test_a_dead_agents_socket_is_said_to_be_one(machine: Machine, dead: Path) -> None:
    answer = machine.run("status")
    assert answer.code == 0
    assert answer.err == f"cloudfail: {dead}: Connection refused; {_INSTEAD}\n"


@pytest.mark.usefixtures("path")
def test_where_no_agent_ever_was_nothing_is_said(machine: Machine) -> None:
    assert machine.run("status").err == ""


@pytest.mark.usefixtures("hung")
def test_help_asks_nobody(machine: Machine) -> None:
    answer = machine.run("status", "--help")
    assert (answer.code, answer.err) == (0, "")


@pytest.mark.parametrize("words", ORDERS)
def test_an_order_without_an_agent_says_what_to_do(
    machine: Machine, path: Path, words: tuple[str, ...]
) -> None:
    answer = machine.run(*words)
    assert (answer.code, answer.out) == (69, "")
    assert answer.err == (
        f"cloudfail: no agent to ask: {path}: No such file or directory; start it (systemctl start "
        "cloudfail-agent), ask as root, or name its socket in CLOUDFAIL_AGENT_SOCKET\n"
    )


@pytest.mark.parametrize("words", ORDERS)
def test_an_order_to_a_dead_agent_says_what_to_do(
    machine: Machine, dead: Path, words: tuple[str, ...]
) -> None:
    answer = machine.run(*words)
    assert answer.code == 69
    assert f"no agent to ask: {dead}: Connection refused; start it" in answer.err


@pytest.mark.usefixtures("hung")
def test_an_order_that_a_hung_agent_got_may_be_done_still(machine: Machine) -> None:
    answer = machine.run("pause")
    assert answer.code == 69
    assert f"{_HUNG}; it may do what it was asked for all the same: look at" in answer.err


@pytest.mark.usefixtures("path")
def test_an_order_that_failed_is_a_document_too(machine: Machine) -> None:
    answer = machine.run("handover", "--output", "json")
    assert answer.code == answer.json["exit_code"] == 69
    assert answer.json["error"]["type"] == "unreachable"


@pytest.mark.usefixtures("path")
def test_an_order_of_wrong_words_is_a_usage_error(machine: Machine) -> None:
    assert machine.run("pause", "--why", "").code == 64
    assert machine.run("reload", "now").code == 64
    assert machine.run("handover", "--to", "b").code == 64


def test_what_the_agent_declines_no_order_can_do_here(
    machine: Machine, hung: socket.socket
) -> None:
    declining = threading.Thread(target=_decline, args=(hung,))
    declining.start()
    answer = machine.run("pause")
    declining.join()
    assert (answer.code, answer.err) == (77, "cloudfail: the agent declines: another version\n")


@pytest.mark.usefixtures("hung")
def test_a_watch_says_each_time_that_it_looks_itself(machine: Machine) -> None:
    with machine.spawn("status", "--watch", "0.1", "--output", "json") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for _ in range(2):
            assert f"{_HUNG}; {_INSTEAD}" in running.stderr.readline()
        shown = "".join(iter(running.stdout.readline, "\n"))
        assert json.loads(shown)["agent"] is None
        running.terminate()


def _decline(listener: socket.socket) -> None:
    line, _ = listener.accept()
    with line:
        line.recv(1 << 16)
        line.sendall(b'{"decline": "another version"}\n')
