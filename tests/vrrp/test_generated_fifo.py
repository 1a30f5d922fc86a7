"""The FIFO of a generated configuration gives its reader every change of role, in order."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vrrp.conftest import need_namespaces
from vrrp.generated_cases import ON_LO, PLAIN, Case, instance
from vrrp.generated_story import story

pytestmark = pytest.mark.netns

FIFO = "/run/cloudfail/vrrp.fifo"
TOML = f"""[keepalived]
vrrp_notify_fifo = "{FIFO}"
vrrp_notify_fifo_user = "root root"
""" + instance(PLAIN)
RX_LOWER_PRI = 'INSTANCE "edge" MASTER_RX_LOWER_PRI 240'


def test_every_change_of_role_arrives_in_order(tmp_path: Path) -> None:
    need_namespaces()
    with story(Case(toml=TOML, held=ON_LO), tmp_path) as at:
        with reader(at.nodes["a"].path(FIFO)) as descriptor:
            at.start_all()
            at.part("a")
            at.heal("a", first="a")
            at.settle("a")
            at.nodes.stop("a")
            lines = os.read(descriptor, 1 << 16).decode().splitlines()
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
