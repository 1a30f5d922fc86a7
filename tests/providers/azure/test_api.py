"""One request to Azure: what is asked before it leaves, what is told of it, what is not believed."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import msgspec
import pytest
from cloudfail.errors import (
    ConflictError,
    NotFoundError,
    SupersededError,
    ThrottledError,
    TransientError,
    UnreachableError,
)
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import Reply
from cloudfail.model import Owner, Route
from cloudfail.testing.clock import FakeClock

from cloudfail_azure.api import Api
from cloudfail_azure.metadata import Metadata
from cloudfail_azure.operations import NETWORK_VERSION, operation_of
from cloudfail_azure.sdk import Reply as Answered
from providers.azure.nodes import DESTINATION, SECOND, WORLD, Node, NodeMaker

EDGE = Route(table="edge", destination=ip_network(DESTINATION))


def api_of(node: Node) -> Api:
    return node.provider._api


def test_requests_have_the_names_of_their_resources() -> None:
    group = "https://x/subscriptions/s/resourceGroups/g"
    network = f"{group}/providers/Microsoft.Network"
    assert operation_of("PUT", f"{network}/routeTables/t/routes/r?api-version=1") == "routes.put"
    assert operation_of("GET", f"{network}/networkInterfaces/n") == "networkInterfaces.get"
    assert operation_of("GET", f"{network}/networkInterfaces") == "networkInterfaces.list"
    permissions = f"{group}/providers/Microsoft.Authorization/permissions"
    assert operation_of("GET", permissions) == "permissions.list"


def test_the_api_version_is_the_sdks_own() -> None:
    """An older one would leave out what a newer one has, and so reset it by the PUT."""
    from azure.mgmt.network.operations._operations import build_network_interfaces_get_request

    asked = build_network_interfaces_get_request("g", "n", "s")
    assert f"api-version={NETWORK_VERSION}" in asked.url


def test_a_write_asks_for_the_role_right_before_it_leaves(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    def refuse(operation: str) -> None:
        raise SupersededError(f"no longer master: {operation}")

    node = node_of("a", before_write=refuse)
    own = cloud.built.nodes["a"].interface_id
    document = api_of(node).call("networkInterfaces.get", own).body
    before = len(cloud.calls)
    with pytest.raises(SupersededError, match=r"no longer master: networkInterfaces\.put"):
        api_of(node).call("networkInterfaces.put", own, body=document)
    assert len(cloud.calls) == before
    assert node.operations == ["networkInterfaces.get"]
    node = node_of("a")
    reply = api_of(node).call("networkInterfaces.put", own, body=document)
    assert (node.asked, node.calls[-1].mutating) == (["networkInterfaces.put"], True)
    assert reply.etag == reply.body["etag"]


def test_a_stale_etag_is_a_conflict_and_every_call_is_told(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of("a")
    own = cloud.built.nodes["a"].interface_id
    document = api_of(node).call("networkInterfaces.get", own).body
    with pytest.raises(ConflictError):
        api_of(node).call("networkInterfaces.put", own, body=document, if_match='W/"old"')
    told = node.calls[-1]
    assert (told.status, told.mutating, told.code) == (412, True, "PreconditionFailedEtagMismatch")
    assert told.request_id
    with pytest.raises(NotFoundError):
        api_of(node).call("networkInterfaces.get", f"{own}-lost")


def test_pages_are_read_to_the_end(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    cloud.build(msgspec.structs.replace(WORLD, page_size=2))
    node = node_of("a")
    assert node.provider.observe([EDGE])[0].owner is Owner.PEER
    assert node.operations.count("networkInterfaces.list") > 4
    assert len(node.calls) == len(cloud.calls)


def test_a_link_to_another_host_is_followed_at_the_endpoint(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    node = node_of("a")
    own = cloud.built.nodes["a"].interface_id
    elsewhere = f"https://elsewhere.invalid{own}?api-version=2024-05-01"
    reply = api_of(node).call("operations.get", elsewhere)
    assert reply.body["id"] == own


@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (Faults(throttle={"*": 1}), ThrottledError),
        (Faults(errors={"*": (503, "ServiceUnavailable", 1)}), TransientError),
        (Faults(reset={"*": 1}), TransientError),
        (Faults(down=True), TransientError),
    ],
    ids=["throttled", "5xx", "reset", "down"],
)
def test_what_passes_is_transient_and_is_sent_once(
    cloud: EmbeddedAzure, node_of: NodeMaker, faults: Faults, error: type[Exception]
) -> None:
    node = node_of("a")
    node.provider.identify()
    own = cloud.built.nodes["a"].interface_id
    cloud.faults = faults
    with pytest.raises(error):
        api_of(node).call("networkInterfaces.get", own)
    assert len(node.calls) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>"),
        Reply(200),
        Reply(200, b"[]"),
        Reply(200, b'{"kind": "other"}'),
        Reply(302, b"", {"Location": "https://login.invalid/"}),
        Reply(404, b"not here"),
    ],
    ids=["html", "empty", "list", "other", "redirect", "404"],
)
def test_what_is_not_azure_says_nothing(strange: Any, reply: Reply) -> None:
    node = strange(reply)
    with pytest.raises(UnreachableError, match="is not Azure"):
        api_of(node).pages("networkInterfaces.list", "/subscriptions/s/x/y/providers/z/n")


def test_a_gateways_429_is_throttling_and_its_time_is_kept(strange: Any) -> None:
    node = strange(Reply(429, b"slow down", {"Retry-After": "17"}))
    with pytest.raises(ThrottledError, match="HTTP 429: too many calls") as busy:
        api_of(node).pages("networkInterfaces.list", "/subscriptions/s/x/y/providers/z/n")
    assert busy.value.retry_after == 17


def test_an_authority_that_is_not_trusted_is_said(cloud: EmbeddedAzure) -> None:
    node = Node(cloud, "a", settings={"ca_file": ""})
    with pytest.raises(UnreachableError, match="ca_file in"):
        node.provider.identify()


def test_an_etag_is_the_documents_or_the_headers() -> None:
    assert Answered(status=200, body={"etag": "a"}, headers={"etag": "b"}).etag == "a"
    assert Answered(status=200, body=None, headers={"etag": "b"}).etag == "b"


def test_azures_limits_are_kept_on_this_side(cloud: EmbeddedAzure, node_of: NodeMaker) -> None:
    api = Api(node_of("a").setup, Metadata(cloud.metadata_endpoint("a")), FakeClock())
    own = cloud.built.nodes["a"].interface_id
    for _ in range(250):
        api._buckets.take(f"reads {cloud.built.subscription}", mutating=False)
    with pytest.raises(ThrottledError, match="held back for"):
        api.call("networkInterfaces.get", own)
    assert not cloud.calls
    cloud.faults = Faults(down=True)  # another subscription has limits of its own
    with pytest.raises(TransientError, match="was reset"):
        api.call("networkInterfaces.get", own.replace(cloud.built.subscription, SECOND))
