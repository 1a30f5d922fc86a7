"""The FIFO of a generated configuration gives its reader every change of role, in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vrrp.generated_cases import ON_LO, PLAIN, Case, instance
from vrrp.generated_story import stories, story

pytestmark = [pytest.mark.netns, pytest.mark.timeout(300)]

FIFO = "/run/cloudfail/vrrp.fifo"  # there is one by default
RX_LOWER_PRI = 'INSTANCE "edge" MASTER_RX_LOWER_PRI 240'


def play(name: str, directory: Path) -> list[str]:
    """Return the lines that a reader on the best node gets: it starts, is parted, stops."""
    del name
    with (
        story(Case(toml=instance(PLAIN), held=ON_LO), directory) as at,
        reader(at.nodes["a"].path(FIFO)) as descriptor,
    ):
        at.start_all()
        at.part("a")
        at.heal("a", first="a")
        at.settle("a")
        at.nodes.stop("a")
        return os.read(descriptor, 1 << 16).decode().splitlines()


@pytest.mark.parametrize("case", ["fifo"])
def test_every_change_of_role_arrives_in_order(
    case: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> None:
    lines = stories(request, tmp_path_factory)[case].result()
    assert lines[:2] == ['INSTANCE "edge" BACKUP 240', 'INSTANCE "edge" MASTER 240']
    assert set(lines[2:-1]) == {RX_LOWER_PRI}
    assert lines[-1] == 'INSTANCE "edge" STOP 240'


@contextmanager
def reader(fifo: Path) -> Iterator[int]:
    """Make the FIFO as the generated tmpfiles do, and open it as the agent does."""
    os.mkfifo(fifo, 0o600)
    descriptor = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
