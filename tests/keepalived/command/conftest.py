"""The machine that the tests of this folder look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from keepalived.command.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)
