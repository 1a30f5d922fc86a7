"""Who may do what: roles, linked scopes, the permissions API, tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.tokens import ADMIN_TOKEN
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import AUTHORIZATION, Answered, Nic, ask
from lab_cloud.azure.worlds import MEMBER, VIP

ARM = "https://management.azure.com/"
NIC = "Microsoft.Network/networkInterfaces"
Nics = Callable[[str], Nic]


@pytest.fixture(autouse=True)
def relaxed_after(running: EmbeddedAzure) -> Iterator[None]:
    yield
    running.relax_iam()


def token_of(cloud: EmbeddedAzure, node: str, audience: str = ARM) -> str:
    session = cloud.tokens.of_node(cloud.built, node, "", audience)
    assert session is not None
    return session.token


def role(*actions: str, scopes: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Any:
    return {
        "Name": "test",
        "IsCustom": True,
        "Actions": list(actions),
        "NotActions": list(without),
        "AssignableScopes": list(scopes),
    }


def permissions(cloud: EmbeddedAzure, scope: str, token: str) -> Answered:
    path = f"{scope}/providers/Microsoft.Authorization/permissions?api-version={AUTHORIZATION}"
    return ask(cloud, "GET", path, token=token)


def test_every_action_and_every_link_is_asked_for(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    document = nic("a").get()
    nic("a").config(document, "ipconfig1")["publicIPAddress"] = {"id": built.public_ips[VIP]}
    token = token_of(cloud, "a")
    held: list[str] = []
    for action, code in [
        (f"{NIC}/write", "AuthorizationFailed"),
        ("Microsoft.Network/networkSecurityGroups/join/action", "LinkedAuthorizationFailed"),
        ("Microsoft.Network/virtualNetworks/subnets/join/action", "LinkedAuthorizationFailed"),
        ("Microsoft.Network/publicIPAddresses/join/action", "LinkedAuthorizationFailed"),
        (
            "Microsoft.Network/applicationSecurityGroups/joinIpConfiguration/action",
            "LinkedAuthorizationFailed",
        ),
        ("Microsoft.Network/loadBalancers/backendAddressPools/join/action", "Linked*"),
        ("Microsoft.Network/loadBalancers/inboundNatRules/join/action", "Linked*"),
    ]:
        cloud.enforce_iam([role(*held, "Microsoft.Network/nothing/read")])
        answer = ask(cloud, "PUT", nic("a").id, document, token=token)
        assert answer.status == 403
        assert answer.code == code.replace("*", "AuthorizationFailed")
        assert f"'{action}'" in answer.body["error"]["message"]
        held.append(action)
    cloud.enforce_iam([role(*held)])
    begun = ask(cloud, "PUT", nic("a").id, document, token=token)
    assert begun.status == 200
    assert cloud.calls[-1].principal == built.nodes["a"].principal


def test_a_role_counts_at_its_scopes_and_below(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    group = f"/subscriptions/{built.subscription}/resourceGroups/lab"
    cloud.enforce_iam([role("*/read", "*/write", "*/action", scopes=(group,))])
    token = token_of(cloud, "b")
    document = nic("b").get()["error"]  # "anybody" is nobody now
    assert document["code"] == "InvalidAuthenticationToken"
    read = ask(cloud, "GET", nic("b").id, token=token)
    assert read.status == 200
    config = nic("b").config(read.body, "ipconfig1")
    config["publicIPAddress"] = {"id": built.public_ips[MEMBER]}
    answer = ask(cloud, "PUT", nic("b").id, read.body, token=token)
    # The address is in the group `shared`, which this role does not reach.
    assert (answer.status, answer.code) == (403, "LinkedAuthorizationFailed")
    assert built.public_ips[MEMBER] in answer.body["error"]["message"]
    assert cloud.changes == []


def test_the_permissions_api_tells_what_is_held(cloud: EmbeddedAzure, built: Built) -> None:
    group = f"/subscriptions/{built.subscription}/resourceGroups/lab"
    own = "Microsoft.Authorization/permissions/read"
    cloud.enforce_iam(
        [
            role(own),
            {
                "properties": {
                    "permissions": [{"actions": [f"{NIC}/*"], "notActions": ["*/delete"]}],
                    "assignableScopes": [group],
                }
            },
        ]
    )
    token = token_of(cloud, "a")
    none: dict[str, Any] = {"dataActions": [], "notDataActions": []}
    first = {"actions": [own], "notActions": [], **none}
    second = {"actions": [f"{NIC}/*"], "notActions": ["*/delete"], **none}
    inside = permissions(cloud, built.nodes["a"].interface_id, token)
    assert inside.body == {"value": [first, second]}
    assert permissions(cloud, built.public_ips[MEMBER], token).body == {"value": [first]}
    cloud.enforce_iam([role("*/write")])
    denied = permissions(cloud, group, token)
    assert own in denied.body["error"]["message"]
    cloud.relax_iam()
    assert permissions(cloud, group, token).body["value"][0]["actions"] == ["*"]


def test_what_is_denied_to_all_is_no_permission_of_anybody(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.faults = Faults(deny=("routes.put", "subnets.join"))
    answer = nic("a").put(nic("a").get())
    assert (answer.status, answer.code) == (403, "LinkedAuthorizationFailed")
    shown = permissions(cloud, built.route_tables["rt1"], "anybody").body["value"][0]
    assert shown["notActions"] == [
        "Microsoft.Network/routeTables/routes/write",
        "Microsoft.Network/virtualNetworks/subnets/join/action",
    ]
    properties = {"addressPrefix": "10.98.0.0/16", "nextHopType": "Internet"}
    route = f"{built.route_tables['rt1']}/routes/new"
    assert ask(cloud, "PUT", route, {"properties": properties}).code == "AuthorizationFailed"


@pytest.mark.parametrize("name", ["*", "permissions.list"])
def test_the_permissions_api_itself_may_be_denied(
    cloud: EmbeddedAzure, built: Built, name: str
) -> None:
    cloud.faults = Faults(deny=(name,))
    scope = built.route_tables["rt1"]
    assert permissions(cloud, scope, "anybody").code == "AuthorizationFailed"
    assert ask(cloud, "GET", scope).status == (403 if name == "*" else 200)


def test_an_operation_is_followed_with_permission_on_the_group_only(
    cloud: EmbeddedAzure, built: Built
) -> None:
    table = built.route_tables["rt1"]
    properties = {"addressPrefix": "10.98.0.0/16", "nextHopType": "Internet"}
    token = token_of(cloud, "a")

    def follow(scope: str) -> Answered:
        cloud.enforce_iam([role("Microsoft.Network/routeTables/routes/*", scopes=(scope,))])
        path, body = f"{table}/routes/new", {"properties": properties}
        begun = ask(cloud, "PUT", path, body, token=token)
        where = begun.headers["azure-asyncoperation"].removeprefix(cloud.endpoint)
        return ask(cloud, "GET", where, token=token)

    assert follow(table).code == "AuthorizationFailed"
    assert follow(table.partition("/providers/")[0]).status == 200


def test_a_token_is_this_clouds_for_arm_and_still_good(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    missing = ask(cloud, "GET", nic("a").id, token="")
    assert (missing.status, missing.code) == (401, "AuthenticationFailed")
    assert built.tenant in missing.headers["www-authenticate"]
    other = token_of(cloud, "a", "https://vault.azure.net")
    assert ask(cloud, "GET", nic("a").id, token=other).code == "InvalidAuthenticationTokenAudience"
    old = cloud.tokens.of_node(built, "b", "", ARM, lifetime=-1)
    assert old is not None
    assert ask(cloud, "GET", nic("a").id, token=old.token).code == "ExpiredAuthenticationToken"
    cloud.enforce_iam([role(f"{NIC}/read")])
    assert ask(cloud, "GET", nic("a").id).code == "InvalidAuthenticationToken"
    assert ask(cloud, "GET", nic("a").id, token=ADMIN_TOKEN).status == 200


def test_other_principals_have_roles_of_their_own(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.enforce_iam([role("*")], {built.nodes["b"].principal: [role("*/write")]})
    assert ask(cloud, "GET", nic("a").id, token=token_of(cloud, "a")).status == 200
    assert ask(cloud, "GET", nic("a").id, token=token_of(cloud, "b")).status == 403


def test_a_document_that_is_no_role_is_refused(cloud: EmbeddedAzure) -> None:
    with pytest.raises(UsageError, match="Actions"):
        cloud.enforce_iam([{"Statement": []}])
