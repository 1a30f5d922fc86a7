"""The printed commands do what the provider would have done, by the vendor's own tool."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

from cloudfail import process
from cloudfail.lab.cloud.embedded import EmbeddedAws
from cloudfail.model import Claim, Owner, PrivateIp, PublicIp, Route

from cloudfail_aws import SPEC
from providers.aws.nodes import V6, NodeMaker

AWS = Path(sys.executable).parent / "aws"


def test_the_vendors_tool_takes_every_command_and_the_node_then_owns_everything(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    node = node_of()
    provider = node.provider
    table = cloud.built.tables["t"]
    claims: list[Claim] = [
        PublicIp(address=ip_address("203.0.113.7")),
        PublicIp(address=ip_address("203.0.113.8"), private_address=ip_address("10.0.1.100")),
        PrivateIp(address=ip_address("10.0.1.100")),
        PrivateIp(address=ip_address(V6)),
        Route(table=table, destination=ip_network("10.99.0.0/16")),
        Route(table=table, destination=ip_network("2001:db8:98::/64")),
    ]
    lanes = provider.steps(provider.observe(claims), provider.identify())
    steps = sorted((s for lane in lanes for s in lane.steps), key=lambda step: step.stage)
    assert {step.call for step in steps} == {
        "AssociateAddress",
        "AssignPrivateIpAddresses",
        "UnassignIpv6Addresses",
        "AssignIpv6Addresses",
        "ReplaceRoute",
        "CreateRoute",
    }
    assert SPEC.environment is not None
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ["HOME"],
        **SPEC.environment(node.setup.settings, provider.identify()),
        "AWS_ACCESS_KEY_ID": "lab",
        "AWS_SECRET_ACCESS_KEY": "lab",
    }
    for step in steps:
        name, *arguments = SPEC.render(step)
        assert name == "aws"
        done = process.run(
            [str(AWS), *arguments],
            env=environ,
            stdin=process.DEVNULL,
            stdout=process.PIPE,
            stderr=process.STDOUT,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout
    assert {holding.owner for holding in provider.observe(claims)} == {Owner.MINE}
