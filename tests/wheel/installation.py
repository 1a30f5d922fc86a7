"""The wheel's environment, and the cloud beside it, as the tests use them."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Installed:
    """The wheel's environment. `environ` is all that its processes see."""

    wheel: Path
    interpreter: Path
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def python(self, code: str) -> Answer:
        return self._run(self.interpreter, "-c", code)

    def pip(self, *argv: str) -> Answer:
        return self._run(self.interpreter, "-m", "pip", *argv)

    def cloudfail(self, *argv: str, **variables: str) -> Answer:
        return self._run(self.interpreter.with_name("cloudfail"), *argv, **variables)

    def _run(self, *argv: str | Path, **variables: str) -> Answer:
        done = subprocess.run(
            argv,
            cwd=self.home,
            env=self.environ | variables,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Cloud:
    endpoint: str
    control: str
    metadata: dict[str, str]

    def environ(self, node: str) -> dict[str, str]:
        """What a process on that node sees of its cloud."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata[node],
        }

    def writes(self) -> list[str]:
        """The mutating operations so far, in order."""
        with urllib.request.urlopen(f"{self.control}/calls", timeout=30) as answer:
            return [call["operation"] for call in json.load(answer) if call["mutating"]]
