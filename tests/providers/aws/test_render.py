"""The printed commands do what the provider would have done, by the vendor's own tool."""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address, ip_network
from pathlib import Path

import msgspec
from cloudfail import process
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.model import Claim, Owner, PrivateIp, PublicIp, Route, Step

from cloudfail_aws import SPEC
from providers.aws.nodes import V6, Node, NodeMaker


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
    for step in steps:
        assert SPEC.render(step)[0] == "aws"
        run(step, node)
    assert {holding.owner for holding in provider.observe(claims)} == {Owner.MINE}


def run(step: Step, node: Node) -> None:
    environ = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": os.environ["HOME"],
        **SPEC.environment(node.setup.settings, node.provider.identify()),
        "AWS_ACCESS_KEY_ID": "lab",
        "AWS_SECRET_ACCESS_KEY": "lab",
    }
    done = process.run(
        list(SPEC.render(step)),
        env=environ,
        stdin=process.DEVNULL,
        stdout=process.PIPE,
        stderr=process.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


def test_a_command_for_another_accounts_table_assumes_its_role(
    node_of: NodeMaker, cloud: EmbeddedAws
) -> None:
    arn = "arn:aws:iam::210987654321:role/tables"
    node = node_of()
    table = cloud.built.tables["t"]
    mine = Route(table=table, destination=ip_network("10.99.0.0/16"))
    (lane,) = node.provider.steps(node.provider.observe([mine]), node.provider.identify())
    claim = msgspec.structs.replace(mine, role_arn=arn)
    run(msgspec.structs.replace(lane.steps[0], claims=(claim,)), node)
    assumed, moved = cloud.calls[-2:]
    assert (assumed.operation, assumed.params["RoleArn"]) == ("AssumeRole", arn)
    assert moved.operation == "ReplaceRoute"
    assert node.provider.observe([mine])[0].owner is Owner.MINE
