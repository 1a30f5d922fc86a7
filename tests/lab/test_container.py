"""A plain container: root, but no right to make namespaces."""

from __future__ import annotations

import os
import shutil

import pytest

from lab.conftest import run_lab

CONTAINER = ("setpriv", "--bounding-set", "-sys_admin")
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None, reason="only root can drop the right"
)


def test_without_the_right_to_make_namespaces_the_ways_out_are_named() -> None:
    ran = run_lab("run", "kill-master", "--output", "json", prefix=CONTAINER)
    assert ran.code == 78
    assert "allows no new namespaces" in ran.stderr
    assert "--simulate" in ran.stderr
    assert ran.document["exit_code"] == 78


@pytest.mark.timed
def test_a_simulation_needs_no_rights() -> None:
    ran = run_lab(
        *("run", "stop-master", "--simulate", "--advert-int", "0.2", "--output", "json"),
        prefix=CONTAINER,
    )
    assert ran.code == 0, ran.stderr
    assert ran.document["simulated"] is True
