"""The real executable over the embedded AWS: every command, and every error a person meets."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.lab.cloud.aws.embedded import EmbeddedAws
from cloudfail.lab.cloud.aws.world import Built, Subnet, World, WorldNode, WorldPublicIp, WorldTable
from cloudfail.lab.cloud.faults import Faults

from cli.machine import Machine

EIP = "203.0.113.7"
PAIR = World(
    subnets=(Subnet("10.0.1.0/24", name="one"),),
    nodes=(WorldNode("a", "10.0.1.10", "one"), WorldNode("b", "10.0.1.11", "one")),
    public_ips=(WorldPublicIp(EIP, "b"),),
    route_tables=(
        WorldTable("t1", (("10.99.0.0/16", "b"),)),
        WorldTable("t2", (("10.99.0.0/16", ""),)),
    ),
)
FILE = """
[instance.edge]
provider = "aws"
[[instance.edge.node]]
name = "a"
address = "10.0.1.10"
priority = 150
[[instance.edge.node]]
name = "b"
address = "10.0.1.11"
priority = 100
[[instance.edge.claim]]
kind = "public-ip"
address = "203.0.113.7"
private_address = "10.0.1.100"
[[instance.edge.claim]]
kind = "private-ip"
address = "10.0.1.100"
[[instance.edge.claim]]
kind = "route"
destination = "10.99.0.0/16"
tables = ["{t1}", "{t2}"]
"""
DROP_IN = ["--provider", "aws", "--public-ip", EIP]


@pytest.fixture(scope="module")
def running() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as cloud:
        yield cloud


@pytest.fixture
def built(running: EmbeddedAws) -> Built:
    return running.build(PAIR)


@pytest.fixture
def node(machine: Machine, running: EmbeddedAws, built: Built) -> Machine:
    """Node a of the pair, with nothing but what an instance in EC2 has."""
    assert built.nodes
    machine.environ["AWS_ENDPOINT_URL"] = running.endpoint
    machine.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = running.metadata_endpoint("a")
    del machine.environ["PYTHONPATH"], machine.environ["CLOUDFAIL_NODE"]
    return machine


def configure(node: Machine, built: Built, text: str = FILE) -> None:
    for name, table in built.tables.items():
        text = text.replace(f"{{{name}}}", table)
    node.config(text)
    node.environ["CLOUDFAIL_NODE"] = "a"


def holder(cloud: EmbeddedAws) -> str:
    found = cloud.client().describe_addresses(PublicIps=[EIP])["Addresses"][0]
    return str(found.get("NetworkInterfaceId", ""))


def test_the_drop_in_takes_the_address(node: Machine, running: EmbeddedAws, built: Built) -> None:
    answer = node.finish(["promote", *DROP_IN, "--output", "json"])
    assert (answer.code, answer.err) == (0, "")
    assert answer.json["changed"] is True
    assert answer.json["calls"]["mutating"] == 1
    assert holder(running) == built.nodes["a"].interface_id
    again = node.finish(["promote", *DROP_IN, "--output", "json"])
    assert (again.json["changed"], again.json["calls"]["mutating"]) == (False, 0)


def test_a_file_with_every_kind(node: Machine, running: EmbeddedAws, built: Built) -> None:
    configure(node, built)
    assert node.finish(["plan"]).code == 2
    answer = node.finish(["promote"])
    assert (answer.code, answer.err) == (0, "")
    assert holder(running) == built.nodes["a"].interface_id
    status = node.finish(["status", "--check"])
    assert status.code == 0
    assert "this node holds all 4 claims" in status.out
    assert node.finish(["plan"]).code == 0
    assert node.finish(["history"]).out.count("verified") == 4


def test_the_pasted_commands_do_what_promote_would(
    node: Machine, running: EmbeddedAws, built: Built
) -> None:
    """The steps of `--output shell` in a real sh, with the real aws."""
    configure(node, built)
    script = node.finish(["plan", "--output", "shell"])
    assert script.code == 2
    done = process.run(
        ["sh"],
        input=script.out,
        text=True,
        capture_output=True,
        timeout=120,
        check=False,
        env={
            **{
                name: text for name, text in node.environ.items() if not name.startswith("COVERAGE")
            },
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x",
        },
    )
    assert done.returncode == 0, done.stderr
    after = node.finish(["plan", "--output", "json"])
    assert after.code == 0
    assert {one["owner"] for one in after.json["holdings"]} == {"mine"}
    assert holder(running) == built.nodes["a"].interface_id


def test_a_check_that_would_be_denied_names_the_permission(
    node: Machine, running: EmbeddedAws, built: Built
) -> None:
    running.faults = Faults(deny=("AssociateAddress",))
    answer = node.finish(["plan", *DROP_IN, "--check"])
    assert answer.code == 77
    assert "ec2:AssociateAddress" in answer.out
    assert holder(running) == built.nodes["b"].interface_id


def test_the_policy_names_the_actions_that_the_claims_need(node: Machine, built: Built) -> None:
    configure(node, built)
    document = json.loads(node.finish(["policy", "aws", "--role", "write"]).out)
    text = json.dumps(document)
    for action in ("AssociateAddress", "AssignPrivateIpAddresses", "ReplaceRoute"):
        assert f"ec2:{action}" in text
    assert "Associate" not in node.finish(["policy", "aws", "--role", "read"]).out


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_a_denied_call_names_the_permission(node: Machine, running: EmbeddedAws) -> None:
    running.faults = Faults(deny=("AssociateAddress",))
    answer = node.finish(["promote", *DROP_IN])
    assert answer.code == 77
    assert "ec2:AssociateAddress" in answer.err
    assert answer.err.count("\n") == 1


def test_an_unknown_address_is_one_sentence(node: Machine) -> None:
    answer = node.finish(["promote", "--provider", "aws", "--public-ip", "203.0.113.99"])
    assert answer.code == 78
    assert "203.0.113.99" in answer.err
    assert "eu-central-1" in answer.err
    assert answer.err.count("\n") == 1


def test_another_region_than_the_instances_is_one_sentence(node: Machine) -> None:
    answer = node.finish(["promote", *DROP_IN, "--region", "us-east-1"])
    assert answer.code == 78
    assert "us-east-1" in answer.err
    assert "eu-central-1" in answer.err


def test_no_metadata_service_is_one_sentence(node: Machine) -> None:
    node.environ["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = f"http://127.0.0.1:{free_port()}"
    answer = node.finish(["promote", *DROP_IN, "--deadline", "1"])
    assert answer.code == 69
    assert "metadata" in answer.err
    assert answer.err.count("\n") == 1


def test_no_api_is_one_sentence(node: Machine) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    answer = node.finish(["promote", *DROP_IN, "--endpoint", url, "--deadline", "1"])
    assert answer.code == 69
    assert url.removeprefix("http://") in answer.err
    assert answer.err.count("\n") == 1


def test_no_credentials_is_one_sentence(node: Machine, built: Built) -> None:
    """Node and region are named, so that only the keys are missing."""
    node.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    answer = node.finish(
        ["promote", *DROP_IN, "--region", built.region, "--interface-id",
         built.nodes["a"].interface_id, "--deadline", "2"]
    )  # fmt: skip
    assert answer.code in {69, 77, 78}
    assert "AWS_EC2_METADATA_DISABLED" in answer.err or "credentials" in answer.err
    assert answer.err.count("\n") == 1


def test_a_missing_sdk_is_one_sentence(node: Machine) -> None:
    blocked = node.path / "blocked"
    blocked.mkdir()
    (blocked / "boto3.py").write_text("raise ImportError('no', name='boto3')\n")
    (blocked / "botocore.py").write_text("raise ImportError('no', name='botocore')\n")
    node.environ["PYTHONPATH"] = str(blocked)
    answer = node.finish(["promote", *DROP_IN])
    assert answer.code == 78
    assert "pip install 'cloudfail[aws]'" in answer.err
    assert answer.err.count("\n") == 1


def test_no_secret_is_ever_shown(node: Machine, running: EmbeddedAws) -> None:
    running.faults = Faults(deny=("AssociateAddress",))
    node.environ["AWS_ACCESS_KEY_ID"] = "AKIAIOSFODNN7EXAMPLE"
    node.environ["AWS_SECRET_ACCESS_KEY"] = "wJalrXUtnFEMI-hunter2"
    node.environ["AWS_SESSION_TOKEN"] = "token-hunter2"
    for flags in (["--debug"], ["--output", "json"]):
        answer = node.finish(["promote", *DROP_IN, *flags])
        assert answer.code == 77
        assert "hunter2" not in answer.out + answer.err
    assert "hunter2" not in (node.path / "journal.jsonl").read_text()
