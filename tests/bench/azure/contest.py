"""A move by a script with Microsoft's client, by cloudfail, and as one request."""

from __future__ import annotations

import http.client
import json
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench import ways
from bench.azure.stage import (
    DESTINATION,
    FIRST,
    FLOATING,
    KINDS,
    PUBLIC,
    ROUTE,
    TABLE,
    AzureStage,
    stage,
)
from bench.contest import Timing, measure, run
from bench.scene import MASTER, STANDBY
from bench.slow import SLOW
from bench.ways import FLOOR, FRESH, HAND, SCRIPT
from cloudfail_azure.operations import NETWORK_VERSION

WITH_CLIENT = Path(__file__).with_name("script.py")
EVERY = 0.2  # seconds between two polls, as cloudfail begins
_AS_IT_IS = ""
_LONG = 240.0
_PAUSE, _PATIENCE = 0.01, 20.0
Way = Callable[[AzureStage], None]


def contest(
    stage: AzureStage, kind: str, rounds: int, slow: Timing
) -> Mapping[str, Sequence[Timing]]:
    """Let each way move it in turn. `slow` is the script's time by the client's own polling."""
    with closing(Floor(stage)) as floor:
        known: dict[str, Way] = {SCRIPT: script(kind, str(EVERY)), FRESH: ways.fresh(kind)}
        if kind == "route":
            known[FLOOR] = floor
        return {HAND: [slow], **ways.contest(stage, kind, rounds, known)}


def by_default() -> Mapping[str, Timing]:
    """Move each kind by the script as the client comes: once, all at the same time.

    It sleeps nearly all of that; each kind has a cloud of its own.
    """
    with ThreadPoolExecutor(len(KINDS)) as pool:
        return dict(zip(KINDS, pool.map(_by_default, KINDS), strict=True))


def _by_default(kind: str) -> Timing:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, stage(Path(folder)) as scene:
        scene.cloud.faults = SLOW
        return measure(scene, script(kind, _AS_IT_IS))


def script(kind: str, interval: str) -> Way:
    def way(stage: AzureStage) -> None:
        cloud = f"{stage.cloud.endpoint},{stage.cloud.ca_file},{stage.built.subscription}"
        argv = [sys.executable, str(WITH_CLIENT), cloud, interval, kind, stage.built.group]
        run([*argv, *_words(stage, kind)], stage.environment(), _LONG)

    return way


def _words(stage: AzureStage, kind: str) -> Sequence[str]:
    nodes = stage.built.nodes
    if kind == "route":
        return [TABLE, ROUTE, DESTINATION, nodes[STANDBY].address]
    nics = [nodes[name].interfaces[0].name for name in (MASTER, STANDBY)]
    if kind == "public-ip":
        return [*nics, FIRST, stage.built.public_ips[PUBLIC]]
    return [*nics, FLOATING]


class Floor:
    """One request over a connection that stands already, and the wait until it has its effect."""

    def __init__(self, stage: AzureStage) -> None:
        self._link = http.client.HTTPSConnection(
            urlsplit(stage.cloud.endpoint).netloc,
            context=ssl.create_default_context(cafile=stage.cloud.ca_file),
            timeout=_PATIENCE,
        )
        self._route = f"{stage.built.route_tables[TABLE]}/routes/{ROUTE}"
        self._request("GET")

    def __call__(self, stage: AzureStage) -> None:
        known = len(stage.cloud.changes)
        properties = {
            "addressPrefix": DESTINATION,
            "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": stage.built.nodes[STANDBY].address,
        }
        self._request("PUT", {"properties": properties})
        end = time.monotonic() + _PATIENCE
        while len(stage.cloud.changes) == known and time.monotonic() < end:
            time.sleep(_PAUSE)

    def _request(self, verb: str, body: Any = None) -> None:
        headers = {"Content-Type": "application/json", "Authorization": "Bearer anybody"}
        path = f"{self._route}?api-version={NETWORK_VERSION}"
        self._link.request(verb, path, json.dumps(body) if body else None, headers)
        answer = self._link.getresponse()
        content = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{verb} {path}: {answer.status} {content!r}")

    def close(self) -> None:
        self._link.close()
