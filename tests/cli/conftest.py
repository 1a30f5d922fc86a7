from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.machine import EIP, HERE, VIP, Machine


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install the plugin as a distribution of its own, in a directory of this test."""
    site = tmp_path / "site"
    info = site / "cloudfail_fake-1.5.dist-info"
    info.mkdir(parents=True)
    shutil.copy(HERE / "plugin/cloudfail_fake.py", site)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: cloudfail-fake\nVersion: 1.5\n"
        'Provides-Extra: sdk\nRequires-Dist: msgspec>=0.19; extra == "sdk"\n'
    )
    (info / "entry_points.txt").write_text("[cloudfail.providers]\nfake = cloudfail_fake:SPEC\n")
    monkeypatch.syspath_prepend(str(site))
    yield site
    sys.modules.pop("cloudfail_fake", None)


@pytest.fixture
def machine(
    tmp_path: Path,
    plugin: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Machine:
    """Node a of a pair; the public address is with b, the private one with nobody."""
    for name in list(os.environ):
        if name.startswith(("CLOUDFAIL_", "AWS_")):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE")}
    found = Machine(tmp_path, monkeypatch, capsys, {**kept, "PYTHONPATH": str(plugin)})
    for name, value in {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "CLOUDFAIL_STATE_DIR": str(tmp_path / "state"),
        "CLOUDFAIL_JOURNAL": str(tmp_path / "journal.jsonl"),
        "CLOUDFAIL_NODE": "a",
        "CLOUDFAIL_FAKE_WORLD": str(found.world_file),
    }.items():
        found.set(name, value)
    found.world({EIP: "nic-b", VIP: ""})
    return found
