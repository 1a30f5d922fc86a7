"""A node of a simulated site: a directory, an environment, and the cloudfail commands in it."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from cloudfail import process
from cloudfail.lab import cloudfail_log
from cloudfail.lab.machine import SOMEBODY
from cloudfail.lab.processes import send
from cloudfail.lab.timeline import Kind, Timeline

_UMASK = 0o177  # keepalived's for its scripts


_ONLY_RECORDS = frozenset({"BACKUP", "FAULT", "STOP"})  # such a notify calls no API


class _Span(msgspec.Struct):
    """When a command ran; `end` is 0 while it does."""

    begin: float
    end: float = 0.0


class SimulatedNode:
    """`home` gets run/ (roles and locks; emptied at boot), the journal and cloudfail.toml.

    `cloud` are the variables by which its processes find their metadata service.
    """

    def __init__(
        self, name: str, home: Path, config: str, cloud: Mapping[str, str], timeline: Timeline
    ) -> None:
        self.name = name
        self.is_alive = False
        self.is_frozen = False
        self._home = home
        self._timeline = timeline
        self._commands: dict[int, process.Popen[str]] = {}
        self._spans: list[_Span] = []
        self._lock = threading.Lock()
        home.mkdir(parents=True, exist_ok=True)
        (home / "cloudfail.toml").write_text(config)
        kept = {key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")}
        self._environment = {
            **kept,
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": SOMEBODY,
            "CLOUDFAIL_CONFIG": str(home / "cloudfail.toml"),
            "CLOUDFAIL_NODE": name,
            "CLOUDFAIL_STATE_DIR": str(home / "run"),
            "CLOUDFAIL_JOURNAL": str(home / "journal.jsonl"),
            **cloud,
        }

    @property
    def answers(self) -> bool:
        return self.is_alive and not self.is_frozen

    @property
    def is_busy(self) -> bool:
        with self._lock:
            return bool(self._commands)

    @property
    def last_start(self) -> float:
        with self._lock:
            return self._spans[-1].begin if self._spans else 0.0

    def ran_at(self, t: float) -> bool:
        with self._lock:
            return any(s.begin <= t and (not s.end or t <= s.end) for s in self._spans)

    def boot(self) -> None:
        shutil.rmtree(self._home / "run", ignore_errors=True)
        (self._home / "run").mkdir(mode=0o755)
        self.is_alive, self.is_frozen = True, False

    def kill(self) -> None:
        self.is_alive = self.is_frozen = False
        self.kill_commands()

    def freeze(self) -> None:
        self.is_frozen = True
        send(self._pids(), signal.SIGSTOP)

    def thaw(self) -> None:
        self.is_frozen = False
        send(self._pids(), signal.SIGCONT)

    def kill_commands(self) -> int:
        return send(self._pids(), signal.SIGKILL)

    def start(self, words: Sequence[str]) -> None:
        """Start a command as keepalived would, and forget it; what it says is logged."""
        reading, writing = os.pipe()
        status = os.fstat(writing)
        command = process.Popen(
            [sys.executable, "-m", "cloudfail.cli.main", *words],
            stdin=process.DEVNULL,
            stdout=process.DEVNULL,
            stderr=writing,
            text=True,
            umask=_UMASK,
            # systemd.exec(5): messages go to this stream, and so not into this machine's syslog.
            env={**self._environment, "JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
        )
        os.close(writing)
        span = _Span(self._timeline.clock.now())
        with self._lock:
            self._commands[command.pid] = command
            if not _ONLY_RECORDS.intersection(words):
                self._spans.append(span)
        threading.Thread(
            target=self._follow, args=(command, reading, span), name=self.name, daemon=True
        ).start()

    def execute(self, words: Sequence[str]) -> process.CompletedProcess[str]:
        """Run a command to its end and return what it said."""
        span = _Span(self._timeline.clock.now())
        with self._lock:
            self._spans.append(span)
        try:
            return process.run(
                [sys.executable, "-m", "cloudfail.cli.main", *words],
                stdin=process.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
                env=self._environment,
            )
        finally:
            span.end = self._timeline.clock.now()

    def _pids(self) -> tuple[int, ...]:
        with self._lock:
            return tuple(self._commands)

    def _follow(self, command: process.Popen[str], reading: int, span: _Span) -> None:
        with os.fdopen(reading) as lines:
            for line in lines:
                text = line.strip().removeprefix("cloudfail: ")
                if said := cloudfail_log.sentence(f"cloudfail: {text}"):
                    self._timeline.add(self.name, Kind.LOG, said)
        command.wait()
        span.end = self._timeline.clock.now()
        with self._lock:
            del self._commands[command.pid]
