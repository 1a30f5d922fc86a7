"""What keepalived told, of processes that have not recorded it yet: real processes, that wait."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.errors import SupersededError
from cloudfail.keepalived.siblings import heeding_siblings, losses_since
from cloudfail.role import Event, Role, RoleCheck, RoleStore


@pytest.fixture(autouse=True)
def parent(monkeypatch: pytest.MonkeyPatch) -> None:
    """This process stands for keepalived's: the children that it starts are the siblings."""
    monkeypatch.setattr(os, "getppid", os.getpid)


@contextmanager
def told(*words: str, **environ: str) -> Iterator[int]:
    """Start a process of these words that comes to nothing until the end of the block."""
    with process.Popen(
        ["/bin/sh", "-c", "read word", "notify", *words],
        stdin=process.PIPE,
        env={**os.environ, **environ},
    ) as waiting:
        while words[-1] not in Path(f"/proc/{waiting.pid}/cmdline").read_text():
            pass  # the kernel shows the words a moment after exec
        yield waiting.pid
        waiting.communicate(b"\n", timeout=30)


def master() -> Event:
    return Event.of_this_process("edge", Role.MASTER)


@pytest.mark.parametrize(
    ("state", "role"),
    [("BACKUP", Role.BACKUP), ("FAULT", Role.FAULT), ("STOP", Role.STOP), ("DELETED", Role.STOP)],
)
def test_a_loss_is_seen_while_its_process_lives(state: str, role: Role) -> None:
    with told("INSTANCE", "edge", state, "150") as pid:
        assert [(loss.pid, loss.role) for loss in losses_since(master())] == [(pid, role)]
    assert not list(losses_since(master()))


@pytest.mark.parametrize(
    "words",
    [
        ("INSTANCE", "edge", "MASTER", "150"),
        ("INSTANCE", "other", "BACKUP", "150"),
        ("--instance", "other", "INSTANCE", "edge", "BACKUP", "150"),
        ("GROUP", "edge", "BACKUP", "0"),
        ("--event", "rx-lower-pri", "--instance", "edge"),
    ],
)
def test_nothing_else_is_a_loss(words: tuple[str, ...]) -> None:
    with told(*words):
        assert not list(losses_since(master()))


def test_a_name_that_was_given_counts_more_than_keepaliveds() -> None:
    with (
        told("--instance", "edge", "INSTANCE", "VI_1", "BACKUP", "150"),
        told("--instance=edge", "INSTANCE", "VI_1", "FAULT", "150"),
    ):
        assert {loss.role for loss in losses_since(master())} == {Role.BACKUP, Role.FAULT}


def test_a_loss_from_before_the_event_is_none() -> None:
    with told("INSTANCE", "edge", "BACKUP", "150") as pid:
        again = Event.of_process("edge", Role.MASTER, pid)
        assert not list(losses_since(again))


def test_of_another_state_directory_nothing_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFAIL_STATE_DIR", "/run/one")
    with told("INSTANCE", "edge", "BACKUP", "150", CLOUDFAIL_STATE_DIR="/run/other"):
        assert not list(losses_since(master()))


def test_the_children_of_init_are_nobodys_siblings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 1)
    assert not list(losses_since(master()))


def test_a_parent_that_is_gone_has_no_children(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 1 << 30)
    assert not list(losses_since(master()))


@pytest.fixture
def check(tmp_path: Path) -> RoleCheck:
    store = RoleStore(tmp_path)
    event = master()
    return heeding_siblings(store.check("edge", store.record(event)), store, event)


def test_only_a_better_peer_stops_an_add_whose_remove_was_sent(check: RoleCheck) -> None:
    with told("INSTANCE", "edge", "FAULT", "150") as pid:
        check(completes=True)
        with pytest.raises(SupersededError, match=f"edge is FAULT: process {pid} was started"):
            check()
        with told("INSTANCE", "edge", "BACKUP", "150"), pytest.raises(SupersededError):
            check(completes=True)


def test_a_record_that_cannot_be_kept_stops_nobody_but_what_was_told_does(tmp_path: Path) -> None:
    store = RoleStore(tmp_path / "file" / "beneath")
    (tmp_path / "file").touch()
    event = master()
    check = heeding_siblings(store.check("edge", store.record(event)), store, event)
    check()
    with told("INSTANCE", "edge", "BACKUP", "150"), pytest.raises(SupersededError):
        check()
