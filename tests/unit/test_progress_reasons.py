"""A look whose word does not count yet says why, and whoever waits for it is told."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec
import pytest
from cloudfail.cli.monitor import judge
from cloudfail.cli.render_text import holding_line
from cloudfail.errors import TransientError, VerifyError
from cloudfail.guard import Rules, findings
from cloudfail.model import Holding, Owner, PublicIp
from cloudfail.progress import Progress

CLAIM = PublicIp(address=ip_address("203.0.113.7"))
OTHER = PublicIp(address=ip_address("203.0.113.8"))
WHY = "nic-a is Failed: put it again"
FAILED = Holding(claim=CLAIM, owner=Owner.PEER, holder="nic-a", reason=WHY)
BUSY = Holding(claim=CLAIM, owner=Owner.UNKNOWN, reason="nic-a is Updating")


@pytest.fixture
def progress() -> Progress:
    return Progress(CLAIM, Rules())


def test_a_write_that_shows_and_does_not_count_is_no_success(progress: Progress) -> None:
    progress.see(Holding(claim=CLAIM, owner=Owner.NOBODY), 0.0)
    progress.wrote(0.0, None)
    progress.see(FAILED, 0.1)
    assert progress.is_open
    assert not progress.is_settling
    assert isinstance(progress.why, VerifyError)
    assert WHY in str(progress.why)


def test_an_add_is_owed_until_it_counts(progress: Progress) -> None:
    progress.see(Holding(claim=CLAIM, owner=Owner.PEER, holder="nic-b"), 0.0)
    progress.removed()
    progress.wrote(0.0, None)
    progress.see(FAILED, 0.1)
    assert progress.owed
    progress.see(msgspec.structs.replace(FAILED, owner=Owner.MINE, reason=""), 0.2)
    assert not progress.owed


def test_what_the_cloud_could_not_say_is_told_with_its_reason(progress: Progress) -> None:
    progress.see(BUSY, 0.0)
    assert isinstance(progress.unsaid(), TransientError)
    assert str(progress.unsaid()).endswith("who holds it: nic-a is Updating")
    progress.see(FAILED, 0.1)
    assert isinstance(progress.unsaid(), VerifyError)


def test_people_are_told_of_it_wherever_they_look() -> None:
    unknown, failed = findings((BUSY, FAILED))
    assert "(nic-a is Updating)" in unknown.message
    assert failed.message == WHY
    assert WHY in holding_line(FAILED)
    assert judge("edge", "MASTER", [FAILED]).line.split(" | ")[0].endswith(WHY)
    assert "holds public-ip 203.0.113.7: nic-a is Updating" in judge("edge", "MASTER", [BUSY]).line


def test_a_check_names_what_a_peer_has_before_what_does_not_count() -> None:
    theirs = Holding(claim=OTHER, owner=Owner.PEER, holder="nic-b")
    told = judge("edge", "MASTER", [FAILED, theirs])
    assert (told.word, told.line.split(" - ")[1].split(" | ")[0]) == (
        "CRITICAL",
        "edge: MASTER, but a peer holds public-ip 203.0.113.8",
    )


def test_what_does_not_count_here_is_not_well_with_a_peer() -> None:
    told = judge("edge", "BACKUP", [FAILED])
    assert told.word == "WARNING"
    assert f"public-ip 203.0.113.7: {WHY}" in told.line
