"""keepalived on one node: started, stopped, killed in part or whole, hung, and told to reload."""

from __future__ import annotations

import enum
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from cloudfail import process
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError
from cloudfail.lab import processes

COMMAND = (
    *("keepalived", "-n", "-l", "-D", "-G", "-P", "-f", "/etc/cloudfail/keepalived.conf"),
    *("-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid", "-c", "/run/checkers.pid"),
)
_GONE = 5.0


class Part(enum.StrEnum):
    """What of keepalived is killed.

    ALL at once leaves no farewell. Without PARENT the child says farewell and ends, by PDEATHSIG.
    Without CHILD the parent starts another one within 30 ms (measured with 2.2.7).
    """

    ALL = "all"
    PARENT = "parent"
    CHILD = "child"


class VrrpDaemon:
    """`start` is given the command and returns nsenter, whose only child is keepalived."""

    def __init__(
        self, node: str, clock: Clock, start: Callable[[Sequence[str]], process.Popen[str]]
    ) -> None:
        self._node = node
        self._clock = clock
        self._start = start
        self._nsenter: process.Popen[str] | None = None

    @property
    def starters(self) -> tuple[int, ...]:
        """Pids that stop themselves when keepalived is stopped: they need SIGCONT as well."""
        return (self._nsenter.pid,) if self._nsenter is not None else ()

    def start(self) -> None:
        self._nsenter = self._start(COMMAND)

    def stop(self) -> None:
        """Ask it to end (SIGTERM); it says farewell to its peers."""
        self._send(self._main(), signal.SIGTERM)

    def reload(self) -> None:
        self._send(self._main(), signal.SIGHUP)

    def wait(self, seconds: float) -> None:
        """Wait until a stopped or killed one is gone. Raises CloudfailError when it stays."""
        if self._nsenter is None:
            return
        try:
            self._nsenter.wait(seconds)
        except process.TimeoutExpired as exc:
            raise CloudfailError(f"keepalived on {self._node} ignores SIGTERM") from exc
        self._nsenter = None

    def kill(self, part: Part = Part.ALL) -> None:
        """SIGKILL, of ALL in a way that nobody can say a last word."""
        main = self._main()
        child = tuple(pid for one in main for pid in processes.children(one))
        victims = {Part.ALL: (*main, *child), Part.PARENT: main, Part.CHILD: child}[part]
        if part is Part.ALL:
            processes.send(victims, signal.SIGSTOP)
        processes.send(victims, signal.SIGKILL)
        if part is Part.ALL:
            processes.send(self.starters, signal.SIGCONT)
        # A child that says farewell takes a second for it, and its pid file is still there.
        self._await_end((*main, *child) if part is Part.PARENT else victims)

    def hang(self) -> None:
        """Stop it, and nothing else on the node: its timers stand still."""
        self._send(self._tree(), signal.SIGSTOP)

    def go_on(self) -> None:
        self._send((*self.starters, *self._tree()), signal.SIGCONT)

    def hold(self, seconds: float) -> None:
        """Hang it for a while: an advert that falls due meanwhile comes at the end."""
        if self._nsenter is None:
            return
        self.hang()
        self._clock.sleep(seconds)
        self.go_on()

    def forget(self) -> None:
        """Its node is dead, and so is it: collect what it was started by."""
        if self._nsenter is not None:
            self._nsenter.kill()  # nsenter stopped itself with what it waits for
            self._nsenter.wait(10)
        self._nsenter = None

    def _main(self) -> tuple[int, ...]:
        return processes.children(self._nsenter.pid) if self._nsenter is not None else ()

    def _tree(self) -> tuple[int, ...]:
        return processes.descendants(self._nsenter.pid) if self._nsenter is not None else ()

    def _send(self, pids: tuple[int, ...], number: signal.Signals) -> None:
        processes.send(pids, number)

    def _await_end(self, victims: tuple[int, ...]) -> None:
        """Wait: a new one does not start beside a zombie, at which its pid file still points."""
        until = self._clock.now() + _GONE
        while any(Path(f"/proc/{pid}").exists() for pid in victims):
            if self._nsenter is not None:
                self._nsenter.poll()
            if self._clock.now() > until:
                raise CloudfailError(f"keepalived on {self._node} outlives SIGKILL")
            self._clock.sleep(0.002)
