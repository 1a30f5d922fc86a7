"""A real `cloudfail agent` over the embedded AWS; the test is keepalived, and writes its FIFO."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from bench.stage import ADDRESS, BIN, Stage

COMMAND = str(BIN / "cloudfail")
PATIENT = str(Path(__file__).with_name("patient.py"))
# Nobody sends VRRP here: keepalived's word alone counts for an advert interval.
LASTING = "advert_int = 10"
ROUTER = 51


def until(question: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Ask until the answer is something; fail the test when time is up."""
    end = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.005)
    return answer


@dataclass
class RunningAgent:
    """`node` is the one that this machine plays; everything of it lies in `folder`."""

    stage: Stage
    folder: Path
    node: str = "b"
    agent_table: str = ""
    instance_table: str = LASTING
    fifo: bool = True
    process: subprocess.Popen[bytes] | None = None
    told: list[str] = field(default_factory=list)
    notify: socket.socket | None = None

    @property
    def state(self) -> Path:
        return self.folder / "run"

    @property
    def fifo_path(self) -> Path:
        return self.state / "vrrp.fifo"

    @property
    def config(self) -> Path:
        return self.folder / "cloudfail.toml"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def prepare(self) -> None:
        self.state.mkdir(mode=0o755, exist_ok=True)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(self.folder / "notify"))
        self.notify.setblocking(False)
        self.write_config()

    def write_config(self, extra: str = "") -> None:
        nodes = self.stage.built.nodes
        fifo = f'vrrp_notify_fifo = "{self.fifo_path}"' if self.fifo else ""
        enabled = "" if self.fifo else "enabled = false"
        self.config.write_text(f"""
[agent]
socket = "{self.state}/agent.sock"
metrics_listen = ""
log_target = "stderr"
standby_interval = 0.5
reconcile_interval = 0.5
{enabled}
{self.agent_table}
[keepalived]
{fifo}
[instance.edge]
provider = "aws"
virtual_router_id = {ROUTER}
{self.instance_table}
[[instance.edge.node]]
name = "a"
address = "10.0.1.10"
priority = 150
interface_id = "{nodes["a"].interface_id}"
[[instance.edge.node]]
name = "b"
address = "10.0.2.10"
priority = 100
interface_id = "{nodes["b"].interface_id}"
[[instance.edge.claim]]
kind = "public-ip"
address = "{ADDRESS}"
[provider.aws]
region = "eu-central-1"
{extra}
""")

    @property
    def environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")}
        return {
            **kept,
            **self.stage.environment(self.node),
            "CLOUDFAIL_CONFIG": str(self.config),
            "CLOUDFAIL_NODE": self.node,
            "CLOUDFAIL_STATE_DIR": str(self.state),
            "CLOUDFAIL_AGENT_SOCKET": str(self.state / "agent.sock"),
            "STATE_DIRECTORY": str(self.folder / "lib"),
            "NOTIFY_SOCKET": str(self.folder / "notify"),
        }

    def start(self, *, ready: bool = True) -> None:
        (self.folder / "lib").mkdir(exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, COMMAND, "agent", "--config", str(self.config),
                 "--node", self.node],
                env=self.environment, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        if ready:
            until(lambda: self.has_said("READY=1"))
            until((self.state / "agent.sock").exists)

    def has_said(self, word: str) -> bool:
        assert self.notify is not None
        while True:
            try:
                self.told.append(self.notify.recv(4096).decode())
            except BlockingIOError:
                return any(word in text for text in self.told)

    def say(self, line: str) -> None:
        """Write a line as keepalived does."""
        fd = os.open(self.fifo_path, os.O_RDWR | os.O_NONBLOCK)
        try:
            os.write(fd, f"{line}\n".encode())
        finally:
            os.close(fd)

    def become(self, role: str) -> None:
        self.say(f'INSTANCE "edge" {role} 100')

    def command(self, *words: str, program: str = PATIENT) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, program, *words], env=self.environment, capture_output=True, text=True,
            check=False, stdin=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    def status(self) -> dict[str, Any]:
        done = self.command("status", "--output", "json")
        found: dict[str, Any] = msgspec.json.decode(done.stdout)
        return found

    @property
    def holder(self) -> str:
        ours = [c for c in self.stage.cloud.changes if c.target == ADDRESS]
        return ours[-1].holder if ours else ""

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(30)

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def running(stage: Stage, folder: Path, **fields: Any) -> Iterator[RunningAgent]:
    """Run an agent until the end of the block; the address is with `a` at the start."""
    stage.give("a")
    one = RunningAgent(stage, folder, **fields)
    one.prepare()
    try:
        one.start()
        yield one
    finally:
        if one.process is not None:
            one.stop()
        if one.notify is not None:
            one.notify.close()
