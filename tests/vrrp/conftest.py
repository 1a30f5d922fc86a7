"""Real keepalived nodes for a test, where they are to be had."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from vrrp.nodes import Nodes

_TOOLS = ("keepalived", "ip", "nsenter", "bash")


def need_namespaces() -> None:
    """Skip where nodes cannot run; in CI that counts as a failure (tests/conftest.py)."""
    if os.geteuid() != 0:
        pytest.skip("namespaces of nodes need root")
    for tool in _TOOLS:
        if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            pytest.skip(f"{tool} is not installed")


@pytest.fixture
def pair() -> Iterator[Nodes]:
    """Nodes a and b, without keepalived.conf and with keepalived off."""
    need_namespaces()
    with Nodes("ab") as nodes:
        yield nodes


@pytest.fixture
def trio() -> Iterator[Nodes]:
    need_namespaces()
    with Nodes("abc") as nodes:
        yield nodes
