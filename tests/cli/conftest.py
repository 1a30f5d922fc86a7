"""A machine for the command line: its own file, state, journal, and a plugin cloud in a file."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cloudfail import process
from cloudfail.cli.main import main

HERE = Path(__file__).parent
EXECUTABLE = Path(sys.executable).with_name("cloudfail")
FILE = """
[instance.edge]
provider = "fake"
interface = "eth0"
virtual_router_id = 51

[[instance.edge.node]]
name = "a"
address = "127.1.1.1"
priority = 150
interface_id = "nic-a"

[[instance.edge.node]]
name = "b"
address = "127.1.1.2"
priority = 100
interface_id = "nic-b"

[[instance.edge.claim]]
kind = "public-ip"
address = "203.0.113.7"

[[instance.edge.claim]]
kind = "private-ip"
address = "10.0.1.100"
"""
EIP = "public-ip 203.0.113.7"
VIP = "private-ip 10.0.1.100"


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.out)
        return found


@dataclass
class Machine:
    """`run` goes through main() in this process, `spawn` starts the real executable."""

    path: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    environ: dict[str, str] = field(default_factory=dict)

    def config(self, text: str = FILE) -> Path:
        file = self.path / "cloudfail.toml"
        file.write_text(text)
        self.set("CLOUDFAIL_CONFIG", str(file))
        return file

    def world(self, held: Mapping[str, str] | None = None, **more: Any) -> None:
        """`""` is nobody, `"?"` is what the cloud does not say."""
        self.world_file.write_text(json.dumps({"held": dict(held or {}), **more}))

    @property
    def world_file(self) -> Path:
        return self.path / "world.json"

    @property
    def held(self) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.world_file.read_text())["held"]
        return found

    def set(self, name: str, value: str) -> None:
        self.environ[name] = value
        self.monkeypatch.setenv(name, value)

    def run(self, *argv: str) -> Answer:
        self.capsys.readouterr()
        code = main(argv)
        out, err = self.capsys.readouterr()
        return Answer(code, out, err)

    def spawn(self, *argv: str, **options: Any) -> process.Popen[str]:
        return process.Popen(
            [EXECUTABLE, *argv],
            env=self.environ,
            text=True,
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            stderr=process.PIPE,
            **options,
        )

    def finish(self, argv: Sequence[str], **options: Any) -> Answer:
        """Run the real executable to its end."""
        with self.spawn(*argv, **options) as running:
            out, err = running.communicate(timeout=60)
        return Answer(running.returncode, out, err)


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
