"""What the agent answers is what the command by itself would have printed, and its exit code."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from cloudfail import process
from cloudfail.agent.control.client import VARIABLE, Answer, Unanswered, hand_over

from agent.process.running import PATIENT, RunningAgent, running, until
from bench.stage import Stage

# The evidence of a line in the FIFO lasts an interval; nobody sends VRRP here.
SLOW = "advert_int = 40"
OUTPUTS = ("text", "json", "markdown", "shell")


@pytest.fixture(scope="module")
def shared(stage: Stage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    with running(stage, tmp_path_factory.mktemp("agent"), instance_table=SLOW) as one:
        yield one


@pytest.fixture
def agent(shared: RunningAgent) -> RunningAgent:
    """BACKUP, while a holds the address."""
    shared.stage.give("a")
    shared.become("BACKUP")
    until(lambda: looks(shared) == ("BACKUP", "peer"))
    return shared


@pytest.fixture
def master(agent: RunningAgent) -> RunningAgent:
    agent.become("MASTER")
    until(lambda: looks(agent) == ("MASTER", "mine"))
    return agent


def looks(one: RunningAgent) -> tuple[str, str]:
    """Say how it stands once nothing is under way."""
    found = json.loads(through(one, "status", "--output", "json").stdout)
    return ("", "") if found["agent"]["busy"] else (found["role"], found["holdings"][0]["owner"])


def told(one: RunningAgent, *words: str) -> Answer | Unanswered:
    """Ask the agent, as a command does; nobody does the work instead."""
    return hand_over(words, one.environment)


def through(one: RunningAgent, *words: str) -> Answer:
    answer = told(one, *words)
    assert isinstance(answer, Answer), answer
    return answer


def alone(one: RunningAgent, *words: str) -> Answer:
    """Run the command where it finds no agent."""
    done = process.run(
        [sys.executable, PATIENT, *words],
        env={**one.environment, VARIABLE: f"{one.state}/none.sock"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("words", [("plan",), ("promote", "--dry-run")])
def test_a_plan_is_the_same(agent: RunningAgent, words: tuple[str, ...], output: str) -> None:
    ours = through(agent, *words, "--output", output)
    theirs = alone(agent, *words, "--output", output)
    assert (ours.exit_code, ours.stdout) == (theirs.exit_code, theirs.stdout)
    assert theirs.exit_code == 2


def test_a_plan_of_nothing_is_the_same(master: RunningAgent) -> None:
    ours, theirs = through(master, "plan"), alone(master, "plan")
    assert (ours.exit_code, ours.stdout) == (theirs.exit_code, theirs.stdout)
    assert ours.exit_code == 0


def test_a_check_is_the_same_line(agent: RunningAgent) -> None:
    ours, theirs = through(agent, "status", "--check"), alone(agent, "status", "--check")
    assert (ours.exit_code, ours.stdout) == (theirs.exit_code, theirs.stdout)
    assert ours.stdout.startswith("CLOUDFAIL OK - edge: a peer holds")


def test_a_status_has_all_that_it_has_without_an_agent(master: RunningAgent) -> None:
    ours = json.loads(through(master, "status", "--output", "json").stdout)
    theirs = json.loads(alone(master, "status", "--output", "json").stdout)
    assert theirs.pop("agent") is None
    assert ours["agent"]["standing"]["word"] == "MASTER"
    holdings = [{name: one[name] for name in mine} for one, mine in zip(
        ours["holdings"], theirs["holdings"], strict=True)]  # fmt: skip
    assert holdings == theirs.pop("holdings")
    assert {name: ours[name] for name in theirs} == theirs


def test_a_status_shows_where_the_last_failover_went(master: RunningAgent) -> None:
    answer = through(master, "status")
    first, head, claim, *remarks = answer.stdout.splitlines()
    assert first == "instance edge, node b, role MASTER"
    assert head.split() == ["CLAIM", "OWNER", "NODE", "HOLDER", "SEEN", "DRIFT", "OBSTACLE"]
    assert claim.split()[2] == "mine"
    (last,) = (line for line in remarks if line.startswith("last failover: "))
    for phase in ("ok in", "queue", "plan", "API", "verify"):
        assert phase in last


def test_a_promotion_joins_what_the_agent_did(master: RunningAgent) -> None:
    ours = through(master, "promote")
    assert ours.exit_code == 0
    assert ours.stdout == "edge: another run verified every claim since; nothing to do\n"
    assert alone(master, "promote").exit_code == 0


def test_a_forced_promotion_says_what_it_found(master: RunningAgent) -> None:
    ours, theirs = through(master, "promote", "--force"), alone(master, "promote", "--force")
    assert ours.exit_code == theirs.exit_code == 0
    assert ours.stdout.splitlines()[0] == theirs.stdout.splitlines()[0]
    assert "1 claim held already" in ours.stdout
    assert "1 claim held already" in theirs.stdout


def test_a_promotions_document_has_the_same_fields(master: RunningAgent) -> None:
    words = ("promote", "--force", "--output", "json")
    ours = json.loads(through(master, *words).stdout)
    theirs = json.loads(alone(master, *words).stdout)
    assert shape(ours) == shape(theirs)
    assert ours["digest"] == theirs["digest"]
    assert ours["results"] == theirs["results"]


def test_a_reviewed_plan_that_is_not_the_one_is_refused_alike(master: RunningAgent) -> None:
    words = ("promote", "--expect", "0123456789abcdef")
    ours, theirs = through(master, *words), alone(master, *words)
    assert ours.exit_code == theirs.exit_code != 0
    assert ours.stderr.splitlines()[-1] == theirs.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        ("demote",),
        ("notify", "INSTANCE", "edge", "BACKUP", "100"),
        ("notify", "GROUP", "edges", "MASTER", "100"),
    ],
)
def test_a_role_that_is_told_is_answered_alike(agent: RunningAgent, words: tuple[str, ...]) -> None:
    ours, theirs = through(agent, *words), alone(agent, *words)
    assert ours.exit_code == theirs.exit_code == 0
    assert ours.stdout == theirs.stdout
    ours, theirs = (ask(agent, *words, "--output", "json") for ask in (through, alone))
    mine, its = json.loads(ours.stdout), json.loads(theirs.stdout)
    assert shape(mine) == shape(its)
    for name in its.keys() - {"run_id", "generation"}:  # the agent counts roles by itself
        assert mine[name] == its[name]


def test_a_demotion_against_the_role_is_refused(master: RunningAgent) -> None:
    answer = through(master, "demote")
    assert answer.exit_code == 77
    assert "nothing was stopped; `cloudfail handover --instance edge`" in answer.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("status", "--instance", "egde"),
        ("status", "--provider", "gcp"),
        ("plan", "--node", "a"),
        ("plan", "--region", "us-east-1"),
        ("plan", "--check"),
        ("plan", "--force"),
        ("promote", "--public-ip", "203.0.113.9"),
        ("promote", "--dry-run", "--expect", "0123456789abcdef"),
        ("status", "--config", "/etc/other.toml"),
        ("status", "--nonsense"),
        ("notify", "INSTANCE", "edge", "DANCE", "100"),
        ("status", *["--instance", "edge"] * 60),
        ("doctor",),
    ],
)
def test_what_is_not_the_agents_is_declined(agent: RunningAgent, words: tuple[str, ...]) -> None:
    """The process that asks does it then, and says itself what is wrong with its words."""
    answer = told(agent, *words)
    assert isinstance(answer, Unanswered)
    assert (answer.is_declined, answer.is_odd) == (True, False)


@pytest.mark.parametrize(
    ("words", "code"), [(("status", "--instance", "egde"), 78), (("status", "--nonsense"), 64)]
)
def test_a_declined_command_fails_as_it_does_alone(
    agent: RunningAgent, words: tuple[str, ...], code: int
) -> None:
    done, theirs = agent.command(*words), alone(agent, *words)
    assert done.returncode == theirs.exit_code == code
    assert done.stderr == theirs.stderr


def test_a_variable_that_is_another_than_the_agents_is_declined(agent: RunningAgent) -> None:
    environ = {**agent.environment, "CLOUDFAIL_AWS_REGION": "us-east-1"}
    assert isinstance(hand_over(("status",), environ), Unanswered)


def test_a_path_that_names_the_same_file_is_the_agents(
    agent: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(agent.folder)
    for path in ("cloudfail.toml", "./cloudfail.toml", f"{agent.folder}//./cloudfail.toml"):
        assert through(agent, "status", "--config", path).exit_code == 0
    (agent.folder / "link.toml").unlink(missing_ok=True)
    (agent.folder / "link.toml").symlink_to("cloudfail.toml")
    for path in ("link.toml", "../agent0/cloudfail.toml", "a\0b"):
        assert isinstance(told(agent, "status", "--config", path), Unanswered)


def test_a_watch_in_a_pipe_is_the_agents(agent: RunningAgent) -> None:
    with process.Popen(
        [sys.executable, PATIENT, "status", "--watch", "0.1"],
        env=agent.environment, stdout=process.PIPE, stderr=process.PIPE, text=True,
    ) as running:  # fmt: skip
        assert running.stdout is not None
        assert running.stderr is not None
        for _ in range(2):
            block = list(iter(running.stdout.readline, "\n"))
            assert block[0] == "instance edge, node b, role BACKUP\n"
            assert block[-1].startswith("agent: process ")
        running.terminate()
        assert running.stderr.read() == ""


def shape(value: Any) -> Any:
    """The fields of a document, without what is in them."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value[:1]]
    return type(value) if value is not None else None
