"""The embedded cloud as a process, and its control API."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

import boto3
import msgspec
import pytest
from cloudfail.errors import DeadlineError, UnreachableError, UsageError
from cloudfail.lab.cloud.aws.world import Built
from cloudfail.lab.cloud.client import CloudControl
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.main import serve

from lab_cloud.aws.worlds import PAIR, VIP, code

WAITING_READER = """
import sys
from cloudfail.lab.cloud.client import CloudControl
CloudControl(sys.argv[1], object).changes(wait=60)
"""
COMMAND = [sys.executable, "-m", "cloudfail.lab.cloud", "aws"]


def ready(stream: IO[str] | None) -> dict[str, str]:
    assert stream is not None
    return dict(json.loads(stream.readline()))


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    world = tmp_path_factory.mktemp("world") / "pair.json"
    world.write_bytes(msgspec.json.encode(PAIR))
    options = ["--world", str(world), "--metadata", "127.0.0.1:0"]
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as process:
        yield ready(process.stdout)
        process.terminate()
        assert process.wait(60) == 0


@pytest.fixture
def control(urls: dict[str, str]) -> CloudControl[Built]:
    control = CloudControl(urls["control"], Built)
    control.wait_ready(10)
    control.build(PAIR)
    return control


@pytest.fixture
def ec2(urls: dict[str, str]) -> Any:
    return boto3.client(
        "ec2",
        endpoint_url=urls["endpoint"],
        region_name="eu-central-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
    )


def test_the_world_of_the_command_line_is_built(urls: dict[str, str]) -> None:
    built = CloudControl(urls["control"], Built).built()
    assert built.account == "123456789012"
    assert sorted(built.nodes) == ["a", "b", "c"]
    assert urlsplit(urls["metadata"]).port


def test_changes_and_calls_reach_another_process(control: CloudControl[Built], ec2: Any) -> None:
    built = control.built()
    target = built.nodes["c"].interface_id
    ec2.associate_address(AllocationId=built.public_ips[VIP], NetworkInterfaceId=target)
    change = control.changes(wait=60)[0]
    assert (change.kind, change.target, change.node) == ("public-ip", VIP, "c")
    assert control.changes(since=change.number, wait=0.01) == []
    assert [call.operation for call in control.calls()] == ["AssociateAddress"]
    assert control.calls(since=1) == []
    assert {item.target: item.node for item in control.holders()}[VIP] == "c"


def test_faults_are_set_from_another_process(control: CloudControl[Built], ec2: Any) -> None:
    control.set_faults(Faults(deny=("DescribeAddresses",)))
    assert code(ec2.describe_addresses) == "UnauthorizedOperation"
    control.set_faults(Faults())
    ec2.describe_addresses()


def test_iam_is_enforced_from_another_process(control: CloudControl[Built], ec2: Any) -> None:
    control.enforce_iam([])
    assert code(ec2.describe_addresses) == "AuthFailure"
    control.relax_iam()
    ec2.describe_addresses()


def test_a_node_is_terminated_from_another_process(control: CloudControl[Built]) -> None:
    control.terminate_node("a")
    assert {item.target: item.node for item in control.holders()}[VIP] == ""
    with pytest.raises(UsageError, match="there are a, b, c"):
        control.terminate_node("z")


def test_a_reset_cloud_is_empty(control: CloudControl[Built]) -> None:
    control.reset()
    with pytest.raises(UsageError, match="no world was built"):
        control.built()
    assert control.holders() == []


def test_a_world_against_ec2s_rules_is_refused(control: CloudControl[Built]) -> None:
    lost = msgspec.structs.replace(PAIR.private_ips[0], address="10.77.0.1")
    with pytest.raises(UsageError, match="does not fall within the subnet"):
        control.build(msgspec.structs.replace(PAIR, private_ips=(lost,)))


def test_what_the_control_api_does_not_know_is_refused(urls: dict[str, str]) -> None:
    control = CloudControl(urls["control"], Built)
    with pytest.raises(UsageError, match="there are adopt, announce, announced, build, built"):
        control._ask("GET", "no-such-thing")
    with pytest.raises(UsageError, match="latency"):
        control._ask("POST", "faults", {"latency": 5})
    assert msgspec.json.decode(control._ask("GET", "faults"), type=Faults) == Faults()


def test_nobody_there_is_said_as_such() -> None:
    control = CloudControl("http://127.0.0.1:1/_lab", Built)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1"):
        control.calls()
    with pytest.raises(DeadlineError, match=r"did not answer within 0\.05 s"):
        control.wait_ready(0.05)


def test_sigterm_ends_it_while_a_reader_waits() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        told = ready(process.stdout)
        waiting = subprocess.Popen(
            [
                sys.executable,
                "-c",
                WAITING_READER,
                told["control"],
            ],
            stderr=subprocess.DEVNULL,
        )
        with waiting:
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(60) == 0
            waiting.wait(60)


@pytest.mark.parametrize("content", ["{", '{"subnets": []}'])
def test_a_file_that_is_no_world_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    world = tmp_path / "w.json"
    world.write_text(content)
    assert serve(["aws", "--world", str(world)]) == 78
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()), "whoever called it can be ended"
    assert str(world) in capsys.readouterr().err


def test_a_missing_world_and_a_taken_port_are_named(
    tmp_path: Path, urls: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve(["aws", "--world", str(tmp_path / "absent")]) == 78
    assert "absent" in capsys.readouterr().err
    assert serve(["aws", "--port", str(urlsplit(urls["endpoint"]).port)]) == 78
    assert "ddress already in use" in capsys.readouterr().err


def test_without_moto_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "moto.moto_server.werkzeug_app", None)
    assert serve(["aws"]) == 78
    assert "pip install 'cloudfail[lab]'" in capsys.readouterr().err
