"""The day-two verbs, and a thousand who ask at once, with a whole agent as a process."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.control.serving import open_files, request, resident_kib
from agent.process.running import COMMAND, RunningAgent, running, until
from bench.stage import Stage

CROWD = 1000


@pytest.fixture(scope="module")
def agent(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    with running(stage, tmp_path_factory.mktemp("agent")) as one:
        one.become("BACKUP")
        until(lambda: one.status()["holdings"][0]["owner"] == "peer")
        yield one


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for a thousand connections in this process, where the usual limit is 1,024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(soft, CROWD * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def pid_of(one: RunningAgent) -> int:
    assert one.process is not None
    return one.process.pid


def ask(one: RunningAgent, *words: str) -> tuple[int, str, str]:
    done = one.command(*words)
    return done.returncode, done.stdout, done.stderr


def test_a_pause_says_who_and_why_and_the_first_one_counts(agent: RunningAgent) -> None:
    code, out, err = ask(agent, "pause", "--why", "patching b")
    assert (code, err) == (0, "")
    assert out.startswith("edge is paused by root (process ")
    assert out.endswith(": patching b; nothing is moved or repaired until `cloudfail resume`\n")
    assert "patching b" in ask(agent, "pause", "--why", "something else")[1]
    assert "something else" not in agent.status()["agent"]["paused"]
    code, out, _ = ask(agent, "status", "--check")
    assert code == 1
    assert "patching b" in out
    code, out, err = ask(agent, "resume", "--instance", "edge")
    assert (code, out, err) == (0, "edge: resumed; the agent looks now\n", "")
    assert agent.status()["agent"]["paused"] == ""


OTHER = """
[instance.other]
provider = "aws"
virtual_router_id = 52
[[instance.other.node]]
name = "c"
address = "10.0.1.30"
priority = 150
[[instance.other.node]]
name = "d"
address = "10.0.2.40"
priority = 100
[[instance.other.claim]]
kind = "public-ip"
address = "203.0.113.8"
"""


def test_an_instance_that_is_not_at_work_keeps_no_other_from_its_pause(agent: RunningAgent) -> None:
    agent.write_config(OTHER)
    try:
        assert ask(agent, "reload")[0] == 0
        code, out, err = ask(agent, "pause")
        assert (code, err) == (0, "")
        assert out.count("paused by root") == 2
        assert "other is paused by root" in out
        code, out, _ = ask(agent, "resume")
        assert (code, out) == (0, "edge, other: resumed; the agent looks now\n")
    finally:
        agent.write_config()
        assert ask(agent, "reload")[0] == 0


def test_an_order_is_a_document_too(agent: RunningAgent) -> None:
    for verb in ("pause", "resume", "reload"):
        code, out, _ = ask(agent, verb, "--output", "json")
        found = json.loads(out)
        assert code == found["exit_code"] == 0
        assert found["command"] == verb
        assert found["instances"] == ([] if verb == "reload" else ["edge"])


@pytest.mark.parametrize("verb", ["pause", "resume", "handover"])
def test_an_order_for_an_instance_that_is_none_names_the_nearest(
    agent: RunningAgent, verb: str
) -> None:
    code, out, err = ask(agent, verb, "--instance", "egde")
    assert (code, out) == (78, "")
    assert "egde" in err
    assert "edge" in err.replace("egde", "")


def test_a_handover_is_the_masters(agent: RunningAgent) -> None:
    code, out, err = ask(agent, "handover")
    assert (code, out) == (77, "")
    assert "only its master can hand it over: run this there" in err


def test_a_promotion_against_the_role_is_refused_with_a_reason(agent: RunningAgent) -> None:
    code, out, err = ask(agent, "promote")
    assert (code, out) == (77, "")
    assert err.startswith("cloudfail: edge: the role of this node is BACKUP")
    assert "--force takes the claims against it" in err
    code, out, _ = ask(agent, "promote", "--output", "json")
    assert code == json.loads(out)["exit_code"] == 77
    assert json.loads(out)["error"]["type"] == "refused"
    assert agent.status()["holdings"][0]["owner"] == "peer"


def test_a_bad_configuration_is_refused_and_the_old_one_goes_on(agent: RunningAgent) -> None:
    agent.write_config("regoin = 'eu-west-1'")
    try:
        code, out, err = ask(agent, "reload")
        assert (code, out) == (78, "")
        assert f"{agent.config}: " in err
        assert "regoin" in err
        assert "region" in err
        (problem,) = agent.status()["agent"]["problems"]
        assert problem.startswith("not reloaded, the configuration from before goes on: ")
    finally:
        agent.write_config()
    code, out, err = ask(agent, "reload")
    assert (code, err) == (0, "")
    assert out == f"the agent goes by {agent.config} as it is now\n"
    assert agent.status()["agent"]["problems"] == []


def test_an_agent_that_hangs_is_not_waited_for(agent: RunningAgent) -> None:
    os.kill(pid_of(agent), signal.SIGSTOP)
    try:
        done = agent.command("status", program=COMMAND)
    finally:
        os.kill(pid_of(agent), signal.SIGCONT)
    assert done.returncode == 0
    assert "peer" in done.stdout
    assert "agent: process" not in done.stdout
    own = "the agent has said nothing for 0.5 s; this process does the work itself"
    assert own in done.stderr
    until(lambda: "agent: process" in ask(agent, "status")[1])


def test_whoever_looks_never_keeps_the_agent_from_vrrp(agent: RunningAgent) -> None:
    """Long commands take long to parse: such are declined unread."""
    mark = len(agent.log)
    for words in (["--instance", "x"] * 3000, ["--public-ip", "1"] * 2000):
        assert "more than 100 words" in said(agent, request("status", *words))
    assert "decline" in said(agent, request("status", "--config", "/" + "a/" * 25_000))
    assert "event=frozen" not in agent.log[mark:]


@pytest.mark.usefixtures("many_files")
def test_a_thousand_at_once_are_served_and_nothing_is_left_of_them(agent: RunningAgent) -> None:
    # The check whether it would take over opens connections of its own.
    until(lambda: agent.status()["agent"]["readiness"])
    pid, mark = pid_of(agent), len(agent.log)
    crowd(agent)  # the allocator keeps what it once needed
    kib, files = resident_kib(pid), open_files(pid)
    answers = crowd(agent)
    until(lambda: open_files(pid) <= files)
    assert answers["exit_code"] == CROWD // 4  # whoever asked is answered
    assert answers["decline"] == CROWD // 4  # whoever sent junk is told so
    assert resident_kib(pid) - kib < 8 * 1024
    lines = agent.log[mark:].count("event=socket")
    assert 1 <= lines < 100
    assert agent.process is not None
    assert agent.process.poll() is None
    assert agent.status()["agent"]["pid"] == pid


def crowd(one: RunningAgent) -> dict[str, int]:
    """A thousand: a quarter asks, one sends junk, one stops half way, one says nothing.

    Nobody leaves before all are there.
    """
    environ = {k: v for k, v in one.environment.items() if k.startswith("CLOUDFAIL_")}
    sorts = (request("status", environ=environ), b"\xff\0\n", b'{"v":1,', b"")
    lines = list[socket.socket]()
    for number in range(CROWD):
        lines.append(connected(one.state / "agent.sock"))
        lines[-1].sendall(sorts[number % 4])
    found = {"exit_code": 0, "decline": 0}
    for number, line in enumerate(lines):
        with line:
            text = everything(line) if number % 4 < 2 else ""
        for word in found:
            found[word] += f'"{word}"' in text
    return found


def said(one: RunningAgent, text: bytes) -> str:
    with connected(one.state / "agent.sock") as line:
        line.sendall(text)
        return everything(line)


def connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(str(path))  # waits for room in the queue: a timeout would not
    line.settimeout(60)
    return line


def everything(line: socket.socket) -> str:
    found = b""
    while chunk := line.recv(1 << 16):
        found += chunk
    return found.decode()
