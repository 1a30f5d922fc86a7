"""Every proof with real keepalived and a real agent, and every scenario of the lab with the agent.

All are played in one lab, one after the other, in the order in which pytest asks for them.
"""

from __future__ import annotations

import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec
import pytest

from agent.real.session import Verdict, known

pytestmark = [pytest.mark.netns, pytest.mark.sweep]

TESTS = Path(__file__).parents[2]
PATH = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
PATIENCE = 100.0  # seconds for one proof, and for the lab before the first


class Played:
    """Verdicts as they come out of the process that plays the proofs."""

    def __init__(self, running: subprocess.Popen[str], said: IO[str]) -> None:
        self._said = said
        self._verdicts: dict[str, Verdict] = {}
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(running,), daemon=True)
        self._reader.start()

    def verdict(self, proof: str) -> Verdict:
        """Wait for the verdict; the test fails with the lab's last words when there is none."""
        while proof not in self._verdicts:
            try:
                line = self._lines.get(timeout=PATIENCE)
            except queue.Empty:
                pytest.fail(f"{proof} has no end; the lab's last words: {self._last_words()}")
            if not line:
                self._lines.put("")  # for whoever asks next
                pytest.fail(f"{proof} was not played; the lab's last words: {self._last_words()}")
            verdict = msgspec.json.decode(line, type=Verdict)
            self._verdicts[verdict.proof] = verdict
        return self._verdicts[proof]

    def _read(self, running: subprocess.Popen[str]) -> None:
        assert running.stdout is not None
        for line in running.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _last_words(self) -> str:
        self._said.seek(0)
        return self._said.read()[-4000:]


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> Iterator[Played]:
    """One lab, in which the proofs are played that this run of pytest asks for."""
    if os.geteuid() != 0:
        pytest.skip("namespaces need root here")
    for tool in ("keepalived", "ip", "nsenter", "setpriv"):
        if shutil.which(tool, path=PATH) is None:
            pytest.skip(f"{tool} is not installed")
    asked = [
        str(item.callspec.params["proof"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.path == Path(__file__)
    ]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "agent.real.session",
                *[proof for proof in asked if is_possible(proof)],
            ],
            cwd=TESTS,
            env={**os.environ, "PATH": PATH},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
        ) as running,
    ):
        try:
            yield Played(running, said)
        finally:
            running.terminate()  # its namespaces end with it, and all that runs in them


def is_possible(proof: str) -> bool:
    return proof != "clock-jumps" or shutil.which("cc", path=PATH) is not None


@pytest.mark.parametrize("proof", known())
def test_it_holds_in_the_lab(played: Played, proof: str) -> None:
    if not is_possible(proof):
        pytest.skip("the clock of one process is shifted by a C library: install gcc")
    verdict = played.verdict(proof)
    assert not verdict.reasons, "\n".join((*verdict.reasons, *verdict.timeline))
