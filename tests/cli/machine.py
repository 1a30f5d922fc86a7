"""A machine for the command line: its own file, state, journal, and a plugin cloud in a file."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
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


class Spawned(process.Popen[str]):
    """A process of a test; one that fails beside it does not wait for its end."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.kill()
        super().__exit__(kind, error, traceback)


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

    def spawn(self, *argv: str, **options: Any) -> Spawned:
        return Spawned(
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
