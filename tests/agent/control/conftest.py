from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.agent.control import client, conversation
from cloudfail.agent.control.client import VARIABLE

from agent.control.serving import Served, served


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ends wait longer for one another than they do: on a busy machine each may hang."""
    monkeypatch.setattr(client, "_ACK_WAIT", 6.0)
    monkeypatch.setattr(client, "_WAIT", 6.0)
    monkeypatch.setattr(conversation, "_REQUEST_SECONDS", 30.0)
    monkeypatch.setattr(conversation, "_SEND_SECONDS", 30.0)


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that every user may pass through, as /run/cloudfail is; pytest's are root's alone."""
    with tempfile.TemporaryDirectory(prefix="control-") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture
def server(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Listens where commands of this process look for the agent."""
    monkeypatch.setenv(VARIABLE, str(place / "agent.sock"))
    with served(place) as one:
        yield one
