"""`cloudfail lab cloud azure`: what it prints is all that a user needs."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from azure.mgmt.network import NetworkManagementClient
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.client import CloudControl
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import Token
from lab_cloud.azure.imds import PAIR, Imds


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    world = tmp_path_factory.mktemp("world") / "pair.json"
    world.write_bytes(msgspec.json.encode(PAIR))
    command = [sys.executable, "-m", "cloudfail.cli.main", "lab", "cloud", "azure"]
    options = ["--world", str(world), "--metadata", "127.0.0.1:0"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = dict(json.loads(process.stdout.readline()))
        yield found
        process.terminate()
        assert process.wait(60) == 0
    assert not Path(found["ca_file"]).exists()


def test_microsofts_client_is_served_from_another_process(ready: dict[str, Any]) -> None:
    control = CloudControl(ready["control"], Built)
    control.wait_ready(10)
    built = control.built()
    with NetworkManagementClient(
        Token("anybody"),  # type: ignore[arg-type]
        built.subscription,
        base_url=ready["endpoint"],
        connection_verify=ready["ca_file"],
        credential_scopes=["https://management.azure.com/.default"],
        retry_total=0,
    ) as client:
        nic = client.network_interfaces.get(built.group, built.nodes["a"].interfaces[0].name)
    assert nic.id == built.nodes["a"].interface_id
    assert [call.operation for call in control.calls()] == ["networkInterfaces.get"]
    assert control.violations() == []


def test_the_control_api_does_what_it_does_on_other_clouds(ready: dict[str, Any]) -> None:
    control = CloudControl(ready["control"], Built)
    control.set_faults(Faults(operation_ms=5))
    control.terminate_node("b")
    assert control.build(PAIR).nodes["a"].name == "a"
    assert control.announce("a", "Freeze").kind == "Freeze"
    control.reset()
    assert control.announced() == []
    control.build(PAIR)


def test_who_asks_the_api_without_tls_is_told_where_it_is(ready: dict[str, Any]) -> None:
    parts = urlsplit(ready["endpoint"])
    link = http.client.HTTPConnection(parts.netloc, timeout=20)
    with contextlib.closing(link):
        link.request("GET", "/subscriptions")
        answer = link.getresponse()
        assert answer.status == 403
        said = answer.read().decode()
    assert said == f"use {ready['endpoint']}, and trust {ready['ca_file']}"


def test_libraries_find_the_metadata_service_by_the_environment(ready: dict[str, Any]) -> None:
    assert ready["environment"] == {"AZURE_POD_IDENTITY_AUTHORITY_HOST": ready["metadata"]}
    # No node has this process' address.
    assert Imds(ready["metadata"]).ask("instance", api_version="2021-12-13")[0] == 404
