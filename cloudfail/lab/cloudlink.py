"""The lab's wire to its embedded cloud: starts it, hears of every change and call."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from cloudfail import process
from cloudfail.errors import CloudfailError, UnreachableError
from cloudfail.lab.cloud.client import CloudControl
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.interface import BuiltWorld
from cloudfail.lab.cloud.records import Call, Change
from cloudfail.lab.terrain import terrain_of
from cloudfail.lab.timeline import Kind, Timeline
from cloudfail.lab.topology import destination_of

_POLL = 0.25


class Ready(msgspec.Struct, frozen=True):
    """The line that the cloud's process prints when it can be used."""

    endpoint: str
    control: str
    ca_file: str = ""


class NodeCall(msgspec.Struct, frozen=True):
    """An API call and the node that made it; `t` and `seconds` as in `Call`."""

    node: str
    operation: str
    mutating: bool
    t: float
    seconds: float


class Narrator:
    """Puts what the cloud reports onto the timeline; `moved` hears of each change first."""

    def __init__(self, timeline: Timeline, moved: Callable[[str, str], None]) -> None:
        self._timeline = timeline
        self._moved = moved
        self._names: dict[str, str] = {}
        self.calls: list[NodeCall] = []

    def know(self, names: dict[str, str]) -> None:
        """Take the nodes' names by their source addresses."""
        self._names = names

    def on_change(self, change: Change) -> None:
        destination = destination_of(change.target)
        if destination in self._names:
            return  # a node's primary address, which nobody moves
        self._moved(destination, change.node)
        where = f"is with {change.node}" if change.node else "is with nobody"
        text = f"cloud: {change.kind} {destination} {where}"
        self._timeline.add(change.node, Kind.HOLDER, text, detail=destination, t=change.t)

    def on_call(self, call: Call) -> None:
        self.on_node_call(self._names.get(call.source, ""), call)

    def on_node_call(self, node: str, call: Call) -> None:
        """Take a call of a node that is known otherwise than by its address."""
        answer = call.code or (str(call.status) if call.status else "connection reset")
        text = f"api: {call.operation} {answer} in {call.seconds * 1000:.0f} ms"
        if node:
            self.calls.append(NodeCall(node, call.operation, call.mutating, call.t, call.seconds))
            self._timeline.add(node, Kind.CALL, text, detail=call.operation, t=call.t)


class CloudProcess:
    """The embedded cloud in a process of its own, on the router."""

    def __init__(self, provider: str, log: Path) -> None:
        self._provider = provider
        self._log = log
        self._process: process.Popen[str] | None = None
        self._control: CloudControl[BuiltWorld] | None = None
        self._over = threading.Event()
        self._follower: threading.Thread | None = None
        self._change = self._call = 0
        self.endpoint = self.ca_file = ""

    def open(self, host: str, port: int, metadata: str) -> None:
        """Start the cloud; raise CloudfailError with its last words when it does not."""
        with self._log.open("w") as log:
            self._process = process.Popen(
                [
                    *(sys.executable, "-m", "cloudfail.lab.cloud", self._provider),
                    *("--host", host, "--port", str(port), "--metadata", metadata),
                ],
                stdin=process.DEVNULL,
                stdout=process.PIPE,
                stderr=log,
                text=True,
            )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise CloudfailError(
                f"the embedded cloud did not start: {self._log.read_text()[-500:]}"
            )
        ready = msgspec.json.decode(line, type=Ready)
        self.endpoint, self.ca_file = ready.endpoint, ready.ca_file
        self._control = CloudControl(ready.control, terrain_of(self._provider).built)

    def follow(self, narrator: Narrator) -> None:
        """Report who holds what, and from now on every change and call."""
        for change in self.control.holders():
            narrator.on_change(change)
        self._change = max((change.number for change in self.control.changes()), default=0)
        self._follower = threading.Thread(
            target=self._follow, args=(narrator,), name="cloud", daemon=True
        )
        self._follower.start()

    @property
    def control(self) -> CloudControl[BuiltWorld]:
        if self._control is None:
            raise UnreachableError("the embedded cloud is not running")
        return self._control

    def public_ips(self) -> frozenset[str]:
        """Return the allocated public addresses, whoever has them."""
        return frozenset(c.target for c in self.control.holders() if c.kind == "public-ip")

    def set_faults(self, faults: Faults) -> None:
        self.control.set_faults(faults)

    def close(self) -> None:
        self._over.set()
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            if self._process.stdout:
                self._process.stdout.close()
        if self._follower is not None:
            self._follower.join(5)

    def _follow(self, narrator: Narrator) -> None:
        while not self._over.is_set():
            try:
                for change in self.control.changes(self._change, wait=_POLL):
                    self._change = change.number
                    narrator.on_change(change)
                for call in self.control.calls(self._call):
                    self._call = call.number
                    narrator.on_call(call)
            except UnreachableError:
                return
