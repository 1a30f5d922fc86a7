"""Microsoft's own client moves everything from one node to the other."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.network import NetworkManagementClient, models
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import Built
from cloudfail.lab.cloud.faults import Faults

from lab_cloud.azure.clients import ask, refusal
from lab_cloud.azure.worlds import FLOATING, VIP


def put(sdk: NetworkManagementClient, name: str, document: models.NetworkInterface) -> Any:
    return sdk.network_interfaces.begin_create_or_update("lab", name, document).result()


@pytest.mark.parametrize("by_location", [False, True])
def test_a_public_address_moves(
    cloud: EmbeddedAzure, built: Built, sdk: NetworkManagementClient, by_location: bool
) -> None:
    cloud.faults = Faults(operation_ms=30, operation_by_location=by_location)
    for name, holder in [("a-nic", "a"), ("b-nic", "b")]:
        other = sdk.network_interfaces.get("lab", "a-nic")
        if name == "b-nic":
            other.ip_configurations[0].public_ip_address = None
            put(sdk, "a-nic", other)
        mine = sdk.network_interfaces.get("lab", name)
        address = models.PublicIPAddress(id=built.public_ips[VIP])
        mine.ip_configurations[0].public_ip_address = address
        done = put(sdk, name, mine)
        assert done.ip_configurations[0].public_ip_address.id == built.public_ips[VIP]
        shown = sdk.public_ip_addresses.get("lab", "vip").ip_configuration.id
        assert shown == f"{built.nodes[holder].interface_id}/ipConfigurations/ipconfig1"
    assert [change.node for change in cloud.changes if change.target == VIP] == ["a", "", "b"]


def test_a_private_address_moves_with_all_that_belongs_to_it(
    cloud: EmbeddedAzure, built: Built, sdk: NetworkManagementClient
) -> None:
    theirs = sdk.network_interfaces.get("lab", "a-nic")
    moving = next(c for c in theirs.ip_configurations if c.name == "floating")
    theirs.ip_configurations.remove(moving)
    put(sdk, "a-nic", theirs)
    assert sdk.load_balancers.get("lab", "lb").backend_address_pools[0].properties is not None
    mine = sdk.network_interfaces.get("lab", "b-nic")
    mine.ip_configurations.append(moving)
    done = put(sdk, "b-nic", mine).ip_configurations[-1]
    assert done.application_security_groups[0].id == built.application_groups["web"]
    pool = sdk.load_balancer_backend_address_pools.get("lab", "lb", "pool")
    assert [item.id for item in pool.backend_ip_configurations] == [done.id]
    rule = sdk.inbound_nat_rules.get("lab", "lb", "ssh")
    assert rule.backend_ip_configuration.id == done.id
    assert [c.node for c in cloud.changes if c.target == FLOATING] == ["", "b"]


def test_a_route_moves_and_its_table_shows_it(
    cloud: EmbeddedAzure, built: Built, sdk: NetworkManagementClient
) -> None:
    hop = built.nodes["b"].address
    properties = models.RoutePropertiesFormat(
        address_prefix="10.99.0.0/16", next_hop_type="VirtualAppliance", next_hop_ip_address=hop
    )
    route = models.Route(properties=properties)
    sdk.routes.begin_create_or_update("lab", "rt1", "to-a", route).result()
    table = sdk.route_tables.get("lab", "rt1")
    assert table.routes[0].next_hop_ip_address == hop
    assert [item.id for item in table.subnets] == [built.subnets["one"]]
    sdk.routes.begin_delete("lab", "rt1", "to-a").result()
    sdk.routes.begin_delete("lab", "rt1", "to-a").result()
    with pytest.raises(ResourceNotFoundError):
        sdk.routes.get("lab", "rt1", "to-a")
    target = f"{built.route_tables['rt1']} 10.99.0.0/16"
    assert [(c.target, c.node) for c in cloud.changes] == [(target, "b"), (target, "")]


def test_every_type_can_be_read_and_listed(built: Built, sdk: NetworkManagementClient) -> None:
    names = {item.name for item in sdk.network_interfaces.list("lab")}
    assert names == {"a-nic", "b-nic", "c-nic"}
    assert {item.name for item in sdk.public_ip_addresses.list_all()} >= {"vip", "member"}
    assert [item.name for item in sdk.public_ip_addresses.list("shared")] == ["member"]
    assert [item.name for item in sdk.route_tables.list_all()] == ["rt1"]
    assert [item.name for item in sdk.routes.list("lab", "rt1")] == ["to-a", "out", "six"]
    subnet = sdk.subnets.get("lab", "lab", "two")
    assert subnet.nat_gateway.id == sdk.nat_gateways.get("lab", "two-nat").id
    assert len(sdk.subnets.get("lab", "lab", "one").ip_configurations) == 5
    assert {item.name for item in sdk.virtual_networks.list("lab")} == {"lab", "far"}
    prefix = sdk.public_ip_prefixes.get("lab", "range")
    assert prefix.public_ip_addresses[0].id == built.public_ips["198.51.100.2"]
    assert sdk.application_security_groups.get("shared", "web").location == built.location
    assert sdk.network_security_groups.get("lab", "g").id == built.security_groups["g"]
    configs = sdk.network_interface_ip_configurations.list("lab", "a-nic")
    assert [item.name for item in configs] == ["ipconfig1", "floating", "six"]


def test_what_is_not_there_is_told_by_its_level(
    cloud: EmbeddedAzure, sdk: NetworkManagementClient
) -> None:
    path = cloud.built.nodes["a"].interface_id.replace(cloud.built.subscription, "none")
    assert ask(cloud, "GET", path).code == "SubscriptionNotFound"
    get = sdk.network_interfaces.get
    assert refusal(get, "lab", "gone") == (404, "ResourceNotFound")
    assert refusal(get, "gone", "a-nic") == (404, "ResourceGroupNotFound")
    assert refusal(sdk.routes.get, "lab", "rt1", "gone") == (404, "NotFound")
    assert refusal(list, sdk.network_interfaces.list("gone")) == (404, "ResourceGroupNotFound")


def test_a_call_that_is_not_there_says_so(sdk: NetworkManagementClient) -> None:
    table = models.RouteTable(location="westeurope")
    begin = sdk.route_tables.begin_create_or_update
    assert refusal(begin, "lab", "rt1", table) == (501, "NotImplemented")
