"""A node's own world, and `cloudfail promote` as a process in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec
from cloudfail import process

from sweep.cases import NEW, OLD, THIRD
from sweep.gate import Gate
from sweep.zygote import TESTS, Aim, Zygote, kill

PATIENCE = 60.0
PRIORITIES = {OLD: 150, NEW: 100, THIRD: 50}
NODES = """\
[[instance.edge.node]]
name = "{name}"
address = "{address}"
priority = {priority}
"""


class Ended(msgspec.Struct, frozen=True):
    """How a process ended; a negative code is the signal that killed it."""

    code: int
    out: str
    err: str


class Claims(Protocol):
    """What is claimed, as TOML."""

    def toml(self, built: Any) -> str: ...


class Way(msgspec.Struct, frozen=True):
    """The variables by which a node reaches the cloud of this provider through a gate."""

    provider: str
    environment: Callable[[Gate, str], dict[str, str]]


AWS = Way(
    "aws",
    lambda gate, name: {
        "AWS_ENDPOINT_URL": gate.endpoint,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": gate.cloud.metadata_endpoint(name),
    },
)
GCP = Way(
    "gcp",
    lambda gate, name: {
        "CLOUDFAIL_GCP_ENDPOINT": gate.endpoint,
        "GCE_METADATA_HOST": urlsplit(gate.cloud.metadata_endpoint(name)).netloc,
    },
)
AZURE = Way(
    "azure",
    lambda gate, name: {
        "CLOUDFAIL_AZURE_ENDPOINT": gate.endpoint,
        "CLOUDFAIL_AZURE_CA_FILE": gate.cloud.ca_file,
        **gate.cloud.metadata_environment(name),
    },
)


class Node:
    """One machine: its folder outlives its processes, as /run and /var do."""

    def __init__(self, name: str, folder: Path, gate: Gate, config: Path, way: Way) -> None:
        self.name = name
        self._way = way
        self._folder = folder / name
        self._folder.mkdir(parents=True, exist_ok=True)
        self._gate = gate
        self._named = ["--instance", "edge", "--config", str(config)]
        self._named += ["--node", name, "--output", "json"]
        self._arguments = ["promote", *self._named]

    def promote(self, zygote: Zygote | None, aim: Aim | None = None) -> Ended:
        """Run it to its end, or its death; without a zygote, in a fresh interpreter.

        `aim` is given what kills it.
        """
        if zygote is None:
            child = self.start()
            if aim is not None:
                aim(lambda: kill(child.pid))
            return self.wait(child)
        code = zygote.run(self._arguments, self._environment(), self._folder, aim)
        out, err = ((self._folder / name).read_text() for name in ("out", "err"))
        return Ended(code, out, err)

    def look(self, zygote: Zygote) -> int:
        """Look as a standby does: `cloudfail status`."""
        return zygote.run(["status", *self._named], self._environment(), self._folder)

    def start(self) -> process.Popen[str]:
        return process.Popen(
            [sys.executable, "-m", "sweep.patient", self._way.provider, *self._arguments],
            env={**self._environment(), "PYTHONPATH": str(TESTS)},
            cwd=self._folder,
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            stderr=process.PIPE,
            text=True,
        )

    def wait(self, child: process.Popen[str]) -> Ended:
        """Raises TimeoutExpired, once the process is dead."""
        try:
            out, err = child.communicate(timeout=PATIENCE)
        except process.TimeoutExpired:
            kill(child.pid)
            child.communicate()
            raise
        return Ended(child.returncode, out, err)

    def _environment(self) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if key.startswith("COVERAGE_")}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{os.defpath}",
            "HOME": str(self._folder),
            **self._way.environment(self._gate, self.name),
            "CLOUDFAIL_STATE_DIR": str(self._folder / "state"),
            "CLOUDFAIL_JOURNAL": str(self._folder / "journal.jsonl"),
        }


class Group:
    """Three nodes that share a configuration file; each reaches the cloud by a gate."""

    def __init__(
        self,
        folder: Path,
        gates: Mapping[str, Gate],
        built: Any,
        case: Claims,
        way: Way = AWS,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "cloudfail.toml"
        nodes = "".join(
            NODES.format(name=name, address=built.nodes[name].address, priority=priority)
            for name, priority in PRIORITIES.items()
        )
        head = f'[instance.edge]\nprovider = "{way.provider}"\n'
        config.write_text(head + nodes + case.toml(built))
        self.nodes = {name: Node(name, folder, gates[name], config, way) for name in PRIORITIES}
