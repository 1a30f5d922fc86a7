"""Only what must change does: every other field of an interface comes out as it went in."""

from __future__ import annotations

import copy
from ipaddress import ip_address

import pytest
from cloudfail.errors import ConflictError
from hypothesis import given
from hypothesis import strategies as st

from cloudfail_azure.nics import (
    Edit,
    address_of,
    configuration_for,
    configurations,
    edit_of,
    groups_of,
    is_settled,
    name_for,
    portable,
    public_ip_of,
    with_address,
    with_public_ip,
)
from providers.azure.documents import SUBNET, UNKNOWN, VIP, Json, config, interface, interfaces

VIRTUAL, SEAT = ip_address("10.0.1.100"), ip_address("10.0.1.11")
WITH = interfaces(VIRTUAL)
WITHOUT = interfaces()


def but(document: Json, address: object) -> Json:
    """Return the document without the ipConfiguration of an address."""
    found = copy.deepcopy(document)
    left = [c for c in configurations(found) if c["properties"]["privateIPAddress"] != str(address)]
    found["properties"]["ipConfigurations"] = left
    return found


@given(WITH)
def test_what_is_left_after_a_remove_is_as_it_was(document: Json) -> None:
    before = copy.deepcopy(document)
    edit = Edit(document)
    edit.remove(VIRTUAL)
    assert edit.changed
    assert edit.document == but(document, VIRTUAL)
    assert document == before


@given(WITHOUT, st.tuples(UNKNOWN, UNKNOWN))
def test_what_was_there_before_an_add_is_as_it_was(
    document: Json, unknown: tuple[Json, Json]
) -> None:
    theirs = {**config("vip", str(VIRTUAL)), **unknown[1]}
    theirs["properties"] |= unknown[0]
    edit = Edit(document)
    edit.add(portable(theirs))
    assert but(edit.document, VIRTUAL) == document
    added = with_address(edit.document, VIRTUAL)
    assert added is not None
    assert unknown[0].items() <= added["properties"].items()
    assert unknown[1].items() <= added.items()


@given(WITH, st.booleans(), st.booleans())
def test_a_public_address_changes_nothing_but_where_it_is(
    document: Json, there: bool, detached: bool
) -> None:
    found = with_address(document, VIRTUAL)
    assert found is not None
    if there:
        found["properties"]["publicIPAddress"] = {"id": VIP.upper()}
    edit = Edit(document)
    if detached:
        edit.detach(VIP)
        assert edit.changed == there
        assert with_public_ip(edit.document, VIP) is None
    edit.attach({"id": VIP, "more": 1}, SEAT)
    seat = with_address(edit.document, SEAT)
    assert seat is not None
    assert seat["properties"].pop("publicIPAddress") == {"id": VIP, "more": 1}
    found["properties"].pop("publicIPAddress", None)
    assert edit.document == document


@given(WITH)
def test_a_second_edit_changes_nothing(document: Json) -> None:
    params = {
        "remove": [{"name": "x", "privateIPAddress": str(VIRTUAL)}],
        "add": [configuration_for(ip_address("10.0.1.101"), SUBNET)],
        "attach": [{"name": "", "privateIPAddress": "10.0.1.101", "publicIPAddress": {"id": VIP}}],
    }
    first = edit_of(document, params)
    assert first.changed
    assert not edit_of(first.document, params).changed


def test_an_ip_configuration_travels_with_all_that_is_on_it() -> None:
    carried: Json = {
        "publicIPAddress": {"id": VIP, "properties": {"deleteOption": "Detach"}},
        "applicationSecurityGroups": [{"id": "/asg"}],
        "loadBalancerBackendAddressPools": [{"id": "/pool"}],
        "loadBalancerInboundNatRules": [{"id": "/rule"}],
        "gatewayLoadBalancer": {"id": "/gateway"},
    }
    found = portable(config("vip", str(VIRTUAL), **carried))
    assert found["name"] == "vip"
    assert found.keys() == {"name", "properties"}
    assert carried.items() <= found["properties"].items()
    assert "provisioningState" not in found["properties"]
    # Azure would choose another one.
    assert found["properties"]["privateIPAllocationMethod"] == "Static"


@pytest.mark.parametrize("mine", [[], [{"id": "/mine"}]])
def test_an_address_is_in_the_security_groups_of_the_interface_that_it_comes_to(
    mine: list[Json],
) -> None:
    """Azure takes no interface whose addresses are in different ones."""
    edit = Edit(interface(config("ipconfig1", "10.0.1.11", applicationSecurityGroups=mine)))
    edit.add(portable(config("vip", str(VIRTUAL), applicationSecurityGroups=[{"id": "/theirs"}])))
    added = with_address(edit.document, VIRTUAL)
    assert added is not None
    assert added["properties"].get("applicationSecurityGroups", []) == mine


def test_an_address_keeps_its_security_groups_where_there_are_none_to_share() -> None:
    edit = Edit(interface(config("six", "2001:db8::1", applicationSecurityGroups=[{"id": "/6"}])))
    edit.add(portable(config("vip", str(VIRTUAL), applicationSecurityGroups=[{"id": "/Theirs"}])))
    added = with_address(edit.document, VIRTUAL)
    assert added is not None
    assert groups_of(added) == {"/theirs"}


def test_a_name_that_is_taken_gives_way() -> None:
    edit = Edit(interface(config("VIP", "10.0.1.11", primary=True)))
    edit.add(portable(config("vip", str(VIRTUAL))))
    assert [c["name"] for c in configurations(edit.document)] == ["VIP", "cloudfail-10-0-1-100"]


@pytest.mark.parametrize("text", ["10.0.1.100", "2001:db8:1::64"])
def test_an_address_that_nobody_ever_had_gets_a_plain_configuration(text: str) -> None:
    address = ip_address(text)
    found = configuration_for(address, SUBNET)
    assert address_of(found) == address
    assert found["properties"]["subnet"] == {"id": SUBNET}
    assert found["properties"]["privateIPAddressVersion"] == f"IPv{address.version}"
    assert found["name"] == name_for(address)
    assert len(found["name"]) <= 80


def test_a_primary_address_is_never_removed() -> None:
    edit = Edit(interface(config("ipconfig1", str(VIRTUAL), primary=True)))
    with pytest.raises(ConflictError, match="is the primary address"):
        edit.remove(VIRTUAL)


def test_a_public_address_without_a_seat_is_looked_for_again() -> None:
    with pytest.raises(ConflictError, match=r"has no 10\.0\.1\.100 any more"):
        Edit(interface()).attach({"id": VIP}, VIRTUAL)


def test_blocks_and_empty_configurations_have_no_single_address() -> None:
    assert address_of(config("c", "10.0.1.16/28")) is None
    empty = config("c", "10.0.1.16")
    empty["properties"].pop("privateIPAddress")
    assert (address_of(empty), public_ip_of(empty)) == (None, "")


@pytest.mark.parametrize(
    ("state", "settled"),
    [("Succeeded", True), ("Failed", True), ("Canceled", True), ("", True), ("Updating", False)],
)
def test_a_resource_is_settled_unless_somebody_changes_it(state: str, settled: bool) -> None:
    assert is_settled(interface(state=state)) == settled
    assert is_settled({"name": "x"})
