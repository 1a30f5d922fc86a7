"""`cloudfail agent` on one node: started at boot, and again whenever it ends, as systemd would."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Sequence

from cloudfail import process
from cloudfail.errors import CloudfailError
from cloudfail.lab import processes
from cloudfail.lab.timeline import Kind, Timeline

COMMAND = ("cloudfail", "agent")
_AGAIN = 0.2  # RestartSec= of cloudfail-agent.service


class Resident:
    """`start` is given the command and returns nsenter, whose only child is the agent.

    `said` hears each line that the agent writes; its facts go to the node's syslog.
    """

    def __init__(
        self,
        node: str,
        timeline: Timeline,
        start: Callable[[Sequence[str]], process.Popen[str]],
        said: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.command = command
        self._node = node
        self._timeline = timeline
        self._start = start
        self._said = said
        self._nsenter: process.Popen[str] | None = None
        self._over = threading.Event()
        self._is_held = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def starters(self) -> tuple[int, ...]:
        """Pids that stop themselves when the agent is stopped: they need SIGCONT as well."""
        with self._lock:
            return (self._nsenter.pid,) if self._nsenter is not None else ()

    @property
    def pids(self) -> tuple[int, ...]:
        """Return the agent's process, as seen here; nothing between two of its lives."""
        return tuple(pid for one in self.starters for pid in processes.children(one))

    def begin(self) -> None:
        """The node has booted."""
        self._over.clear()
        self._is_held.clear()
        self._thread = threading.Thread(target=self._keep, name=f"agent-{self._node}", daemon=True)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """End it with SIGTERM, and let it stay so until `go_on`. CloudfailError when it stays."""
        self._is_held.set()
        until = self._timeline.clock.now() + seconds
        while running := self.pids:
            processes.send(running, signal.SIGTERM)
            if self._timeline.clock.now() > until:
                raise CloudfailError(f"the agent on {self._node} ignores SIGTERM")
            self._timeline.clock.sleep(0.02)

    def go_on(self) -> None:
        self._is_held.clear()

    def forget(self) -> None:
        """The node is dead, and so is the agent: nothing is started any more."""
        self._over.set()
        with self._lock:
            if self._nsenter is not None:
                self._nsenter.kill()  # it stopped itself with what it waits for
        if self._thread is not None:
            self._thread.join(10)

    def _keep(self) -> None:
        while not self._over.is_set():
            if self._is_held.is_set():
                self._over.wait(_AGAIN / 4)
                continue
            with self._lock:
                if self._over.is_set():
                    return
                running = self._nsenter = self._start(self.command)
            assert running.stdout is not None  # noqa: S101 - it is started with a pipe
            with running.stdout as lines:
                for line in lines:
                    self._said(line.rstrip("\n"))
            code = running.wait()
            with self._lock:
                self._nsenter = None
            if not self._over.is_set():
                self._timeline.add(self._node, Kind.LAB, f"the agent ended ({code})")
                self._over.wait(_AGAIN)
