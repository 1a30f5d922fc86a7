"""The printed commands do what the provider would have done, by Microsoft's own tool.

Where `az` is installed: it takes seconds a command.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from ipaddress import ip_address, ip_network
from operator import methodcaller
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.model import Claim, Owner, PublicIp, Route

from cloudfail_azure import SPEC
from providers.azure.doing import FLOATING, TO_EDGE, VIP, nic, steps_of
from providers.azure.nodes import NodeMaker

pytestmark = [
    pytest.mark.skipif(shutil.which("az") is None, reason="az, Azure's CLI, is not installed"),
    pytest.mark.timeout(300),
]
CLOUD = """\
[Lab]
endpoint_management = {0}
endpoint_resource_manager = {0}
endpoint_active_directory = {0}
endpoint_active_directory_resource_id = https://management.azure.com/
"""
CLAIMS: tuple[Claim, ...] = (
    FLOATING,
    VIP,
    PublicIp(address=ip_address("203.0.113.12"), private_address=ip_address("10.0.1.111")),
    TO_EDGE,
    Route(table="edge", destination=ip_network("10.96.0.0/16")),
)


def environment(cloud: EmbeddedAzure, home: Path) -> dict[str, str]:
    """Let `az` be logged in at the embedded cloud, as the managed identity of node `a`."""
    folder = home / ".azure"
    folder.mkdir()
    (folder / "clouds.config").write_text(CLOUD.format(cloud.endpoint))
    user = {"type": "servicePrincipal", "name": "systemAssignedIdentity"}
    subscription = {
        "id": cloud.built.subscription,
        "name": "lab",
        "state": "Enabled",
        "isDefault": True,
        "tenantId": cloud.built.tenant,
        "environmentName": "Lab",
        "user": {**user, "assignedIdentityInfo": "MSI"},
    }
    profile = {"installationId": "lab", "subscriptions": [subscription]}
    (folder / "azureProfile.json").write_text(json.dumps(profile))
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AZURE_CONFIG_DIR": str(folder),
        "AZURE_CORE_COLLECT_TELEMETRY": "no",
        **cloud.metadata_environment("a"),
    }


def perform(command: Sequence[str], environ: Mapping[str, str]) -> None:
    done = process.run(
        list(command),
        env=dict(environ),
        stdin=process.DEVNULL,
        stdout=process.PIPE,
        stderr=process.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout


def test_the_vendors_tool_takes_every_command_and_the_node_then_owns_everything(
    cloud: EmbeddedAzure, node_of: NodeMaker, tmp_path: Path
) -> None:
    node = node_of()
    steps = steps_of(node, *CLAIMS)
    said = SPEC.environment(node.setup.settings, node.provider.identify())
    environ = {**environment(cloud, tmp_path), **said, "AZURE_CLOUD_NAME": "Lab"}
    for step in steps:
        perform(SPEC.render(step), environ)
    assert {holding.owner for holding in node.provider.observe(CLAIMS)} == {Owner.MINE}
    configs = nic(cloud, "a")["properties"]["ipConfigurations"]
    (moved,) = (c["properties"] for c in configs if c["name"] == "vip")
    assert moved["loadBalancerBackendAddressPools"]
    assert moved["loadBalancerInboundNatRules"]
    assert moved["applicationSecurityGroups"]
    for resource in (cloud.built.nodes["a"].interface_id, cloud.built.route_tables["edge"]):
        cloud.api.apply(methodcaller("fail", resource), None)
    seen = node.provider.observe(CLAIMS)
    assert {holding.owner for holding in seen} == {Owner.PEER}
    for command in {holding.reason.partition("by hand: ")[2].rstrip(")") for holding in seen}:
        perform(shlex.split(command), environ)
    assert {holding.owner for holding in node.provider.observe(CLAIMS)} == {Owner.MINE}
