"""The agent's ports and places: what collides is a problem, what does not is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.config import examine, load
from cloudfail.config.agent.paths import fifo_of

Write = Callable[[str], Path]


def instance(name: str, *responders: str, nodes: str = "ab") -> str:
    tables = [f'[instance.{name}]\nprovider = "cloud"']
    for number, node in enumerate(nodes):
        tables.append(
            f'[[instance.{name}.node]]\nname = "{node}"\naddress = "10.0.1.{ord(node)}"\n'
            f"priority = {150 - number}"
        )
    tables += [f"[[instance.{name}.responder]]\n{lines}" for lines in responders]
    return "\n".join([*tables, ""])


EDGE = instance("edge")
COLLISIONS = {
    "two of an instance": (
        instance("edge", "port = 80", 'port = 80\nprotocol = "http"'),
        "instance.edge.responder[1].port: 80 is also that of instance.edge.responder[0]",
    ),
    "of two instances": (
        instance("edge", "port = 80") + instance("core", "port = 80"),
        "instance.core.responder[0].port: 80 is also that of instance.edge.responder[0]",
    ),
    "one address of every": (
        instance("edge", "port = 80") + instance("core", 'port = 80\naddress = "fd00::1"'),
        "instance.core.responder[0].port: 80 is also that of instance.edge.responder[0]",
    ),
    "the metrics": (
        instance("edge", "port = 9712"),
        "instance.edge.responder[0].port: 9712 is also that of agent.metrics_listen",
    ),
    "metrics on every address": (
        '[agent]\nmetrics_listen = "0.0.0.0:8080"\n'
        + instance("edge", 'port = 8080\naddress = "10.0.1.10"'),
        "instance.edge.responder[0].port: 8080 is also that of agent.metrics_listen",
    ),
    "an instance of any node": (
        instance("edge", "port = 80", nodes="") + instance("core", "port = 80"),
        "instance.core.responder[0].port: 80 is also that of instance.edge.responder[0]",
    ),
}


@pytest.mark.parametrize("name", COLLISIONS)
def test_a_port_that_two_want_is_a_problem(name: str, write: Write) -> None:
    text, wanted = COLLISIONS[name]
    _, problems = examine(write(text), {})
    [problem] = problems
    assert wanted in str(problem)
    assert "choose another port" in str(problem)


@pytest.mark.parametrize(
    "text",
    [
        instance("edge", "port = 80", "port = 81"),
        instance("edge", 'port = 80\naddress = "10.0.1.10"', 'port = 80\naddress = "10.0.1.11"'),
        instance("edge", 'port = 80\naddress = "10.0.1.10"', 'port = 80\naddress = "fd00::1"'),
        instance("edge", 'port = 9712\naddress = "10.0.1.10"'),
        '[agent]\nmetrics_listen = ""\n' + instance("edge", "port = 9712"),
        '[agent]\nmetrics_listen = "0.0.0.0:80"\n'
        + instance("edge", 'port = 80\naddress = "fd00::1"'),
        instance("edge", "port = 80", nodes="ab") + instance("core", "port = 80", nodes="cd"),
    ],
)
def test_ports_that_do_not_meet_are_no_problem(text: str, write: Write) -> None:
    load(write(text), {})


@pytest.mark.parametrize(
    "socket", ["/agent.sock", "/run/agent.sock", "/tmp/agent.sock", "/var/lib/agent.sock"]
)
def test_a_socket_in_a_directory_of_the_system_is_a_problem(socket: str, write: Write) -> None:
    _, problems = examine(write(f'[agent]\nsocket = "{socket}"\n{EDGE}'), {})
    [problem] = problems
    assert problem.key == "agent.socket"
    assert "like /run/cloudfail/agent.sock" in str(problem)


def test_the_names_of_the_handover_are_taken_while_there_is_an_agent(write: Write) -> None:
    text = f'{EDGE}[track_file.cloudfail_handover_edge]\nfile = "/run/x"\n'
    _, problems = examine(write(text), {})
    [problem] = problems
    assert problem.key == "track_file.cloudfail_handover_edge"
    load(write(f"[agent]\nenabled = false\n{text}"), {})


def test_the_fifo_is_the_agents_unless_one_is_named(write: Write) -> None:
    own = '[keepalived]\nvrrp_notify_fifo = "/run/x.fifo"\n'
    off = "[agent]\nenabled = false\n"
    wanted = {
        "": Path("/run/cloudfail/vrrp.fifo"),
        own: Path("/run/x.fifo"),
        off: None,
        off + own: Path("/run/x.fifo"),
    }
    for text, fifo in wanted.items():
        assert fifo_of(load(write(text + EDGE), {})) == fifo
