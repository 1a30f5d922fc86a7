"""Azure's numbers as tables with their targets."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench import ways
from bench.azure import contest
from bench.azure.stage import KINDS, AzureStage, stage
from bench.counts import Counts
from bench.moves import Move
from bench.moves import section as of_moves
from bench.report import Section, Target
from bench.rest import section as of_rest
from bench.slow import FEW, LATENCY_MS, OPERATION_MS
from bench.ways import AGENT, FLOOR, FRESH, HAND, SCRIPT

# Operations, and calls beside them, until it is here.
MOST = {"route": (1, 2), "public-ip": (2, 4), "private-ip": (2, 4)}
MOST_MIB = 130
NAMES = {
    HAND: "(a) a script with Microsoft's client, as it comes",
    SCRIPT: f"(b) the same, polling every {contest.EVERY:g} s",
    FRESH: "(c) cloudfail promote, fresh process",
    AGENT: "(d) cloudfail promote, agent up",
    FLOOR: "(e) one request, connected already",
}
_CLIENT = """\
from azure.mgmt.network import NetworkManagementClient
from azure.identity import ManagedIdentityCredential
client = NetworkManagementClient(ManagedIdentityCredential(), "none")
client.network_interfaces, client.routes
"""
ALONE = {
    "python alone, nothing imported": "",
    "azure-core, azure-mgmt-core and requests alone": (
        "import azure.mgmt.core, azure.core.pipeline.transport as known\nknown.RequestsTransport\n"
    ),
    "azure.mgmt.network alone": "import azure.mgmt.network\n",
    "its client with a credential of azure-identity": _CLIENT,
}


def moves(counts: Counts) -> Section:
    """Return what a move of each kind takes where the agent has its plan prepared."""
    note = "waits: the polls of the operations; 0.2 s lie between them at first"
    with _scene() as scene:
        return of_moves(scene, counts.rounds, _held_to, [note])


def _held_to(kind: str, move: Move) -> Iterator[Target]:
    operations, calls = MOST[kind]
    most = operations * OPERATION_MS + calls * LATENCY_MS
    words = f"{operations} operation{'s' * (operations > 1)} + {calls} calls"
    yield Target(f"{kind}, calls before the first change", move.before, 0)
    yield Target(f"{kind}, until it is here: {words}", move.here, most, "ms")
    if kind == "route":
        yield Target(f"{kind}, gap", move.gap, 0, "ms")


def hand(counts: Counts) -> Section:
    """Return each kind moved by Microsoft's client and by cloudfail."""
    rounds = min(counts.rounds, FEW)
    slow = contest.by_default()
    with _scene() as scene:
        found = {kind: contest.contest(scene, kind, rounds, slow[kind]) for kind in KINDS}
    once = "the client itself asks every 30 s whether an operation is over"
    notes = (
        f"{rounds} rounds; (a) once, with the three kinds at the same time: {once}",
        "exit: with the proof by another look in (c) and (d); polls count as reads",
    )
    return ways.section(found, NAMES, SCRIPT, notes)


def rest(counts: Counts) -> Section:
    """Return the agent's memory, beside that of Microsoft's client alone."""
    with _scene() as scene:
        return of_rest(scene, counts, MOST_MIB, ALONE)


SECTIONS: Mapping[str, Callable[[Counts], Section]] = {"moves": moves, "hand": hand, "rest": rest}


@contextmanager
def _scene() -> Iterator[AzureStage]:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        stage(Path(folder)) as scene,
    ):
        yield scene
