"""Runs tests of a copy of the tree, in processes that find the copy's packages and no others."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from cloudfail import process

SECONDS = 240
_PROGRAM = Path(__file__).with_name("warm.py")


@dataclass(frozen=True, slots=True)
class Done:
    """The exit code of pytest, and all that it said."""

    code: int
    output: str


class Runner:
    """One warm process for a copy; `close` ends it, and whatever its tests left."""

    def __init__(self, tree: Path, output: Path) -> None:
        self._tree, self._output = tree, output
        self._process = self._start()

    def _start(self) -> process.Popen[str]:
        kept = {
            key: text for key, text in os.environ.items() if not key.startswith(("COV", "PYTEST"))
        }
        places = (self._tree, self._tree / "providers", self._tree / "tests")
        path = os.pathsep.join(map(str, places))
        return process.Popen(
            [sys.executable, str(_PROGRAM)],
            cwd=self._tree,
            # Bytecode of a broken module would outlive its mending.
            env=kept | {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=process.PIPE,
            stdout=process.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *tests: str) -> Done:
        """Run these until the first one fails. Raises TimeoutError."""
        arguments = ["-q", "-x", "-p", "no:cacheprovider", "--rootdir", str(self._tree)]
        # hypothesis is imported before its plug-in could be: nobody looks into its assertions.
        arguments += ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
        arguments += ["-c", str(self._tree / "pyproject.toml"), *tests]
        told, answers = self._process.stdin, self._process.stdout
        assert told is not None
        assert answers is not None
        told.write(json.dumps([arguments, str(self._output)]) + "\n")
        told.flush()
        if not select.select([answers], [], [], SECONDS)[0]:
            self.close()
            self._process = self._start()
            raise TimeoutError(f"{', '.join(tests)}: no end within {SECONDS} s")
        return Done(int(answers.readline()), self._output.read_text(encoding="utf-8"))

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        with self._process:
            self._process.wait()
