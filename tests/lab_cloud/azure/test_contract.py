"""Requests and answers are held to the models of azure-mgmt-network."""

from __future__ import annotations

import http.client
import ssl
import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from cloudfail.errors import ProviderMissingError, UsageError
from cloudfail.lab.cloud.azure import schema
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.store import Store
from cloudfail.lab.cloud.azure.world import (
    WorldConfig,
    WorldInterface,
    WorldLock,
    WorldNode,
    WorldPrefix,
    WorldPublicIp,
    WorldRoute,
    WorldRouteTable,
    WorldSubnet,
)

from lab_cloud.azure.clients import Nic, ask
from lab_cloud.azure.worlds import PAIR


@pytest.fixture(scope="module")
def broken() -> Iterator[EmbeddedAzure]:
    with EmbeddedAzure() as cloud:
        yield cloud


def _unknown(document: Any) -> None:
    document["properties"]["enableIpForwarding"] = True


def _wrong_type(document: Any) -> None:
    document["properties"]["enableIPForwarding"] = "yes"


def _wrong_enum(document: Any) -> None:
    properties = document["properties"]["ipConfigurations"][0]["properties"]
    properties["privateIPAllocationMethod"] = "Sometimes"


def _no_list(document: Any) -> None:
    document["properties"]["ipConfigurations"] = {}


def _number(document: Any) -> None:
    document["properties"]["ipConfigurations"][0]["name"] = 7


def _tags(document: Any) -> None:
    document["tags"] = "none"


def _no_object(document: Any) -> None:
    document["properties"]["networkSecurityGroup"] = "g"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_tags, "tags: expected an object, got 'none'"),
        (_no_object, "networkSecurityGroup: expected an object, got 'g'"),
        (_unknown, "Could not find member 'enableIpForwarding'"),
        (_wrong_type, "enableIPForwarding: expected a boolean, got 'yes'"),
        (_wrong_enum, "'Sometimes' is not one of Static, Dynamic"),
        (_no_list, "ipConfigurations: expected an array"),
        (_number, "ipConfigurations[0].name: expected a string, got 7"),
    ],
)
def test_a_body_that_breaks_the_contract_is_refused_and_recorded(
    broken: EmbeddedAzure, spoil: Any, words: str
) -> None:
    broken.build(PAIR)
    nic = Nic(broken, "a")
    document = nic.get()
    spoil(document)
    answer = nic.put(document)
    assert (answer.status, answer.code) == (400, "InvalidRequestFormat")
    (violation,) = broken.violations
    assert words in violation
    assert words in answer.body["error"]["message"]
    assert broken.changes == []


def test_an_answer_that_breaks_the_contract_fails_as_loudly(broken: EmbeddedAzure) -> None:
    built = broken.build(PAIR)

    def spoil(store: Store) -> None:
        document = store.edit(built.nodes["a"].interface_id)
        document["properties"]["nicType"] = "Rubber"
        store.put(built.nodes["a"].interface_id, document)

    broken.api.apply(spoil, None)
    answer = ask(broken, "GET", built.nodes["a"].interface_id)
    assert answer.status == 500
    assert "nicType: 'Rubber' is not one of" in broken.violations[0]
    group = built.nodes["a"].interface_id.rpartition("/")[0]
    assert ask(broken, "GET", group).status == 500


def test_a_body_that_is_none_and_one_without_its_type(broken: EmbeddedAzure) -> None:
    built = broken.build(PAIR)
    trusted = ssl.create_default_context(cafile=broken.ca_file)
    link = http.client.HTTPSConnection(urlsplit(broken.endpoint).netloc, context=trusted)
    path = f"{built.nodes['a'].interface_id}?api-version=2024-05-01"
    for body, kind in (("{", "application/json"), ("{}", "text/plain")):
        headers = {"Authorization": "Bearer x", "Content-Type": kind}
        link.request("PUT", path, body, headers)
        answer = link.getresponse()
        assert answer.status == 400
        answer.read()
    link.close()
    assert ask(broken, "DELETE", f"{built.route_tables['rt1']}/routes/out", {}).status == 400
    assert [words.partition(":")[0].split()[0] for words in broken.violations] == [
        "PUT",
        "networkInterfaces.put",
        "routes.delete",
    ]


