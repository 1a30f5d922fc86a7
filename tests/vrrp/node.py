"""One node: its files, its keepalived, and what keepalived told its notify commands."""

from __future__ import annotations

import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cloudfail import process
from cloudfail.clock import Clock, SystemClock, wall_clock
from cloudfail.errors import CloudfailError
from cloudfail.lab import processes

RECORDER = "/usr/local/bin/cloudfail"
CONFIG = "/etc/keepalived/keepalived.conf"
_EVENTS, _LOG = "/run/recorded", "/run/keepalived.log"
_PLACE = Path(__file__).parent / "place.py"
_ROLE = re.compile(r"\((?P<instance>[^)]+)\) Entering (?P<role>[A-Z]+) STATE")
# A shell starts within a millisecond or two, Python does not; one write is one line.
_RECORDER = f"""#!/bin/bash
printf -v line '\\x1f%s' "$EPOCHREALTIME" "$EUID" "${{0##*/}}" "$@"
printf '%s\\n' "$line" >> {_EVENTS}
"""
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LANG": "C.UTF-8",
}


@dataclass(frozen=True, slots=True)
class Event:
    """A notify command that keepalived ran. `t` is CLOCK_MONOTONIC."""

    t: float
    uid: int
    argv: tuple[str, ...]


class Node:
    """A machine without its cable: `Net.plug` brings that."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._clock: Clock = SystemClock()
        self._keepalived: process.Popen[bytes] | None = None
        self._started_at = 0
        self._place = process.Popen(
            [sys.executable, str(_PLACE), name],
            stdin=process.PIPE,
            stdout=process.PIPE,
            text=True,
        )
        assert self._place.stdout is not None
        self.pid = int(self._place.stdout.readline() or 0)
        if not self.pid:
            raise CloudfailError(f"node {name} has no place; see the message above")
        self.write(_LOG, "")
        self.write(_EVENTS, "", 0o666)
        self.write(RECORDER, _RECORDER, 0o755)

    def close(self) -> None:
        """End everything that runs on the node, at once."""
        processes.send((self.pid,), signal.SIGKILL)  # process 1: the kernel ends the others first
        self._place.wait(10)
        if self._keepalived is not None:
            self._keepalived.kill()
            self._keepalived.wait(10)
        for end in (self._place.stdin, self._place.stdout):
            if end is not None:
                end.close()

    def path(self, inside: str) -> Path:
        """Return where this process finds a file of the node."""
        return Path(f"/proc/{self.pid}/root{inside}")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        """Put a file of root's there, and the directories on its way."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def run(self, *command: str, seconds: float = 30) -> process.CompletedProcess[str]:
        """Run a command on the node and return what it said."""
        return process.run(
            self._inside(command),
            stdin=process.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env=_ENVIRONMENT,
        )

    def start(self) -> None:
        """Start keepalived with the configuration that was written to its usual place."""
        if self.is_running:
            raise CloudfailError(f"keepalived on {self.name} runs already")
        self._started_at = len(self.log)
        with self.path(_LOG).open("ab") as log:
            self._keepalived = process.Popen(
                self._inside(["keepalived", "-n", "-l", "-D", "-P"]),
                stdin=process.DEVNULL,
                stdout=log,
                stderr=log,
                env=_ENVIRONMENT,
            )

    def stop(self) -> None:
        """End keepalived with SIGTERM, and wait until it is gone."""
        running = self._running()
        processes.send(processes.children(running.pid), signal.SIGTERM)
        running.wait(10)
        self._keepalived = None

    def reload(self) -> None:
        processes.send(processes.children(self._running().pid), signal.SIGHUP)

    def kill(self) -> None:
        """End keepalived without a last word, and what it has started; its addresses stay."""
        running = self._running()
        victims = processes.descendants(running.pid)
        processes.send(victims, signal.SIGSTOP)  # else the child says farewell for its parent
        processes.send((*victims, running.pid), signal.SIGKILL)
        running.wait(10)
        self._keepalived = None
        while any(Path(f"/proc/{victim}").exists() for victim in victims):
            self._clock.sleep(0.002)  # keepalived does not start beside its own zombie

    def hold(self, seconds: float) -> None:
        """Hang keepalived for a while: an advert that falls due meanwhile comes at the end."""
        running = self._running()
        tree = processes.descendants(running.pid)
        processes.send(tree, signal.SIGSTOP)
        self._clock.sleep(seconds)
        # nsenter stops itself with what it waits for.
        processes.send((running.pid, *tree), signal.SIGCONT)

    @property
    def is_running(self) -> bool:
        return self._keepalived is not None and self._keepalived.poll() is None

    @property
    def log(self) -> str:
        return self.path(_LOG).read_text()

    def role(self, instance: str = "") -> str:
        """Return the last role that keepalived logged, of an instance or of any; "" when off."""
        if not self.is_running:
            return ""
        since_start = self.log[self._started_at :]
        found = [m for m in _ROLE.finditer(since_start) if instance in ("", m["instance"])]
        return found[-1]["role"] if found else ""

    def events(self) -> tuple[Event, ...]:
        """Return the notify commands that ran, in the order of their start."""
        wall_to_monotonic = self._clock.now() - wall_clock()
        lines = [line.split("\x1f")[1:] for line in self.path(_EVENTS).read_text().splitlines()]
        events = [
            Event(float(t) + wall_to_monotonic, int(uid), tuple(argv)) for t, uid, *argv in lines
        ]
        return tuple(sorted(events, key=lambda event: event.t))

    def addresses(self) -> str:
        return self.run("ip", "-brief", "address").stdout

    def _running(self) -> process.Popen[bytes]:
        if self._keepalived is None:
            raise CloudfailError(f"keepalived on {self.name} does not run")
        return self._keepalived

    def _inside(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "-m", "-u", "-i", "-n", "-p", "--", *command]
