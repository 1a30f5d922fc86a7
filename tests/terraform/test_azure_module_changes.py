"""What changes of the claims on Azure, and what the same apply makes of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from terraform.azure_world import SUBSCRIPTION
from terraform.stubs import MAJORS, Stub
from terraform.workspace import RefusedError, Workspace

Make = Callable[..., Workspace]
Values = dict[str, Any]

NODES = {
    name: {"address": f"10.0.1.1{at}", "priority": 150 - at, "subnet_name": "nodes", "zone": at}
    for at, name in enumerate("ab", 1)
}
PAIR: Values = {
    "source": "./azure",
    "subscription_id": SUBSCRIPTION,
    "resource_group": "edge",
    "location": "westeurope",
    "virtual_network": {"name": "hub"},
    "admin_ssh_public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 ops",
    "virtual_router_id": 51,
    "nodes": NODES,
}
ADDRESS = {
    "name": "service",
    "resource_group_name": "addresses",
    "location": "westeurope",
    "allocation_method": "Static",
}


@pytest.fixture
def azure(stub: Callable[[str], Stub]) -> Stub:
    return stub(MAJORS["azure"][-1])


@pytest.fixture
def claiming(azure: Stub, workspace: Make) -> Callable[..., Workspace]:
    """A configuration with the module, which claims this, beside these resources."""

    def made(claims: list[Values], **resources: Values) -> Workspace:
        place = workspace("terraform", azure)
        provider = {"azurerm": {"features": {}, "subscription_id": SUBSCRIPTION}}
        pair = {**PAIR, "claims": claims}
        output = {"toml": {"value": "${module.pair.cloudfail_toml}"}}
        root = {"provider": provider, "module": {"pair": pair}, "output": output}
        place.write("main.tf.json", json.dumps(root))
        if resources:
            place.write("new.tf.json", json.dumps({"resource": resources}))
        place.init()
        return place

    return made


def seat(address: str, name: str) -> list[Values]:
    """A public address of this name, on a private one."""
    public = {"kind": "public-ip", "allocate": True, "name": name, "private_address": address}
    return [{"kind": "private-ip", "address": address}, public]


def test_claims_that_go_take_no_right_from_those_that_stay(
    claiming: Callable[..., Workspace],
) -> None:
    one, two = seat("10.0.1.100", "one"), seat("10.0.1.101", "two")
    made = claiming([*one, *two])
    made.apply()
    less = {"module": {"pair": {"claims": two}}}
    made.write("main_override.tf.json", json.dumps(less))
    assert made.plan().changes == {
        'module.pair.azurerm_public_ip.claimed["one"]': ["delete"],
        'module.pair.azurerm_role_assignment.write["address on 10.0.1.100"]': ["delete"],
    }


def test_an_address_that_the_same_apply_makes_is_claimed_by_id_and_address(
    claiming: Callable[..., Workspace], azure: Stub
) -> None:
    new = {"new": ADDRESS}
    told = {name: f"${{azurerm_public_ip.new.{name}}}" for name in ("id", "ip_address")}
    claim = {"kind": "public-ip", "resource_id": told["id"], "address": told["ip_address"]}
    made = claiming([claim], azurerm_public_ip=new)
    toml = made.apply().outputs["toml"]
    (address,) = azure.objects("azurerm_public_ip")
    assert f'address = "{address["ip_address"]}"' in toml
    assert made.plan().is_empty


def test_an_address_that_is_another_than_its_claim_says_is_refused(
    claiming: Callable[..., Workspace], azure: Stub
) -> None:
    azure.tell("azurerm_public_ip", ip_address="203.0.113.7")
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/addresses"
    there = f"{group}/providers/Microsoft.Network/publicIPAddresses/service"
    claim = {"kind": "public-ip", "resource_id": there, "address": "203.0.113.8"}
    with pytest.raises(RefusedError, match=r"service is 203\.0\.113\.7, not 203\.0\.113\.8"):
        claiming([claim]).plan()
    azure.tell("azurerm_public_ip", ip_address="")
    with pytest.raises(RefusedError, match="none yet: it has to be a static one"):
        claiming([{**claim, "address": None}]).plan()
