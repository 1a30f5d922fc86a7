"""Runs pytest again and again, each time in a fork of a process that has the slow imports done.

A program, not a module: started in a copy of the tree by `runner`, with the copy's packages on its
path. A line of JSON in, `[arguments, output]`; the exit code out. It imports nothing of cloudfail:
each child does so itself, and finds the code as it is then.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys

SLOW = (
    "pytest",
    "hypothesis.strategies",
    "msgspec",
    "tenacity",
    "boto3",
    "moto.server",
    "moto.ec2",
    "google.cloud.compute_v1",
    "google.auth.transport.requests",
)


def serve() -> None:
    for name in SLOW:
        importlib.import_module(name)
    for line in sys.stdin:
        arguments, output = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_run(arguments, output))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(arguments: list[str], output: str) -> int:
    """Run pytest, in the child."""
    import pytest

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    try:
        return int(pytest.main(arguments))
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError):
                stream.flush()


if __name__ == "__main__":
    serve()
