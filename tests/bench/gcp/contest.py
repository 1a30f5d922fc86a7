"""A move by gcloud, by a script with Google's client, by cloudfail, and as one request."""

from __future__ import annotations

import http.client
import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from cloudfail.errors import UsageError
from cloudfail.lab.cloud.gcp.links import link

from bench import ways
from bench.contest import Timing, run
from bench.gcp.stage import CONFIG, PUBLIC, RULE, ZONES, GcpStage
from bench.scene import MASTER, STANDBY
from bench.ways import FLOOR, FRESH, HAND, SCRIPT

PATIENCE = 60.0
WITH_CLIENT = Path(__file__).with_name("script.py")
BY_HAND = {
    "forwarding-rule": f"""\
gcloud compute forwarding-rules set-target {RULE} --region "$REGION" \\
  --target-instance {STANDBY} --target-instance-zone {ZONES[STANDBY]}
""",
    "public-ip": f"""\
gcloud compute instances delete-access-config {MASTER} --zone {ZONES[MASTER]} \\
  --access-config-name {CONFIG}
gcloud compute instances add-access-config {STANDBY} --zone {ZONES[STANDBY]} --address {PUBLIC}
""",
}
Way = Callable[[GcpStage], None]


def contest(stage: GcpStage, kind: str, rounds: int) -> Mapping[str, Sequence[Timing]]:
    """Let each way move it in turn. The script and the one request are for a rule only."""
    with closing(Floor(stage)) as floor:
        known: dict[str, Way] = {HAND: _gcloud(kind), FRESH: ways.fresh(kind)}
        if kind == "forwarding-rule":
            known |= {SCRIPT: _script, FLOOR: floor}
        return ways.contest(stage, kind, rounds, known)


def _gcloud(kind: str) -> Way:
    """UsageError where it is not installed."""
    found = shutil.which("gcloud")
    if found is None:
        raise UsageError("gcloud is not installed: it is what cloudfail is compared with")

    def way(stage: GcpStage) -> None:
        token = stage.folder / "token"
        token.write_text("anybody")
        extra = {
            "PATH": f"{Path(found).parent}:{stage.environment()['PATH']}",
            "REGION": stage.built.region,
            "CLOUDSDK_CONFIG": str(stage.folder),
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{stage.cloud.endpoint}/compute/v1/",
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(token),
            "CLOUDSDK_CORE_PROJECT": stage.built.project,
            "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
            "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
            "CLOUDSDK_CORE_CHECK_GCE_METADATA": "0",
            "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
        }
        run(["/bin/sh", "-ec", BY_HAND[kind]], {**stage.environment(), **extra})

    return way


def _script(stage: GcpStage) -> None:
    argv = [stage.cloud.endpoint, stage.built.project, stage.built.region, RULE]
    target = link(stage.built.nodes[STANDBY].target_instance)
    extra = {"GCE_METADATA_IP": stage.environment()["GCE_METADATA_HOST"]}
    run([sys.executable, str(WITH_CLIENT), *argv, target], {**stage.environment(), **extra})


class Floor:
    """One request over a connection that stands already: nothing can be faster."""

    def __init__(self, stage: GcpStage) -> None:
        parts = urlsplit(stage.cloud.endpoint)
        self._link = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        self._rule = f"/compute/v1/{stage.built.forwarding_rules[RULE]}"
        self._request("GET", self._rule)

    def __call__(self, stage: GcpStage) -> None:
        target = json.dumps({"target": link(stage.built.nodes[STANDBY].target_instance)})
        operation = self._request("POST", f"{self._rule}/setTarget", target)
        self._request("POST", f"{urlsplit(operation['selfLink']).path}/wait")

    def _request(self, verb: str, path: str, body: str = "") -> Mapping[str, str]:
        headers = {"Content-Type": "application/json", "Authorization": "Bearer anybody"}
        self._link.request(verb, path, body or None, headers)
        answer = self._link.getresponse()
        content = json.loads(answer.read())
        if answer.status != http.client.OK:
            raise RuntimeError(f"{verb} {path}: {answer.status} {content}")
        return dict(content)

    def close(self) -> None:
        self._link.close()
