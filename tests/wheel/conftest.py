"""The built wheel in an environment of its own, and an embedded AWS beside it.

`script/smoke` makes both and says where they are; nothing of the source tree is imported here.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from wheel.installation import Cloud, Installed

HERE = Path(__file__).parent


def said(variable: str) -> Path:
    place = os.environ.get(variable)
    assert place, f"{variable} is not set; run script/smoke"
    return Path(place)


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    environ = {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": str(tmp_path),
        "CLOUDFAIL_STATE_DIR": str(tmp_path / "run"),
        "CLOUDFAIL_JOURNAL_PATH": str(tmp_path / "journal.jsonl"),
    }
    interpreter = said("CLOUDFAIL_WHEEL_PYTHON")
    return Installed(said("CLOUDFAIL_WHEEL"), interpreter, tmp_path, environ)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    argv = [said("CLOUDFAIL_LAB_PYTHON"), HERE / "cloud_process.py"]
    with subprocess.Popen(
        argv, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield Cloud(**json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()  # its sign to end
            process.wait(timeout=30)
