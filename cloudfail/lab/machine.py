"""One node as the lab handles it: boots, dies, freezes, and runs keepalived and commands."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

import msgspec

from cloudfail import process
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError, UsageError
from cloudfail.lab import cloudfail_log, keepalived_log, processes
from cloudfail.lab.node import SYSCTL, Spec
from cloudfail.lab.timeline import Kind, Timeline

SOMEBODY = "/home/somebody"  # keepalived hands its own environment to scripts, HOME included
_KEEPALIVED = (
    *("keepalived", "-n", "-l", "-D", "-G", "-P", "-f", "/etc/cloudfail/keepalived.conf"),
    *("-p", "/run/keepalived.pid", "-r", "/run/vrrp.pid", "-c", "/run/checkers.pid"),
)
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """`plug` is called with the pid whose network namespace is to get its cable."""

    def __init__(
        self, name: str, home: Path, timeline: Timeline, plug: Callable[[int], None]
    ) -> None:
        self.name = name
        self.home = home
        self._timeline = timeline
        self._clock: Clock = timeline.clock
        self._plug = plug
        self._node: process.Popen[str] | None = None
        self._first = 0
        self._keepalived: process.Popen[str] | None = None
        for part in ("run", "etc", "var", SYSCTL):
            (home / part).mkdir(parents=True, exist_ok=True)

    @property
    def is_up(self) -> bool:
        return self._node is not None

    @property
    def log(self) -> Path:
        """The file with keepalived's log and the node's syslog."""
        return self.home / "log"

    def boot(self) -> None:
        """Start the node: a new boot id, an empty /run, a new network device; no keepalived yet."""
        shutil.rmtree(self.home / "run", ignore_errors=True)
        spec = Spec(self.name, str(self.home), str(uuid.uuid4()))
        node = process.Popen(
            [sys.executable, "-m", "cloudfail.lab.node", msgspec.json.encode(spec).decode()],
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            text=True,
        )
        first = self._expect(node, "pid")
        self._first = int(first)
        self._plug(self._first)
        self._expect(node, "up")
        self._node = node
        self._timeline.add(self.name, Kind.LAB, "booted", detail="booted")
        self._follow(node, self._on_syslog)

    def start_keepalived(self) -> None:
        keepalived = process.Popen(
            self._inside(_KEEPALIVED),
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            stderr=process.STDOUT,
            text=True,
            env=_environment(),
        )
        self._keepalived = keepalived
        self._follow(keepalived, self._on_keepalived)

    def stop_keepalived(self) -> None:
        """Ask keepalived to end (SIGTERM); it says farewell to its peers."""
        if self._keepalived is not None:
            processes.send(processes.children(self._keepalived.pid), signal.SIGTERM)

    def wait_for_keepalived(self, seconds: float) -> None:
        """Wait until a stopped keepalived is gone. Raises CloudfailError when it stays."""
        if self._keepalived is None:
            return
        try:
            self._keepalived.wait(seconds)
        except process.TimeoutExpired as exc:
            raise CloudfailError(f"keepalived on {self.name} ignores SIGTERM") from exc
        self._keepalived = None

    def hold_keepalived(self, seconds: float) -> None:
        """Stop keepalived alone for a while: its next advert comes late."""
        if self._keepalived is None:
            return
        tree = processes.descendants(self._keepalived.pid)
        processes.send(tree, signal.SIGSTOP)
        self._clock.sleep(seconds)
        processes.send((*self._nsenter(), *tree), signal.SIGCONT)

    def kill(self) -> None:
        """Freeze, then SIGKILL everything at once: no last advert, no last word."""
        if self._node is None:
            return
        processes.freeze(self._first, self._clock)
        processes.send((self._first,), signal.SIGKILL)
        self._timeline.add(self.name, Kind.LAB, "dead", detail="dead")
        if self._keepalived is not None:
            self._keepalived.kill()  # nsenter: it stopped itself with what it waits for
            self._keepalived.wait(10)
        self._node.wait(10)
        self._node = self._keepalived = None

    def freeze(self) -> None:
        processes.freeze(self._first, self._clock)
        self._timeline.add(self.name, Kind.LAB, "frozen", detail="frozen")

    def thaw(self) -> None:
        self._timeline.add(self.name, Kind.LAB, "thawed", detail="thawed")
        processes.send((*self._nsenter(), *processes.of_namespace(self._first)), signal.SIGCONT)

    def cloudfail_processes(self) -> tuple[int, ...]:
        if self._node is None:
            return ()
        return tuple(p for p in processes.of_namespace(self._first) if processes.is_cloudfail(p))

    def execute(self, command: Sequence[str], seconds: float) -> process.CompletedProcess[str]:
        """Run a command on the node and return what it said."""
        return process.run(
            self._inside(command),
            stdin=process.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
            env=_environment(),
        )

    def attach(self, command: Sequence[str], streams: Sequence[int]) -> process.Popen[str]:
        """Start a command on the node with these three descriptors as its standard streams."""
        stdin, stdout, stderr = streams
        return process.Popen(
            self._inside(command),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            env=_environment(),
        )

    def _nsenter(self) -> tuple[int, ...]:
        """Return what keepalived was started by: it stops itself when keepalived is stopped."""
        return (self._keepalived.pid,) if self._keepalived is not None else ()

    def _inside(self, command: Sequence[str]) -> list[str]:
        if self._node is None:
            raise UsageError(f"node {self.name} is dead; `cloudfail lab boot {self.name}` first")
        return ["nsenter", f"--target={self._first}", "-m", "-u", "-i", "-n", "-p", "--", *command]

    def _expect(self, node: process.Popen[str], word: str) -> str:
        line = _stdout(node).readline()
        head, _, rest = line.strip().partition(" ")
        if head != word:
            node.kill()
            node.wait(10)
            raise CloudfailError(f"node {self.name} did not come up; see the message above")
        return rest

    def _follow(self, source: process.Popen[str], handle: Callable[[str], None]) -> None:
        def read() -> None:
            with _stdout(source) as lines:
                for line in lines:
                    handle(line.rstrip("\n"))

        threading.Thread(target=read, name=f"follow-{self.name}", daemon=True).start()

    def _on_syslog(self, line: str) -> None:
        text = keepalived_log.syslog_text(line.removeprefix("log "))
        self._keep(text)
        if said := cloudfail_log.sentence(text):
            self._timeline.add(self.name, Kind.LOG, said)

    def _on_keepalived(self, line: str) -> None:
        text = keepalived_log.plain(line)
        self._keep(text)
        if role := keepalived_log.role_of(text):
            self._timeline.add(self.name, Kind.VRRP, f"keepalived: {text}", detail=role)
        elif keepalived_log.is_noteworthy(text):
            self._timeline.add(self.name, Kind.LOG, f"keepalived: {text}")

    def _keep(self, line: str) -> None:
        with self.log.open("a") as file:
            file.write(f"{line}\n")


def _stdout(source: process.Popen[str]) -> IO[str]:
    if source.stdout is None:
        raise CloudfailError("started without a pipe")
    return source.stdout


def _environment() -> dict[str, str]:
    """A machine's environment; coverage's own variables pass, so that nodes are measured too."""
    kept = {key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")}
    return {"PATH": _PATH, "HOME": SOMEBODY, "LANG": "C.UTF-8", **kept}
