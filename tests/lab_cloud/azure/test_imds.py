"""The Instance Metadata Service: what a machine is, and tokens of its managed identities."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from azure.identity import ManagedIdentityCredential
from azure.mgmt.network import NetworkManagementClient
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import refusal
from lab_cloud.azure.imds import ARM, BASIC, PAIR, USER, Imds

VERSION = "2021-12-13"
Node = Callable[[str], Imds]


@pytest.fixture(scope="module")
def azure() -> Iterator[EmbeddedAzure]:
    with EmbeddedAzure() as cloud:
        yield cloud


@pytest.fixture
def made(azure: EmbeddedAzure) -> Built:
    return azure.build(PAIR)


@pytest.fixture
def on(azure: EmbeddedAzure, made: Built) -> Node:
    assert made.nodes
    return lambda name: Imds(azure.metadata_endpoint(name))


@pytest.fixture
def a(on: Node) -> Imds:
    return on("a")


def network_of(
    cloud: EmbeddedAzure, credential: ManagedIdentityCredential
) -> NetworkManagementClient:
    return NetworkManagementClient(
        credential,
        cloud.built.subscription,
        base_url=cloud.endpoint,
        connection_verify=cloud.ca_file,
        credential_scopes=["https://management.azure.com/.default"],
        retry_total=0,
    )


def instance(imds: Imds, path: str = "", version: str = VERSION, **query: str) -> Any:
    named: Any = {"api_version": version, **query}
    status, found = imds.ask(f"instance{path}", **named)
    assert status == 200
    return found


def test_it_needs_its_header_and_a_version(a: Imds) -> None:
    status, said = a.ask("instance", headers={}, api_version=VERSION)
    assert (status, said["error"]) == (400, "Bad request. Required metadata header not specified")
    forwarded = {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}
    assert a.ask("instance", headers=forwarded, api_version=VERSION)[0] == 400
    for version in ("", "2021-12-14"):
        status, said = a.ask("instance", api_version=version)
        assert status == 400
        assert said["newest-versions"] == ["2025-04-07", "2023-11-15", "2023-07-01"]
    assert VERSION in a.ask("versions")[1]["apiVersions"]
    assert a.ask("nothing", api_version=VERSION)[0] == 404
    assert a.ask("instance", method="PUT", api_version=VERSION)[0] == 405


def test_a_machine_knows_itself(a: Imds, made: Built) -> None:
    compute = instance(a)["compute"]
    node = made.nodes["a"]
    assert compute["resourceId"] == node.vm
    assert compute["vmId"] == node.vm_id
    assert compute["name"] == node.vm.rpartition("/")[2]
    assert (compute["subscriptionId"], compute["resourceGroupName"]) == (
        made.subscription,
        made.group,
    )
    assert (compute["location"], compute["zone"]) == (made.location, "1")


def test_interfaces_are_known_by_their_addresses_and_macs(on: Node, made: Built) -> None:
    first, second = instance(on("a"), "/network/interface")
    assert first["ipv4"]["ipAddress"] == [
        {"privateIpAddress": "10.0.1.10", "publicIpAddress": ""},  # Standard: not told here
        {"privateIpAddress": "10.0.1.100", "publicIpAddress": ""},
    ]
    assert first["ipv4"]["subnet"] == [{"address": "10.0.1.0", "prefix": "24"}]
    assert first["ipv6"]["ipAddress"] == [{"privateIpAddress": "2001:db8:1::a"}]
    macs = [item.mac.replace("-", "").replace(":", "") for item in made.nodes["a"].interfaces]
    assert [first["macAddress"], second["macAddress"]] == [mac.upper() for mac in macs]
    (only,) = instance(on("b"), "/network/interface")
    assert only["ipv4"]["ipAddress"][0]["publicIpAddress"] == BASIC


def test_leaves_are_text_and_versions_have_what_there_was_then(a: Imds) -> None:
    assert instance(a, "/compute/name", format="text") == "a"
    assert instance(a, "/network", format="text") == "interface/"
    assert instance(a, "/network/interface", format="text") == "0/\n1/"
    assert a.ask("instance/compute/name", api_version=VERSION)[0] == 400
    assert a.ask("instance/compute/nothing", api_version=VERSION)[0] == 404
    assert a.ask("instance/compute/name/deeper", api_version=VERSION)[0] == 404
    assert "zone" not in instance(a, "/compute", "2017-08-01")
    assert "resourceId" not in instance(a, "/compute", "2019-02-01")


def test_a_token_is_the_machines_own_and_stays_until_it_ends(
    azure: EmbeddedAzure, on: Node, made: Built
) -> None:
    status, token = on("a").token()
    assert status == 200
    assert (token["token_type"], token["resource"]) == ("Bearer", ARM)
    assert 86_000 < int(token["expires_in"]) <= 86_400
    claims = json.loads(base64.urlsafe_b64decode(token["access_token"].split(".")[1] + "==="))
    assert claims["oid"] == made.nodes["a"].principal
    assert claims["exp"] == int(token["expires_on"])
    assert on("a").token()[1]["access_token"] == token["access_token"]
    assert on("b").token()[1]["access_token"] != token["access_token"]
    azure.faults = Faults(token_s=60)
    assert int(on("a").token()[1]["expires_in"]) <= 60


def test_a_user_assigned_identity_is_asked_for_by_its_client_id(on: Node, made: Built) -> None:
    status, token = on("a").token(client_id=USER.upper())
    assert (status, token["client_id"]) == (200, USER)
    assert token["access_token"] != on("a").token()[1]["access_token"]
    by_object = on("a").token(object_id=made.nodes["a"].principals[USER])
    assert by_object[1]["access_token"] == token["access_token"]
    for imds, query in (
        (on("b"), {"client_id": USER}),
        (on("b"), {"object_id": made.nodes["a"].principal}),
        (on("a"), {"msi_res_id": "/subscriptions/s"}),
    ):
        status, said = imds.token(**query)
        assert (status, said["error_description"]) == (400, "Identity not found")


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        ({"api_version": "2018-02-01", "resource": ARM}, {}, "bad_request_102"),
        ({"resource": ARM}, {"Metadata": "true"}, "invalid_request"),
        ({"api_version": "2018-02-01"}, {"Metadata": "true"}, "invalid_request"),
        ({"api_version": "2018-02-01", "resource": "me"}, {"Metadata": "true"}, "invalid_resource"),
        (
            {"api_version": "2018-02-01", "resource": ARM},
            {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"},
            "bad_request_102",
        ),
    ],
)
def test_a_bad_request_for_a_token_is_told_why(
    a: Imds, query: Any, headers: dict[str, str], code: str
) -> None:
    status, said = a.ask("identity/oauth2/token", headers=headers, **query)
    assert (status, said["error"]) == (400, code)
    assert a.ask("identity/oauth2/token", method="PUT", headers=headers, **query)[0] == 405


def test_metadata_may_be_slow_or_down(azure: EmbeddedAzure, a: Imds) -> None:
    azure.faults = Faults(metadata_latency_ms=10)
    assert instance(a, "/compute/name", format="text") == "a"
    azure.faults = Faults(metadata_down=True)
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        a.ask("versions")


def test_one_service_tells_nodes_apart_by_the_callers_address(
    azure: EmbeddedAzure, made: Built
) -> None:
    assert made.nodes
    nobody = Imds(azure.serve_metadata("127.0.0.1", 0))
    assert nobody.ask("instance", api_version=VERSION)[0] == 404
    assert nobody.token()[0] == 404
    found = [azure.node_at(where) for where in ("10.0.1.11", "10.8.0.10", "10.9.9.9")]
    assert found == ["b", "a", ""]


def test_microsofts_own_library_gets_tokens_that_arm_takes_for_this_node(
    azure: EmbeddedAzure, made: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    (name,) = azure.metadata_environment("a")
    monkeypatch.setenv(name, azure.metadata_environment("a")[name])
    read = "Microsoft.Network/networkInterfaces/read"
    role = {"actions": [read], "assignableScopes": [f"/subscriptions/{made.subscription}"]}
    azure.enforce_iam([], {made.nodes["a"].principals[USER]: [role]})
    where = (made.group, made.nodes["b"].interfaces[0].name)
    with (
        ManagedIdentityCredential(client_id=USER) as user,
        ManagedIdentityCredential() as system,
        network_of(azure, user) as allowed,
        network_of(azure, system) as denied,
    ):
        assert allowed.network_interfaces.get(*where).id == made.nodes["b"].interface_id
        assert refusal(denied.network_interfaces.get, *where) == (403, "AuthorizationFailed")
    users = [call.principal for call in azure.calls]
    assert users == [made.nodes["a"].principals[USER], made.nodes["a"].principal]
