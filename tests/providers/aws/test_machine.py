from __future__ import annotations

import threading
from ipaddress import ip_address

import pytest
from cloudfail.errors import ConfigError, UnreachableError
from cloudfail.machine.ahead import Ahead
from cloudfail.model import Node
from cloudfail.provider import Setup

from cloudfail_aws.machine import Machine
from cloudfail_aws.metadata import Metadata
from cloudfail_aws.settings import AwsSettings

ROLE = "meta-data/iam/security-credentials/"


class Slow(Metadata):
    """A metadata service that answers when it is let, and knows no role."""

    def __init__(self) -> None:
        super().__init__("http://slow")
        self.let = threading.Event()
        self.asked: list[str] = []

    def text(self, path: str) -> str | None:
        self.asked.append(path)
        assert self.let.wait(30)
        if path == ROLE:
            return None
        raise UnreachableError("no metadata service")


def machine(metadata: Metadata, **settings: str) -> Machine:
    return Machine(Setup(settings=AwsSettings(**settings)), metadata)


def test_whoever_is_early_waits_for_what_is_being_looked_up() -> None:
    slow = Slow()
    ours = machine(slow)
    ours.look_ahead()
    found: list[object] = []
    early = threading.Thread(target=lambda: found.append(ours.keys()))
    early.start()
    slow.let.set()
    early.join(30)
    assert found == [None]
    assert slow.asked.count(ROLE) == 1


def test_an_answer_that_is_taken_before_it_is_sought_comes_all_the_same() -> None:
    question = Ahead(lambda: 7)
    run = question.begin()
    found: list[int] = []
    early = threading.Thread(target=lambda: found.append(question.take()))
    early.start()
    while question._outcome is not None:  # until the taker waits
        early.join(0.01)
    run()
    early.join(30)
    assert found == [7]


def test_what_was_looked_up_ahead_is_used_once_then_asked_afresh() -> None:
    slow = Slow()
    slow.let.set()
    ours = machine(slow)
    ours.look_ahead()
    for _ in range(2):
        with pytest.raises(UnreachableError):
            ours.node()
        ours.keys()
    assert slow.asked.count(ROLE) == 2


def test_no_role_is_looked_for_when_other_credentials_are_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    slow = Slow()
    slow.let.set()
    ours = machine(slow)
    ours.look_ahead()
    with pytest.raises(UnreachableError):
        ours.node()
    assert ROLE not in slow.asked


class Garbage(Metadata):
    """Something else that answers in its place."""

    def text(self, path: str) -> str | None:
        return '{"region": "eu-central-1"}' if "document" in path else "local-ipv4s"


def test_what_cannot_be_read_is_no_identity_and_no_telling() -> None:
    strange = machine(Garbage("http://strange"))
    with pytest.raises(UnreachableError, match="something else answering"):
        strange.node()
    here = Node(ref="eni-1", facts={"identity": "metadata", "mac": "02:00"})
    assert strange.addresses(here) is None
    assert strange.associations(here) is None


def test_a_credentials_file_that_is_off_is_said_at_once() -> None:
    with pytest.raises(ConfigError, match="credentials_file /nonexistent"):
        machine(Slow(), credentials_file="/nonexistent").look_ahead()


@pytest.mark.parametrize("identity", ["api", "metadata"])
def test_nothing_is_told_where_nobody_tells(identity: str) -> None:
    slow = Slow()
    slow.let.set()
    node = Node(
        ref="eni-1",
        addresses=(ip_address("10.0.1.10"),),
        facts={"identity": identity, "mac": "02:aa"},
    )
    ours = machine(slow)
    assert ours.addresses(node) is None
    assert ours.associations(node) is None
    assert bool(slow.asked) == (identity == "metadata")
