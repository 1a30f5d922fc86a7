"""Permissions of service accounts, and their tokens."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.iam import ADMIN_TOKEN
from cloudfail.lab.cloud.gcp.world import Built, WorldNetwork

from lab_cloud.gcp.clients import ask
from lab_cloud.gcp.worlds import PAIR, REGION, VIP


@pytest.fixture(autouse=True)
def relaxed_after(running: EmbeddedGcp) -> Iterator[None]:
    yield
    running.relax_iam()


def token_of(cloud: EmbeddedGcp, node: str) -> str:
    path = "/computeMetadata/v1/instance/service-accounts/default/token"
    asked = urllib.request.Request(
        cloud.metadata_endpoint(node) + path, headers={"Metadata-Flavor": "Google"}
    )
    with urllib.request.urlopen(asked) as answer:
        return str(json.loads(answer.read())["access_token"])


def role(*permissions: str, **more: str) -> dict[str, Any]:
    return {"title": "test", "includedPermissions": [f"compute.{p}" for p in permissions], **more}


class Caller:
    def __init__(self, cloud: EmbeddedGcp, built: Built) -> None:
        self._cloud, self._built = cloud, built
        self._token = token_of(cloud, "a")

    def __call__(self, verb: str, path: str, body: Any = None, **query: Any) -> str:
        """The permission that is missing, or ""."""
        status, answer = ask(self._cloud, verb, path, body, token=self._token, **query)
        if status == 200:
            return ""
        message = str(answer["error"]["message"])
        assert status == 403, message
        assert message.startswith("Required 'compute."), message
        return message.split("'")[1].removeprefix("compute.")

    def add(self, **body: Any) -> str:
        path = f"{self._built.nodes['a'].instance}/addAccessConfig"
        return self("POST", path, body, networkInterface="nic0")


def test_every_permission_that_a_call_needs_is_asked_for(cloud: EmbeddedGcp, built: Built) -> None:
    call = Caller(cloud, built)
    instance, b = built.nodes["a"].instance, built.nodes["b"]
    routes = f"projects/{built.project}/global/routes"
    rule = f"{built.forwarding_rules['edge']}/setTarget"
    route = {"name": "x", "network": built.networks["lab"], "destRange": "10.98.0.0/16"}
    insert = {**route, "priority": 1, "nextHopInstance": b.instance}
    nic = cloud.api.store.get(b.instance)["networkInterfaces"][0]
    alias = {"fingerprint": nic["fingerprint"], "aliasIpRanges": [{"ipCidrRange": "10.0.1.77/32"}]}

    def steps() -> Iterator[tuple[list[str], Any]]:
        yield ["instances.get"], lambda: call("GET", instance)
        yield ["routes.list"], lambda: call("GET", routes)
        yield (
            ["routes.create", "networks.updatePolicy", "instances.use"],
            lambda: call("POST", routes, insert),
        )
        yield ["routes.delete"], lambda: call("DELETE", f"{routes}/to-a")
        yield (
            ["forwardingRules.setTarget", "targetInstances.use"],
            lambda: call("POST", rule, {"target": b.target_instance}),
        )
        yield (
            ["instances.updateNetworkInterface", "subnetworks.use"],
            lambda: call(
                "PATCH", f"{b.instance}/updateNetworkInterface", alias, networkInterface="nic0"
            ),
        )
        yield (
            ["instances.addAccessConfig", "subnetworks.useExternalIp", "addresses.use"],
            lambda: call.add(natIP=VIP),
        )

    held: list[str] = []
    cloud.enforce_iam([])
    for wanted, attempt in steps():
        for permission in wanted:
            assert attempt() == permission
            held.append(permission)
            cloud.enforce_iam([role(*held)])
        assert attempt() == ""


def test_operations_need_a_permission_of_their_own(cloud: EmbeddedGcp, built: Built) -> None:
    cloud.enforce_iam([role("forwardingRules.setTarget", "targetInstances.use")])
    call = Caller(cloud, built)
    rule = f"{built.forwarding_rules['edge']}/setTarget"
    assert call("POST", rule, {"target": built.nodes["b"].target_instance}) == ""
    (operation,) = (path for path, _ in cloud.api.store.every("operations"))
    assert call("POST", f"{operation}/wait") == "regionOperations.get"


def test_a_dry_question_names_what_is_held(cloud: EmbeddedGcp, built: Built) -> None:
    asked = {"permissions": ["compute.instances.get", "compute.instances.addAccessConfig"]}
    path = f"{built.nodes['a'].instance}/testIamPermissions"
    assert ask(cloud, "POST", path, asked) == (200, asked)
    assert ask(cloud, "POST", path.replace("/a/", "/gone/"), asked)[0] == 404
    cloud.enforce_iam([role("instances.get")])
    token = token_of(cloud, "a")
    held = {"permissions": ["compute.instances.get"]}
    assert ask(cloud, "POST", path, asked, token=token) == (200, held)
    cloud.enforce_iam([])
    assert ask(cloud, "POST", path, asked, token=token) == (200, {})


def test_a_token_must_be_one_of_this_clouds(cloud: EmbeddedGcp, built: Built) -> None:
    path = built.nodes["a"].instance
    assert ask(cloud, "GET", path, token="")[0] == 401
    assert ask(cloud, "GET", path, token="anything")[0] == 200
    cloud.enforce_iam([role("instances.get")])
    assert ask(cloud, "GET", path, token="anything")[0] == 401
    assert ask(cloud, "GET", path, token=token_of(cloud, "b"))[0] == 200
    assert ask(cloud, "GET", path, token=ADMIN_TOKEN)[0] == 200
    assert [call.principal for call in cloud.calls if call.status == 200][-2:] == [
        built.email,
        "administrator@lab.example",
    ]


def test_a_role_counts_in_its_project_only(cloud: EmbeddedGcp) -> None:
    networks = (WorldNetwork("lab", project="host-project"), *PAIR.networks[1:])
    built = cloud.build(msgspec.structs.replace(PAIR, networks=networks))
    cloud.enforce_iam(
        [role("routes.list", project="host-project"), role("forwardingRules.list", project="x")]
    )
    call = Caller(cloud, built)
    assert call("GET", "projects/host-project/global/routes") == ""
    assert call("GET", f"projects/{built.project}/global/routes") == "routes.list"
    rules = f"projects/{built.project}/regions/{REGION}/forwardingRules"
    assert call("GET", rules) == "forwardingRules.list"


def test_other_accounts_have_roles_of_their_own(cloud: EmbeddedGcp, built: Built) -> None:
    cloud.enforce_iam([role("instances.get")], {built.email: [role("routes.list")]})
    call = Caller(cloud, built)
    assert call("GET", built.nodes["a"].instance) == "instances.get"
    assert call("GET", f"projects/{built.project}/global/routes") == ""


def test_a_document_that_is_no_role_is_refused(cloud: EmbeddedGcp) -> None:
    with pytest.raises(UsageError, match="includedPermissions"):
        cloud.enforce_iam([{"Statement": []}])
