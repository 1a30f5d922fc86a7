"""The lab under test: as a command, in its own processes."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process

REPOSITORY = Path(__file__).parents[2]
LAB = (sys.executable, "-m", "cloudfail.cli.main", "lab")
PATH = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Ran:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.stdout)
        return value


def run_lab(*words: str, prefix: Sequence[str] = (), seconds: float = 120, **env: str) -> Ran:
    done = process.run(
        [*prefix, *LAB, *words],
        stdin=process.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
        env={**os.environ, "PATH": PATH, **env},
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def real_lab() -> Callable[..., Ran]:
    """`cloudfail lab`, where namespaces and keepalived are to be had."""
    if os.geteuid() != 0:
        pytest.skip("namespaces need root here; test_rootless has the other way")
    for tool in ("keepalived", "ip", "nsenter"):
        if shutil.which(tool, path=PATH) is None:
            pytest.skip(f"{tool} is not installed")
    return run_lab
