"""External addresses: addAccessConfig, deleteAccessConfig, updateAccessConfig, addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.world import Built
from google.cloud import compute_v1

from lab_cloud.gcp.clients import Compute, Machine, reason, refusal
from lab_cloud.gcp.worlds import EDGE, REGION, STANDARD, VIP

Machines = Callable[..., Machine]
OWN = "198.51.100.2"


@pytest.fixture
def address(compute: Compute, built: Built) -> Callable[[str], Any]:
    client = compute(compute_v1.AddressesClient)
    return lambda name: client.get(project=built.project, region=REGION, address=name)


def test_an_address_comes_to_a_machine_and_leaves_it(
    cloud: EmbeddedGcp, machine: Machines, address: Any
) -> None:
    machine("a").add(VIP, name="edge", public_ptr_domain_name="a.example.", set_public_ptr=True)
    (config,) = machine("a").interface.access_configs
    assert (config.name, config.nat_i_p, config.network_tier) == ("edge", VIP, "PREMIUM")
    assert (config.type_, config.public_ptr_domain_name) == ("ONE_TO_ONE_NAT", "a.example.")
    assert address("vip").status == "IN_USE"
    assert address("vip").users[0].endswith("/zones/europe-west1-b/instances/a")
    machine("a").delete("edge")
    assert address("vip").status == "RESERVED"
    assert [(c.target, c.node) for c in cloud.changes] == [(VIP, "a"), (VIP, "")]


def test_an_interface_has_one_access_config(machine: Machines) -> None:
    error = refusal(machine("b").add, VIP)
    assert error.code == 400
    assert "At most one access config currently supported." in str(error)


def test_the_name_of_the_config_has_to_be_right(machine: Machines) -> None:
    assert reason(machine("b").delete, "external-nat") == (400, "invalid")
    machine("b").delete("External NAT")
    assert not machine("b").interface.access_configs


def test_an_address_in_use_is_refused(machine: Machines) -> None:
    machine("a").add(VIP)
    for value in (VIP, EDGE):
        assert "External IP address is already in-use." in str(refusal(machine("c").add, value))


def test_an_address_must_be_reserved_in_the_region(machine: Machines) -> None:
    for value in ("203.0.113.20", "203.0.113.30", "192.0.2.77"):
        assert reason(machine("a").add, value) == (400, "invalid")


def test_the_tiers_must_match(machine: Machines) -> None:
    assert reason(machine("a").add, STANDARD) == (400, "invalid")
    machine("a").add(STANDARD, network_tier="STANDARD")
    assert machine("a").interface.access_configs[0].nat_i_p == STANDARD


def test_without_an_address_an_ephemeral_one_is_given(
    cloud: EmbeddedGcp, machine: Machines
) -> None:
    machine("a").add()
    given = machine("a").interface.access_configs[0].nat_i_p
    assert given not in {OWN, VIP, ""}
    assert (cloud.changes[0].target, cloud.changes[0].node) == (given, "a")


def test_ipv6_has_a_config_of_its_own(machine: Machines) -> None:
    machine("b").add(name="External IPv6", type_="DIRECT_IPV6")
    nic = machine("b").interface
    assert nic.access_configs[0].nat_i_p == OWN
    assert nic.ipv6_access_configs[0].external_ipv6
    machine("b").delete("External IPv6")
    assert not machine("b").interface.ipv6_access_configs


def test_an_update_changes_the_name_in_the_dns_and_never_the_address(machine: Machines) -> None:
    def update(**config: Any) -> Any:
        resource = {"name": "External NAT", **config}
        return machine("b").call("update_access_config", access_config_resource=resource)

    update(set_public_ptr=True, public_ptr_domain_name="b.example.")
    config = machine("b").interface.access_configs[0]
    assert (config.nat_i_p, config.public_ptr_domain_name) == (OWN, "b.example.")
    assert reason(update, nat_i_p=VIP) == (400, "invalid")
    machine("b").delete("External NAT")
    assert reason(update) == (400, "invalid")


def test_a_name_in_the_dns_must_be_switched_on(machine: Machines) -> None:
    resource = {"name": "External NAT", "public_ptr_domain_name": "b.example."}
    call = machine("b").call
    assert reason(call, "update_access_config", access_config_resource=resource)[0] == 400


def test_global_and_regional_addresses_are_listed_apart(compute: Compute, built: Built) -> None:
    regional = compute(compute_v1.AddressesClient)
    everywhere = compute(compute_v1.GlobalAddressesClient)
    names = [a.name for a in regional.list(project=built.project, region=REGION)]
    assert names == ["edge", "standard", "vip"]
    assert [a.name for a in everywhere.list(project=built.project)] == ["everywhere"]
    found = everywhere.get(project=built.project, address="everywhere")
    assert (found.address, found.status) == ("203.0.113.30", "RESERVED")
    scopes = dict(regional.aggregated_list(project=built.project))
    assert sorted(scopes) == ["global", "regions/europe-west1", "regions/us-east1"]