def test_every_request_has_a_version_that_its_type_knows(broken: EmbeddedAzure) -> None:
    built = broken.build(PAIR)
    nic = built.nodes["a"].interface_id
    assert ask(broken, "GET", f"{nic}?a=b").code == "MissingApiVersionParameter"
    assert ask(broken, "GET", f"{nic}?api-version=latest").code == "InvalidResourceType"
    path = f"{nic}/providers/Microsoft.Authorization/permissions"
    assert ask(broken, "GET", path).code == "InvalidResourceType"


@pytest.mark.parametrize(
    "path",
    [
        "/subscriptions/x/resourceGroups/lab",
        "/subscriptions/x/resourceGroups/lab/providers/Microsoft.Compute/virtualMachines/a",
        "/subscriptions/x/resourceGroups/lab/providers/Microsoft.Network/virtualHubs/a",
        "/subscriptions/x/providers/Microsoft.Network/locations/y/usages",
        "/tenants",
    ],
)
def test_what_is_not_implemented_says_so(broken: EmbeddedAzure, path: str) -> None:
    broken.build(PAIR)
    answer = ask(broken, "GET", path)
    assert (answer.status, answer.code) == (501, "NotImplemented")
    assert "does not implement" in answer.body["error"]["message"]


def test_lists_come_in_pages(broken: EmbeddedAzure) -> None:
    built = broken.build(msgspec.structs.replace(PAIR, page_size=2))
    path = built.nodes["a"].interface_id.rpartition("/")[0]
    first = ask(broken, "GET", path).body
    assert len(first["value"]) == 2
    second = ask(broken, "GET", first["nextLink"].removeprefix(broken.endpoint)).body
    assert [item["name"] for item in second["value"]] == ["c-nic"]
    assert "nextLink" not in second
    parts = ask(broken, "GET", f"{built.route_tables['rt1']}/routes").body
    rest = ask(broken, "GET", parts["nextLink"].removeprefix(broken.endpoint)).body
    assert [item["name"] for item in rest["value"]] == ["six"]


NODE = WorldNode(name="a", interfaces=(WorldInterface(configs=(WorldConfig("10.0.1.10", "s"),)),))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"subnets": (WorldSubnet("s", "10.0.2.0/24"),)}, "does not belong to the range"),
        ({"subnets": (WorldSubnet("s", "10.0.1.0/24", network="none"),)}, "in no network"),
        ({"nodes": (NODE, msgspec.structs.replace(NODE, name="b"))}, "already allocated"),
        ({"public_ips": (WorldPublicIp(name="x", address="y"),)}, "'y' does not appear"),
        (
            {
                "public_ips": (WorldPublicIp(name="x", address="203.0.113.1", prefix="p"),),
                "prefixes": (WorldPrefix(name="p", cidr="198.51.100.0/28"),),
            },
            "is not in the prefix p",
        ),
        (
            {"route_tables": (WorldRouteTable(name="t", routes=(WorldRoute("r", "::/0", "a"),)),)},
            "a has no IPv6 address",
        ),
    ],
)
def test_a_world_that_azure_does_not_allow_is_not_built(
    broken: EmbeddedAzure, changes: Any, words: str
) -> None:
    world = msgspec.structs.replace(
        PAIR,
        subnets=(WorldSubnet("s", "10.0.1.0/24"),),
        nodes=(NODE,),
        public_ips=(),
        prefixes=(),
        route_tables=(),
        load_balancers=(),
    )
    broken.build(world)
    with pytest.raises(UsageError, match=words):
        broken.build(msgspec.structs.replace(world, **changes))


def test_a_world_may_be_locked(broken: EmbeddedAzure) -> None:
    locks = (WorldLock("all", f"/subscriptions/{PAIR.subscription}"),)
    broken.build(msgspec.structs.replace(PAIR, locks=locks))
    nic = Nic(broken, "a")
    assert nic.put(nic.get()).code == "ScopeLocked"


def test_outside_of_with_there_is_nothing(broken: EmbeddedAzure) -> None:
    idle = EmbeddedAzure()
    for name in ("endpoint", "control", "ca_file"):
        with pytest.raises(UsageError, match="in a `with`"):
            getattr(idle, name)
    broken.build(PAIR)
    with pytest.raises(UsageError, match="no node 'x'"):
        broken.terminate_node("x")


def test_without_the_models_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.mgmt.network.models", None)
    monkeypatch.setattr(schema, "models", schema.models.__wrapped__)
    with pytest.raises(ProviderMissingError, match=r"pip install 'cloudfail\[lab\]'"):
        schema.models()
