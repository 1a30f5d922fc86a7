"""One node as the lab handles it: boots, dies, freezes; runs keepalived, the agent and commands."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import msgspec

from cloudfail import process
from cloudfail.clock import Clock
from cloudfail.errors import CloudfailError, UsageError
from cloudfail.lab import cloudfail_log, keepalived_log, processes, resident, tmpfiles
from cloudfail.lab.node import HOSTS, RESOLVER, SYSCTL, TMPFILES, Spec
from cloudfail.lab.resident import Resident
from cloudfail.lab.timeline import Kind, Timeline
from cloudfail.lab.vrrp_daemon import VrrpDaemon

DISKS = ("run", "var")
_BALLAST = "ballast"
SOMEBODY = "/home/somebody"  # keepalived hands its own environment to scripts, HOME included
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
        self.keepalived = VrrpDaemon(
            name, self._clock, lambda words: self._launch(words, self._on_keepalived)
        )
        self.agent: Resident | None = None
        for part in ("run", "etc", "var", SYSCTL, TMPFILES):
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
        tmpfiles.make(self.home / TMPFILES, self.home / "run")
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
        if self.agent is not None:
            self.agent.begin()

    def have_agent(self, command: Sequence[str] = resident.COMMAND) -> None:
        """Run the agent from the next boot on, and again whenever it ends."""
        self.agent = Resident(self.name, self._timeline, self._open, self._keep, command)

    def kill(self) -> None:
        """Freeze, then SIGKILL everything at once: no last advert, no last word."""
        if self._node is None:
            return
        processes.freeze(self._first, self._clock)
        processes.send((self._first,), signal.SIGKILL)
        self._timeline.add(self.name, Kind.LAB, "dead", detail="dead")
        self.keepalived.forget()
        if self.agent is not None:
            self.agent.forget()
        self._node.wait(10)
        self._node = None

    def freeze(self) -> None:
        processes.freeze(self._first, self._clock)
        self._timeline.add(self.name, Kind.LAB, "frozen", detail="frozen")

    def thaw(self) -> None:
        self._timeline.add(self.name, Kind.LAB, "thawed", detail="thawed")
        starters = self.keepalived.starters
        if self.agent is not None:
            starters += self.agent.starters
        processes.send((*starters, *processes.of_namespace(self._first)), signal.SIGCONT)

    def fill_disk(self) -> None:
        """Leave no byte free in the node's /run and /var/lib/cloudfail."""
        for part in DISKS:
            with contextlib.suppress(OSError), (self.home / part / _BALLAST).open("wb", 0) as file:
                while file.write(bytes(1 << 16)):
                    pass
        self._timeline.add(self.name, Kind.LAB, "the disk is full")

    def free_disk(self) -> None:
        for part in DISKS:
            (self.home / part / _BALLAST).unlink(missing_ok=True)
        self._timeline.add(self.name, Kind.LAB, "the disk has room again")

    def know_hosts(self, hosts: Mapping[str, str], resolver: str) -> None:
        """Let the node find these names in /etc/hosts; any other it asks `resolver` for.

        At a node that is up they change at once.
        """
        lines = [
            f"{address} {name}" for name, address in {"localhost": "127.0.0.1", **hosts}.items()
        ]
        (self.home / HOSTS).write_text("\n".join(lines) + "\n")
        (self.home / RESOLVER).write_text(f"nameserver {resolver}\n")

    def commands(self) -> tuple[int, ...]:
        """Return the pids of cloudfail's commands that run on the node; the agent is none."""
        if self._node is None:
            return ()
        agents = self.agent.pids if self.agent is not None else ()
        found = filter(processes.is_cloudfail, processes.of_namespace(self._first))
        return tuple(pid for pid in found if pid not in agents)

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

    def _launch(self, command: Sequence[str], handle: Callable[[str], None]) -> process.Popen[str]:
        started = self._open(command, is_measured=False)
        self._follow(started, handle)
        return started

    def _open(self, command: Sequence[str], *, is_measured: bool = True) -> process.Popen[str]:
        return process.Popen(
            self._inside(command),
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            stderr=process.STDOUT,
            text=True,
            env=_environment(is_measured=is_measured),
        )

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


def _environment(*, is_measured: bool = True) -> dict[str, str]:
    """A machine's environment; coverage's own variables pass, so that nodes are measured too.

    What keepalived starts is not: ten commands a second would take all of a small machine.
    """
    kept = {key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")}
    return {"PATH": _PATH, "HOME": SOMEBODY, "LANG": "C.UTF-8", **(kept if is_measured else {})}
