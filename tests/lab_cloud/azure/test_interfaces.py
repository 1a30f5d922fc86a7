"""The PUT of a network interface: what it resets, what it refuses."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import (
    Built,
    World,
    WorldConfig,
    WorldInterface,
    WorldNode,
    WorldSubnet,
)
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import Nic, ask
from lab_cloud.azure.worlds import FLOATING, MEMBER, SIX, VIP, ZONAL

Nics = Callable[[str], Nic]


def without_state(document: Any) -> Any:
    """Drop the ETags, which every write renews."""
    if isinstance(document, dict):
        return {name: without_state(v) for name, v in document.items() if name != "etag"}
    return [without_state(v) for v in document] if isinstance(document, list) else document


def test_a_document_that_is_put_as_it_was_read_changes_nothing_but_the_etag(nic: Nics) -> None:
    read = nic("a").get()
    assert (read["kind"], read["properties"]["unheardOf"]) == ("Regular", True)
    answer = nic("a").put(read, read["etag"])
    assert answer.status == 200
    assert answer.body["etag"] != read["etag"]
    assert answer.headers["etag"] == answer.body["etag"]
    assert without_state(answer.body) == without_state(read) == without_state(nic("a").get())


def test_what_is_left_out_is_reset(nic: Nics) -> None:
    document = nic("a").get()
    properties = document["properties"]
    for name in ("enableIPForwarding", "enableAcceleratedNetworking", "networkSecurityGroup"):
        assert properties.pop(name)
    for name in ("dnsSettings", "unheardOf", "macAddress", "virtualMachine"):
        properties.pop(name)
    del document["tags"], document["kind"]
    nic("a").config(document, "floating").pop("loadBalancerBackendAddressPools")
    after = nic("a").put(document).body
    assert after["properties"]["enableIPForwarding"] is False
    assert after["properties"]["enableAcceleratedNetworking"] is False
    assert after["properties"]["dnsSettings"] == {"dnsServers": [], "appliedDnsServers": []}
    gone = {"networkSecurityGroup", "unheardOf"}
    assert not gone & set(after["properties"])
    assert not {"tags", "kind"} & set(after)
    assert "loadBalancerBackendAddressPools" not in nic("a").config(after, "floating")
    # These are the service's own, whatever the body says.
    assert after["properties"]["macAddress"].startswith("00-0D-3A-")
    assert after["properties"]["virtualMachine"]["id"].endswith("/virtualMachines/a")


def test_an_interface_that_forwards_no_more_gets_no_route(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    document = nic("a").get()
    document["properties"]["enableIPForwarding"] = False
    nic("a").put(document)
    table = built.route_tables["rt1"]
    moved = {(change.target, change.holder) for change in cloud.changes}
    assert moved == {(f"{table} 10.99.0.0/16", ""), (f"{table} 2001:db8:99::/48", "")}


def configs(document: Any) -> list[Any]:
    found: list[Any] = document["properties"]["ipConfigurations"]
    return found


def _no_primary(document: Any) -> None:
    configs(document)[0]["properties"]["primary"] = False


def _other_subnet(document: Any) -> None:
    subnet = configs(document)[0]["properties"]["subnet"]
    configs(document)[1]["properties"]["subnet"] = {"id": subnet["id"].replace("/one", "/two")}


def _other_groups(document: Any) -> None:
    configs(document)[1]["properties"]["applicationSecurityGroups"] = []


def _rename_primary(document: Any) -> None:
    configs(document)[0]["name"] = "renamed"


def _lose_reference(document: Any) -> None:
    pools = configs(document)[1]["properties"]["loadBalancerBackendAddressPools"]
    pools[0]["id"] += "-gone"


def _twice(document: Any) -> None:
    configs(document)[1]["name"] = "IPConfig1"


def _no_location(document: Any) -> None:
    del document["location"]


def _elsewhere(document: Any) -> None:
    document["location"] = "North Europe"


def _nameless(document: Any) -> None:
    del configs(document)[1]["name"]


def _no_id(document: Any) -> None:
    configs(document)[1]["properties"]["publicIPAddress"] = {"id": "vip"}


def _no_subnet(document: Any) -> None:
    del configs(document)[1]["properties"]["subnet"]


def _no_address(document: Any) -> None:
    configs(document)[1]["properties"]["privateIPAddress"] = "10.0.1"


def _static_without_address(document: Any) -> None:
    del configs(document)[1]["properties"]["privateIPAddress"]


def _wrong_version(document: Any) -> None:
    configs(document)[1]["properties"]["privateIPAddressVersion"] = "IPv6"


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda d: configs(d).clear(), "InvalidIPConfigCount"),
        (_no_primary, "NetworkInterfaceMustHaveOneOneIPConfigAsPrimary"),
        (_other_subnet, "IpConfigurationsOnSameNicCannotUseDifferentSubnets"),
        (
            _other_groups,
            "AllIpConfigurationsOnANicMustBelongToTheSameApplicationSecurityGroups",
        ),
        (_rename_primary, "IpConfigDeleteNotSupported"),
        (_lose_reference, "InvalidResourceReference"),
        (_nameless, "InvalidRequestFormat"),
        (_no_id, "LinkedInvalidPropertyId"),
        (_no_subnet, "InvalidRequestContent"),
        (_no_address, "InvalidIPAddressFormat"),
        (_twice, "DuplicateResourceName"),
        (_no_location, "LocationRequired"),
        (_elsewhere, "InvalidResourceLocation"),
        (_static_without_address, "InvalidRequestContent"),
        (_wrong_version, "InvalidIPAddressFormat"),
    ],
)
def test_a_shape_that_azure_has_not_is_refused_and_changes_nothing(
    nic: Nics, spoil: Callable[[Any], None], code: str
) -> None:
    read = nic("a").get()
    document = copy.deepcopy(read)
    spoil(document)
    answer = nic("a").put(document)
    assert (answer.status, answer.code) == (409 if code == "InvalidResourceLocation" else 400, code)
    assert nic("a").get() == read


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (FLOATING, "PrivateIPAddressInUse"),
        ("10.0.2.4", "PrivateIPAddressNotInSubnet"),
        ("10.0.1.3", "PrivateIPAddressInReservedRange"),
        ("10.0.1.255", "PrivateIPAddressInReservedRange"),
        ("10.0.1.11", "PrivateIPAddressInUse"),
    ],
)
def test_an_address_has_to_be_free_and_in_the_subnet(
    built: Built, nic: Nics, address: str, code: str
) -> None:
    assert nic("b").add(address, built.subnets["one"]).code == code


def test_a_dynamic_address_stays_and_a_new_one_is_the_next_that_is_free(
    built: Built, nic: Nics
) -> None:
    document = nic("b").get()
    first = nic("b").config(document, "ipconfig1")
    first["privateIPAddress"] = "10.0.1.77"
    groups = {"applicationSecurityGroups": first["applicationSecurityGroups"]}
    subnet = {"id": built.subnets["one"]}
    more = {"privateIPAllocationMethod": "Dynamic", "subnet": subnet, **groups}
    configs(document).append({"name": "more", "properties": more})
    after = nic("b").put(document).body
    assert nic("b").config(after, "ipconfig1")["privateIPAddress"] == "10.0.1.11"
    assert nic("b").config(after, "more")["privateIPAddress"] == "10.0.1.4"


def test_an_address_that_was_let_go_is_cleaned_up_first(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.faults = Faults(cleanup_ms=60_000)
    nic("a").drop("floating")
    assert nic("b").add(FLOATING, built.subnets["one"]).code == "PrivateIPAddressIsBeingCleanedUp"
    cloud.faults = Faults()
    assert nic("b").add(FLOATING, built.subnets["one"]).status == 200


def test_it_is_cleaned_up_while_the_operation_runs_that_lets_it_go(
    cloud: EmbeddedAzure, built: Built, nic: Nics
) -> None:
    cloud.faults = Faults(operation_stuck={"*": 1})
    nic("a").drop("floating")
    assert nic("b").add(FLOATING, built.subnets["one"]).code == "PrivateIPAddressIsBeingCleanedUp"
    assert cloud.changes == []


def test_a_public_address_is_on_one_configuration(built: Built, nic: Nics) -> None:
    vip = built.public_ips[VIP]
    assert nic("a").attach(vip).status == 200
    answer = nic("b").attach(vip)
    assert (answer.status, answer.code) == (400, "PublicIPAddressInUse")
    assert nic("a").attach(vip, "floating").code == "PublicIPReferencedByMultipleIPConfigs"


@pytest.mark.parametrize(
    ("address", "field", "user"),
    [
        ("203.0.113.11", "ipConfiguration", "/loadBalancers/lb/frontendIPConfigurations/frontend"),
        ("203.0.113.12", "natGateway", "/natGateways/two-nat"),
    ],
)
def test_a_public_address_may_be_on_something_else(
    cloud: EmbeddedAzure, built: Built, nic: Nics, address: str, field: str, user: str
) -> None:
    public = built.public_ips[address]
    assert nic("a").attach(public).code == "PublicIPAddressInUse"
    assert ask(cloud, "GET", public).body["properties"][field]["id"].endswith(user)
    (held,) = (change for change in cloud.holders if change.target == address)
    assert (held.node, held.holder.split("/")[8]) == ("", user.split("/")[2])


def test_a_public_address_has_to_fit(built: Built, nic: Nics) -> None:
    ips = built.public_ips
    zone = "ComputeResourceZoneConstraintDoesNotMatchPublicIPAddressZoneConstraint"
    assert nic("b").attach(ips[ZONAL]).code == zone
    assert nic("a").attach(ips[ZONAL]).status == 200
    assert nic("b").attach(ips[SIX]).code == "IpConfigurationPublicIpAddressVersionMismatch"
    assert nic("b").attach(ips[SIX], "six").status == 200
    assert nic("b").attach(ips["203.0.113.9"]).code == "DifferentSkuPublicIPsOnNicNotAllowed"
    assert nic("b").attach(ips[MEMBER]).status == 200


def test_a_new_interface_is_created(cloud: EmbeddedAzure, built: Built) -> None:
    made = {"privateIPAllocationMethod": "Dynamic", "subnet": {"id": built.subnets["two"]}}
    path = built.nodes["a"].interface_id.replace("a-nic", "new")
    body = {"location": "West Europe", "properties": {"ipConfigurations": [{"name": "x"}]}}
    body["properties"]["ipConfigurations"][0]["properties"] = made  # type: ignore[index]
    answer = ask(cloud, "PUT", path, body)
    assert answer.status == 201
    (config,) = answer.body["properties"]["ipConfigurations"]
    assert (config["properties"]["primary"], answer.body["location"]) == (True, "westeurope")
    assert cloud.changes[-1].target == config["properties"]["privateIPAddress"] == "10.8.0.4"


def test_a_subnet_can_be_full(cloud: EmbeddedAzure) -> None:
    subnet = WorldSubnet("s", "10.0.0.0/29")
    configs = tuple(WorldConfig(f"10.0.0.{number}", "s") for number in (4, 5, 6))
    node = WorldNode(name="a", interfaces=(WorldInterface(configs=configs),))
    built = cloud.build(World(subnets=(subnet,), nodes=(node,)))
    dynamic = {"privateIPAllocationMethod": "Dynamic"}
    answer = Nic(cloud, "a").add("10.0.0.7", built.subnets["s"], **dynamic)
    assert answer.code == "SubnetIsFull"


def test_a_terminated_node_leaves_its_interface(cloud: EmbeddedAzure, nic: Nics) -> None:
    cloud.terminate_node("a")
    assert "virtualMachine" not in nic("a").get()["properties"]
    assert cloud.changes == []
