"""gcloud, where it is installed, as a witness that is not ours. It takes seconds a command."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp

from lab_cloud.gcp.worlds import EDGE, VIP

BLANK = "\N{NO-BREAK SPACE}"  # a space within a word
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("gcloud") is None, reason="gcloud is not installed"),
    pytest.mark.timeout(300),
]


@pytest.fixture
def gcloud(cloud: EmbeddedGcp, tmp_path: Path) -> Callable[[str], str]:
    (tmp_path / "token").write_text("anybody")
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "CLOUDSDK_CONFIG": str(tmp_path),
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE": f"{cloud.endpoint}/compute/v1/",
        "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(tmp_path / "token"),
        "CLOUDSDK_CORE_PROJECT": cloud.built.project,
        "CLOUDSDK_CORE_DISABLE_PROMPTS": "1",
        "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "1",
        "CLOUDSDK_CORE_CHECK_GCE_METADATA": "0",
        "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "1",
    }

    def run(words: str) -> str:
        done = subprocess.run(
            ["gcloud", "compute", *(word.replace(BLANK, " ") for word in words.split(" "))],
            env=environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_gcloud_moves_everything_and_the_contract_holds(
    cloud: EmbeddedGcp, gcloud: Callable[[str], str]
) -> None:
    def holder(target: str) -> str:
        return {c.target.rpartition(" ")[2]: c.node for c in cloud.holders}.get(target, "")

    nic = "instances network-interfaces update"
    gcloud(f"{nic} a --zone europe-west1-b --aliases=")
    assert holder("10.0.1.100") == ""
    gcloud(
        "forwarding-rules set-target edge --region europe-west1"
        " --target-instance b --target-instance-zone europe-west1-c"
    )
    assert holder(EDGE) == "b"
    gcloud(f"instances add-access-config a --zone europe-west1-b --address {VIP}")
    assert holder(VIP) == "a"
    gcloud(
        "routes create to-b --network lab --destination-range 10.99.0.0/16"
        " --next-hop-instance b --next-hop-instance-zone europe-west1-c --priority 999"
    )
    assert holder("10.99.0.0/16") == "b"
    assert gcloud("instances list --format=value(name)").split() == ["a", "c", "b"]


def test_gcloud_takes_away_and_is_refused_like_anybody(
    cloud: EmbeddedGcp, gcloud: Callable[[str], str]
) -> None:
    held = {c.target.rpartition(" ")[2]: c.node for c in cloud.holders}
    assert held["10.0.1.100"] == "a"
    zone = "--zone europe-west1-c"
    with pytest.raises(AssertionError, match="already being used by another resource"):
        gcloud(f"instances network-interfaces update b {zone} --aliases=10.0.1.100/32")
    gcloud(f"instances network-interfaces update b {zone} --aliases=pods:10.4.2.0/28")
    assert {c.target: c.node for c in cloud.holders}["10.4.2.0/28"] == "b"
    name = f"--access-config-name=cf-{VIP.replace('.', '-')}"
    with pytest.raises(AssertionError, match="At most one access config"):
        gcloud(f"instances add-access-config b {zone} --address {VIP} {name}")
    with pytest.raises(AssertionError, match="was not found"):
        gcloud(f"instances delete-access-config b {zone} --access-config-name=another")
    gcloud(f"instances delete-access-config b {zone} --access-config-name=External{BLANK}NAT")
    gcloud(f"instances add-access-config b {zone} --address {VIP} {name}")
    assert {c.target: c.node for c in cloud.holders}[VIP] == "b"
