"""Steps as `az` commands: options of Microsoft's own reference, quoted for a shell."""

from __future__ import annotations

import json
import shlex
from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.errors import ProviderError
from cloudfail.model import Node, PrivateIp, Step

from cloudfail_azure.plan import lanes_for
from cloudfail_azure.render import environment, render
from cloudfail_azure.settings import AzureSettings
from providers.azure.documents import SUBNET, VIP, Json, config, interface
from providers.azure.test_plan import (
    NODE,
    SEATED,
    private,
    public,
    route,
    theirs,
)

ASG, RULE = "/subscriptions/s/asg", "/subscriptions/s/rule"


def rendered(*holdings: Any) -> list[str]:
    return [shlex.join(render(s)) for lane in lanes_for(holdings, NODE) for s in lane.steps]


PLACE = "--subscription s --resource-group edge"


def test_a_route_is_updated_where_it_is_and_created_where_it_is_not() -> None:
    (update,) = rendered(route("10.99.0.0/16"))
    hop = "--next-hop-type VirtualAppliance --next-hop-ip-address 10.0.1.10"
    named = "--route-table-name edge --name 10.99.0.0-16 --address-prefix 10.99.0.0/16"
    assert update == f"az network route-table route update {PLACE} {named} {hop}"
    (create,) = rendered(route("10.99.0.0/16", document="", etag=""))
    assert create == f"az network route-table route create {PLACE} {named} {hop}"


def test_a_private_address_is_deleted_there_and_created_here_with_what_was_on_it() -> None:
    carried = config(
        "vip",
        "10.0.1.100",
        publicIPAddress={"id": VIP},
        loadBalancerInboundNatRules=[{"id": RULE}],
    )
    groups: Json = {"applicationSecurityGroups": [{"id": ASG}, {"id": f"{ASG}2"}]}
    own = interface(config("ipconfig1", "10.0.1.10", primary=True, **groups), nic="a-nic")
    delete, create = rendered(private(there=theirs(carried), own=json.dumps(own)))
    assert delete == f"az network nic ip-config delete {PLACE} --nic-name b-nic --name vip"
    assert create == (
        f"az network nic ip-config create {PLACE} --nic-name a-nic --name vip "
        f"--private-ip-address 10.0.1.100 --private-ip-address-version IPv4 --subnet {SUBNET} "
        f"--public-ip-address {VIP} --application-security-groups {ASG} {ASG}2 "
        f"--lb-inbound-nat-rules {RULE}"
    )


def test_a_public_address_is_taken_off_with_null() -> None:
    off, on = rendered(public())
    there = f"{PLACE} --nic-name b-nic --name ipconfig1"
    assert off == f"az network nic ip-config update {there} --public-ip-address null"
    here = f"{PLACE} --nic-name a-nic --name ipconfig1"
    assert on == f"az network nic ip-config update {here} --public-ip-address {VIP}"


def test_an_update_names_the_security_groups_that_it_would_take_off() -> None:
    """All ipConfigurations of an interface get those of the command, or none: az 2.91."""
    reference = {"id": VIP}
    groups: Json = {"applicationSecurityGroups": [{"id": ASG}]}
    there = theirs(config("vip", "10.0.1.100", publicIPAddress=reference, **groups))
    off, _ = rendered(public(there=there))
    assert off.endswith(f"--name vip --public-ip-address null --application-security-groups {ASG}")


def test_several_changes_of_an_interface_are_one_shells() -> None:
    odd = theirs(config("it's", "10.0.1.100"), config("b", "10.0.1.101"))
    other = PrivateIp(address=ip_address("10.0.1.101"))
    steps = lanes_for(
        [
            private(there=theirs(odd["properties"]["ipConfigurations"][1])),
            private(other, there=odd),
            public(SEATED),
        ],
        NODE,
    )[0].steps
    scripts = []
    for step in steps:
        shell, option, script = render(step)
        assert (shell, option) == ("sh", "-c")
        scripts.append([shlex.split(command) for command in script.split(" && ")])
        assert any("it's" in command for command in scripts[-1])
    commands = [command for script in scripts for command in script]
    assert {tuple(command[:4]) for command in commands} == {("az", "network", "nic", "ip-config")}
    # The public address goes on the configuration that was created just before.
    assert scripts[-1][-1][-4:] == ["--name", "it's", "--public-ip-address", VIP]


def test_a_gateway_load_balancer_comes_back_by_an_update() -> None:
    chained = config("vip", "10.0.1.100", gatewayLoadBalancer={"id": "/gateway"})
    _, create = rendered(private(there=theirs(chained)))
    assert create.count("az network nic") == 2
    assert "--gateway-lb /gateway" in create


def test_what_the_tool_talks_to_is_said_by_variables() -> None:
    assert environment(AzureSettings(), Node(ref="x")) == {}
    settings = AzureSettings(cloud="usgovernment", ca_file="/ca.pem")
    assert environment(settings, Node(ref="x")) == {
        "AZURE_CLOUD_NAME": "AzureUSGovernment",
        "REQUESTS_CA_BUNDLE": "/ca.pem",
    }


def test_a_step_of_another_provider_is_named() -> None:
    with pytest.raises(ProviderError, match=r"no step 'routes\.insert'"):
        render(Step(call="routes.insert", claims=(), params={}, summary=""))
