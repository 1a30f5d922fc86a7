"""The machine that systemd runs, as a test sees it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.lab import processes

from vrrp.conftest import need_namespaces

SYSTEMD = Path("/lib/systemd/systemd")
_PROGRAM = Path(__file__).parent / "process_one.py"
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "SYSTEMD_PAGER": "",
}


def need_systemd() -> None:
    """Skip where no machine can be booted; in CI that counts as a failure (tests/conftest.py)."""
    need_namespaces()
    if not SYSTEMD.exists():
        pytest.skip(f"{SYSTEMD} is not there: sudo apt-get install systemd")


class Machine:
    """systemd with the network of the process `network`, from `with` to the end of it."""

    def __init__(self, network: int) -> None:
        self._clock = SystemClock()
        self.environment: dict[str, str] = {}  # of commands that are run there
        self._place = process.Popen(
            [sys.executable, str(_PROGRAM), str(network)],
            stdin=process.PIPE,
            stdout=process.PIPE,
            text=True,
        )
        assert self._place.stdout is not None
        self.pid = int(self._place.stdout.readline() or 0)
        assert self.pid, "no systemd; see the message above"

    def __enter__(self) -> Self:
        try:
            self.wait(lambda: self.run("systemctl", "is-active", "proof.target").returncode == 0)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        processes.send((self.pid,), signal.SIGKILL)
        self._place.wait(20)
        for end in (self._place.stdin, self._place.stdout):
            if end is not None:
                end.close()

    def path(self, inside: str) -> Path:
        return Path(f"/proc/{self.pid}/root{inside}")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def run(self, *command: str, seconds: float = 60) -> process.CompletedProcess[str]:
        """Run a command there, as root."""
        inside = [
            "nsenter",
            f"--target={self.pid}",
            *["-m", "-u", "-i", "-n", "-p", "-C", "--"],
            *command,
        ]
        return process.run(
            inside,
            stdin=process.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env={**_ENVIRONMENT, **self.environment},
        )

    def do(self, *command: str) -> str:
        """Run a command that has to succeed, and return what it said."""
        done = self.run(*command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def shown(self, unit: str, name: str) -> str:
        return self.do("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def log(self, unit: str) -> str:
        return self.do("journalctl", "--no-pager", "--output=cat", f"--unit={unit}")

    def wait(self, question: Callable[[], bool], seconds: float = 60) -> None:
        """Return as soon as the question is true; fail the test when time is up."""
        until = self._clock.now() + seconds
        while not question():
            assert self._clock.now() < until, f"it never came to be\n{self._story()}"
            self._clock.sleep(0.05)

    def _story(self) -> str:
        return self.run("journalctl", "--no-pager", "--lines=60").stdout
