"""A resident agent on the standby, and what keepalived is to it: lines in a FIFO."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
from cloudfail import process
from cloudfail.lab.cloud.records import Call

from bench.scene import STANDBY, Scene

PATIENCE = 30.0
# Until the agent sleeps again after it was asked for its metrics.
REST = 0.02
_TICKS = os.sysconf("SC_CLK_TCK")


class Owned(msgspec.Struct, frozen=True):
    """An instance of the agent's configuration: what it claims, and further keys of its table."""

    name: str
    virtual_router_id: int
    claims: str
    keys: str = ""


def public_ips(*addresses: str) -> str:
    return "".join(
        f'[[instance.NAME.claim]]\nkind = "public-ip"\naddress = "{address}"\n'
        for address in addresses
    )


class Resident:
    """The process, from outside: it is told roles, waited for, and weighed."""

    def __init__(
        self, stage: Scene, started: process.Popen[bytes], folder: Path, metrics: int
    ) -> None:
        self.stage, self.pid, self._metrics = stage, started.pid, metrics
        self._started, self.folder = started, folder
        self._ran = 0
        self._fifo = os.open(folder / "vrrp.fifo", os.O_WRONLY | os.O_NONBLOCK)

    def say(self, role: str, names: Sequence[str] = ("edge",)) -> float:
        """Write as keepalived does, a line an instance; return when, of CLOCK_MONOTONIC."""
        text = "".join(f'INSTANCE "{name}" {role} 100\n' for name in names)
        at = time.monotonic()
        os.write(self._fifo, text.encode())
        return at

    def stand_by(self, names: Sequence[str] = ("edge",)) -> None:
        """Make it BACKUP, and return when it has looked since, and rests with its plans prepared."""
        since = self.seen()
        self.say("BACKUP", names)
        self.until(lambda: len(self.reads(since)) >= len(names), "look as BACKUP")
        self.until_prepared(len(names))

    def until_prepared(self, count: int) -> None:
        """Return when so many instances have a plan."""
        self.until(lambda: self.scrape().count("cloudfail_plan_age_seconds{") >= count, "plan")
        time.sleep(REST)

    def until_ended(self, count: int = 1) -> None:
        """Return when so many more runs have been told of."""
        self.until(lambda: self._runs() >= self._ran + count, "end its run")
        self._ran = self._runs()

    def _runs(self) -> int:
        return self.log().count("event=ran ")

    @property
    def unprepared(self) -> int:
        """How many runs had to look before they wrote."""
        return self.log().count("prepared=no")

    def scrape(self) -> str:
        """Return its metrics, as Prometheus gets them."""
        link = http.client.HTTPConnection("127.0.0.1", self._metrics, timeout=PATIENCE)
        with closing(link):
            link.request("GET", "/metrics")
            return link.getresponse().read().decode()

    def seen(self) -> int:
        """How many calls the cloud has answered."""
        return len(self.stage.cloud.calls)

    def calls(self, since: int) -> Sequence[Call]:
        found = self.stage.cloud.calls_since(since)
        return sorted(
            (call for call in found if call.service == self.stage.service), key=lambda call: call.t
        )

    def reads(self, since: int) -> Sequence[Call]:
        return [call for call in self.calls(since) if not call.mutating]

    def writes(self, since: int) -> Sequence[Call]:
        return [call for call in self.calls(since) if call.mutating]

    def until(self, is_so: Callable[[], bool], what: str, pause: float = 0.01) -> None:
        """Wait. Raises RuntimeError with the agent's log when it takes too long."""
        end = time.monotonic() + PATIENCE
        while not is_so():
            if time.monotonic() > end or self._started.poll() is not None:
                raise RuntimeError(f"the agent did not {what}:\n{self.log()[-2000:]}")
            time.sleep(pause)

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def memory_mib(self) -> float:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def cpu_seconds(self) -> float:
        """Processor time so far, of all its threads, user and system."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def close(self) -> None:
        os.close(self._fifo)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        self._started.wait(PATIENCE)


@contextmanager
def resident(stage: Scene, owned: Sequence[Owned], agent: str = "") -> Iterator[Resident]:
    """Run `cloudfail agent` on the standby until the end of the block; it has looked once.

    `agent` are further lines of its [agent] table. The state of a Stage's other commands leads
    them to this agent.
    """
    folder = Path(tempfile.mkdtemp(prefix="agent-", dir=stage.folder))
    port = _free_port()
    agent = f'metrics_listen = "127.0.0.1:{port}"\n{agent}'
    (folder / "cloudfail.toml").write_text(config(stage, owned, folder, agent))
    with (folder / "log").open("wb") as log:
        started = process.Popen(
            ["cloudfail", "agent", "--config", str(folder / "cloudfail.toml"), "--node", STANDBY],
            env=environment(stage, folder),
            stdin=process.DEVNULL,
            stderr=log,
            cwd="/",
        )
        _await_fifo(started, folder)
        agent_ = Resident(stage, started, folder, port)
        try:
            agent_.until_prepared(len(owned))
            yield agent_
        finally:
            agent_.close()


def environment(stage: Scene, folder: Path) -> dict[str, str]:
    return {
        **stage.environment(),
        "CLOUDFAIL_STATE_DIR": str(folder),
        "STATE_DIRECTORY": str(folder),
        "CLOUDFAIL_AGENT_SOCKET": str(folder / "agent.sock"),
    }


def config(stage: Scene, owned: Sequence[Owned], folder: Path, agent: str = "") -> str:
    """Return a cloudfail.toml of these instances, with everything else at its default."""
    head = (
        f'[agent]\nsocket = "{folder}/agent.sock"\nlog_target = "stderr"\n{agent}\n'
        f'[keepalived]\nvrrp_notify_fifo = "{folder}/vrrp.fifo"\n'
        f'vrrp_notify_fifo_user = "root root"\n[provider.{stage.provider}]\n{stage.settings}'
    )
    return head + "".join(_instance(stage, one) for one in owned)


def _instance(stage: Scene, one: Owned) -> str:
    nodes = "".join(
        f'[[instance.{one.name}.node]]\nname = "{name}"\naddress = "{address}"\n'
        f'priority = {priority}\ninterface_id = "{stage.built.nodes[name].interface_id}"\n'
        for priority, (name, address) in zip((150, 100), stage.addresses.items(), strict=True)
    )
    return (
        f'[instance.{one.name}]\nprovider = "{stage.provider}"\nvirtual_router_id = {one.virtual_router_id}\n'
        f"{one.keys}{nodes}{one.claims.replace('NAME', one.name)}"
    )


def _await_fifo(started: process.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not (folder / "agent.sock").exists():
        if time.monotonic() > end or started.poll() is not None:
            raise RuntimeError(f"the agent did not start: {(folder / 'log').read_text()}")
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
