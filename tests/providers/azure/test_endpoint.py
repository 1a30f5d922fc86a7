"""Endpoints of one's own: gateways before ARM, with a path, with little to say, with authorities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from cloudfail.errors import ConfigError, TransientError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.httpd import HttpService, Incoming, Reply
from cloudfail.lab.cloud.tls import Authority
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_azure.sdk import Reply as Answered
from cloudfail_azure.waiting import Operations
from providers.azure.doing import FLOATING, NIC_GET, NIC_PUT, POLL, ROUTE_PUT, TO_EDGE, Hasty
from providers.azure.nodes import Node, NodeMaker

ABOVE = "/gateway/arm"
_PASSED = {"azure-asyncoperation", "content-type", "location", "retry-after"}


@pytest.fixture(params=["as ARM says them", "as the gateway says them"])
def gateway(request: pytest.FixtureRequest, cloud: EmbeddedAzure) -> Iterator[Node]:
    """A node behind a gateway, whose answers have ARM's links, or those of the gateway."""
    authority = Authority()
    links = cloud.endpoint

    def answer(incoming: Incoming) -> Reply:
        if not incoming.path.startswith(f"{ABOVE}/subscriptions/"):
            return Reply(404)
        passed = requests.request(
            incoming.method,
            cloud.endpoint + incoming.path.removeprefix(ABOVE),
            params=dict(incoming.query),
            data=incoming.body,
            headers={k: v for k, v in incoming.headers.items() if k != "host"},
            verify=cloud.ca_file,
            timeout=10,
        )
        told = {k: v for k, v in passed.headers.items() if k.lower() in _PASSED}
        told = {k: v.replace(cloud.endpoint, links) for k, v in told.items()}
        content = passed.content.replace(cloud.endpoint.encode(), links.encode())
        return Reply(passed.status_code, content, told)

    service = HttpService("127.0.0.1", 0, answer, tls=authority.context(["127.0.0.1"]))
    links = service.url + ABOVE if request.param == "as the gateway says them" else links
    yield Node(
        cloud, "a", settings={"endpoint": service.url + ABOVE, "ca_file": str(authority.file)}
    )
    service.close()
    authority.close()


def test_an_endpoint_may_have_a_path(cloud: EmbeddedAzure, gateway: Node) -> None:
    cloud.faults = Faults(operation_ms=50)
    assert promote(gateway.provider, [FLOATING, TO_EDGE], ready_run()).exit_code == 0
    assert sorted(gateway.asked) == [NIC_PUT, NIC_PUT, ROUTE_PUT]
    assert {call.status for call in gateway.calls if call.operation == POLL} == {200}


@pytest.mark.parametrize(("text", "words"), [(None, "No such file"), ("no PEM", "ca_file")])
def test_a_file_that_has_no_authorities_is_named(
    node_of: NodeMaker, tmp_path: Path, text: str | None, words: str
) -> None:
    file = tmp_path / "ca.pem"
    if text is not None:
        file.write_text(text)
    node = node_of("a", settings={"ca_file": str(file)})
    with pytest.raises(ConfigError, match=words) as raised:
        node.provider.observe([FLOATING])
    assert str(file) in str(raised.value)


class Terse:
    """A gateway that accepts a PUT without saying where to ask, and tells of the resource then."""

    endpoint = "https://gateway.example"

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.asked: list[str] = []

    def call(self, operation: str, *_: Any, **__: Any) -> Answered:
        self.asked.append(operation)
        if operation == NIC_PUT:
            return Answered(status=202)
        return Answered(status=200, body={"properties": {"provisioningState": self.states.pop(0)}})


def test_what_is_accepted_without_a_link_is_over_when_the_resource_says_so() -> None:
    api: Any = Terse("Updating", "Updating", "Succeeded")
    Operations(api, Hasty()).put("networkInterfaces", "/nic", {}, "1")
    assert api.asked == [NIC_PUT, NIC_GET, NIC_GET, NIC_GET]
    api = Terse("Updating", "Failed")
    with pytest.raises(TransientError, match="/nic is Failed"):
        Operations(api, Hasty()).put("networkInterfaces", "/nic", {}, "1")
