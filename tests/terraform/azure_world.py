"""The embedded Azure with what Terraform made: objects of the stub provider as a world, and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import (
    World,
    WorldConfig,
    WorldGroup,
    WorldInterface,
    WorldLoadBalancer,
    WorldNetwork,
    WorldNode,
    WorldPublicIp,
    WorldRoute,
    WorldRouteTable,
    WorldSubnet,
)

from terraform.stubs import Stub, Values

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
_EVERYWHERE = 3


def world_of(azure: Stub, *more: WorldPublicIp) -> World:
    """Everything that was applied; `more` are addresses that were there before."""
    return World(
        subscription=SUBSCRIPTION,
        group="edge",
        networks=tuple(
            WorldNetwork(each["name"], tuple(each["address_space"]), group=group_of(each))
            for each in azure.objects("azurerm_virtual_network")
        ),
        subnets=tuple(_subnets(azure)),
        public_ips=(*_addresses(azure), *more),
        load_balancers=tuple(_balancers(azure)),
        security_groups=tuple(
            WorldGroup(each["name"]) for each in azure.objects("azurerm_network_security_group")
        ),
        route_tables=tuple(_tables(azure)),
        nodes=tuple(_nodes(azure)),
    )


def group_of(values: Values) -> str:
    return str(values["resource_group_name"])


def roles_of(azure: Stub) -> list[Values]:
    """What was really assigned: the actions of a role, and where."""
    roles = {
        role["role_definition_resource_id"]: role["permissions"][0]["actions"]
        for role in azure.objects("azurerm_role_definition")
    }
    return [
        {"Actions": roles[each["role_definition_id"]], "AssignableScopes": [each["scope"]]}
        for each in azure.objects("azurerm_role_assignment")
        if each["role_definition_id"] in roles
    ]


def follow(azure: Stub, cloud: EmbeddedAzure) -> None:
    """Tell Terraform's provider what a failover left in the cloud."""
    for nic in azure.objects("azurerm_network_interface"):
        found = _document(cloud, nic["id"])["properties"]["ipConfigurations"]
        configs = [_config(each["name"], each["properties"]) for each in found]
        known = set(nic["ip_configuration"][0])
        azure.change(
            "azurerm_network_interface",
            nic["id"],
            ip_configuration=[{**dict.fromkeys(known), **each} for each in configs],
            private_ip_addresses=[each["private_ip_address"] for each in configs],
        )
    for route in azure.objects("azurerm_route"):
        table = azure.one("azurerm_route_table", name=route["route_table_name"])["id"]
        hop = _document(cloud, f"{table}/routes/{route['name']}")["properties"]["nextHopIpAddress"]
        azure.change("azurerm_route", route["id"], next_hop_in_ip_address=hop)


def _document(cloud: EmbeddedAzure, resource: str) -> dict[str, Any]:
    with cloud.api.lock:
        found: dict[str, Any] = cloud.api.store.edit(resource)
        return found


def _config(name: str, properties: Values) -> Values:
    return {
        "name": name,
        "primary": properties.get("primary", False),
        "private_ip_address": properties["privateIPAddress"],
        "private_ip_address_allocation": properties["privateIPAllocationMethod"],
        "private_ip_address_version": properties.get("privateIPAddressVersion", "IPv4"),
        "public_ip_address_id": properties.get("publicIPAddress", {}).get("id", ""),
        "subnet_id": properties["subnet"]["id"],
    }


def _subnets(azure: Stub) -> Iterator[WorldSubnet]:
    natted = {each["subnet_id"] for each in azure.objects("azurerm_subnet_nat_gateway_association")}
    tables = {each["id"]: each["name"] for each in azure.objects("azurerm_route_table")}
    routed = {
        each["subnet_id"]: tables[each["route_table_id"]]
        for each in azure.objects("azurerm_subnet_route_table_association")
    }
    for each in azure.objects("azurerm_subnet"):
        yield WorldSubnet(
            each["name"],
            each["address_prefixes"][0],
            network=each["virtual_network_name"],
            table=routed.get(each["id"], ""),
            nat=each["id"] in natted,
            default_outbound=each["default_outbound_access_enabled"],
        )


def _addresses(azure: Stub) -> Iterator[WorldPublicIp]:
    for each in azure.objects("azurerm_public_ip"):
        zones = tuple(each["zones"])
        yield WorldPublicIp(
            each["name"],
            each["ip_address"],
            zones=() if len(zones) == _EVERYWHERE else zones,
            sku=each["sku"],
            group=group_of(each),
        )


def _balancers(azure: Stub) -> Iterator[WorldLoadBalancer]:
    pools = azure.objects("azurerm_lb_backend_address_pool")
    for each in azure.objects("azurerm_lb"):
        own = tuple(pool["name"] for pool in pools if pool["loadbalancer_id"] == each["id"])
        yield WorldLoadBalancer(each["name"], pools=own)


def _tables(azure: Stub) -> Iterator[WorldRouteTable]:
    routes = azure.objects("azurerm_route")
    for table in azure.objects("azurerm_route_table"):
        own = tuple(
            WorldRoute(
                each["name"],
                each["address_prefix"],
                next_hop=each["next_hop_in_ip_address"],
                type=each["next_hop_type"],
            )
            for each in routes
            if each["route_table_name"] == table["name"] and group_of(each) == group_of(table)
        )
        yield WorldRouteTable(table["name"], own, group=group_of(table))


def _nodes(azure: Stub) -> Iterator[WorldNode]:
    clients = {
        each["id"]: each["client_id"] for each in azure.objects("azurerm_user_assigned_identity")
    }
    for each in azure.objects("azurerm_linux_virtual_machine"):
        yield WorldNode(
            each["name"],
            tuple(_interface(azure, nic) for nic in each["network_interface_ids"]),
            zone=each["zone"] or "",
            client_ids=tuple(clients[one] for one in each["identity"][0]["identity_ids"]),
        )


def _interface(azure: Stub, identifier: str) -> WorldInterface:
    nic = azure.one("azurerm_network_interface", id=identifier)
    grouped = azure.one(
        "azurerm_network_interface_security_group_association", network_interface_id=identifier
    )
    addresses = {each["id"]: each["ip_address"] for each in azure.objects("azurerm_public_ip")}
    balancers = {
        pool["id"]: f"{pool['loadbalancer_id'].rpartition('/')[2]}/{pool['name']}"
        for pool in azure.objects("azurerm_lb_backend_address_pool")
    }
    pools = tuple(
        balancers[each["backend_address_pool_id"]]
        for each in azure.objects("azurerm_network_interface_backend_address_pool_association")
        if each["network_interface_id"] == identifier
    )
    (config,) = nic["ip_configuration"]
    return WorldInterface(
        (
            WorldConfig(
                config["private_ip_address"],
                config["subnet_id"].rpartition("/")[2],
                name=config["name"],
                public_ip=addresses.get(config["public_ip_address_id"], ""),
                pools=pools,
            ),
        ),
        name=nic["name"],
        ip_forwarding=nic["ip_forwarding_enabled"],
        accelerated=nic["accelerated_networking_enabled"],
        security_group=grouped["network_security_group_id"].rpartition("/")[2],
    )
