"""Processes of `cloudfail` that are forked from one which has imported everything already.

A fresh interpreter costs 0.3 s, and three times that when coverage watches its imports; a sweep
needs hundreds. What runs is the same: a process of its own, and the command line's `main`.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cloudfail import process

from sweep.patient import be_patient

Aim = Callable[[Callable[[], None]], None]
TESTS = Path(__file__).resolve().parents[1]
CORE = (
    "cloudfail.cli.dispatch",
    "cloudfail.cli.main",
    "cloudfail.cli.promote",
    "cloudfail.cli.promotion",
    "cloudfail.cli.result",
    "cloudfail.cli.stop",
    "cloudfail.cli.target",
)
AWS = ("cloudfail_aws.machine", "cloudfail_aws.provider")
GCP = ("cloudfail.cli.status", "cloudfail_gcp.machine", "cloudfail_gcp.provider")
AZURE = ("cloudfail.cli.status", "cloudfail_azure.machine", "cloudfail_azure.provider")


class Zygote:
    """One parent of many processes, which run one after the other."""

    def __init__(self, loaded: Sequence[str] = AWS) -> None:
        environment = {**os.environ, "PYTHONPATH": str(TESTS)}
        self._process = process.Popen(
            [sys.executable, "-m", "sweep.zygote", *CORE, *loaded],
            env=environment,
            stdin=process.PIPE,
            stdout=process.PIPE,
            text=True,
        )

    def run(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        folder: Path,
        aim: Aim | None = None,
    ) -> int:
        """Run `cloudfail ARGV`; its output is in `folder`/out and err. Return its exit code.

        `aim` is given what kills it. A negative code is the signal that ended it.
        """
        order = {"argv": list(argv), "environment": dict(environment), "folder": str(folder)}
        self._say(json.dumps(order))
        process_id = int(self._hear())
        if aim is not None:
            aim(lambda: kill(process_id))
        self._say("wait")
        return int(self._hear())

    def close(self) -> None:
        self._process.communicate(timeout=30)

    def _say(self, line: str) -> None:
        if self._process.stdin is None:
            raise RuntimeError("the zygote has no standard input")
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        if self._process.stdout is None:
            raise RuntimeError("the zygote has no standard output")
        return self._process.stdout.readline()


def kill(process_id: int) -> None:
    """SIGKILL, and wait until it is dead; its parent still collects its exit code."""
    watched = os.pidfd_open(process_id)
    try:
        os.kill(process_id, signal.SIGKILL)
        select.select([watched], [], [])
    finally:
        os.close(watched)


def serve() -> None:
    """Fork for each order on standard input; print each process's id, then how it ended."""
    for name in sys.argv[1:]:
        importlib.import_module(name)
    (provider,) = {name.split(".")[0] for name in sys.argv[1:]} - {"cloudfail"}
    be_patient(provider.removeprefix("cloudfail_"))
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            _become(order)
        print(child, flush=True)
        sys.stdin.readline()  # so that nobody kills a number that means another process by then
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(order: Mapping[str, Any]) -> None:
    """Be `cloudfail`, as `exec` would have made us, and end."""
    from cloudfail.cli.main import main

    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    for number, name in ((0, os.devnull), (1, "out"), (2, "err")):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened = os.open(name, flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    code = 70
    try:
        code = main(order["argv"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve()
