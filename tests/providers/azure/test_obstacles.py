"""What stands in the way of taking a claim, told while there is time to mend it."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Owner, PrivateIp, PublicIp, Route

from providers.azure.nodes import (
    DESTINATION,
    PRIVATE,
    PUBLIC,
    PUBLIC6,
    SEATED,
    NodeMaker,
    edit,
)

EDGE = Route(table="edge", destination=ip_network(DESTINATION))
VIP = PrivateIp(address=ip_address(PRIVATE))
PIP = PublicIp(address=ip_address(PUBLIC))


def seen(node_of: NodeMaker, *claims: Any, which: str = "a", **setup: Any) -> Any:
    found = node_of(which, **setup).provider.observe(claims or [EDGE])
    return found[0] if len(found) == 1 else found


def test_a_node_that_may_not_forward_takes_no_route(node_of: NodeMaker) -> None:
    assert "az network nic update --ids" in seen(node_of, which="f").obstacle
    six = Route(table="edge", destination=ip_network("2001:db8:99::/64"))
    holding, _ = seen(node_of, six, EDGE)
    assert "has no IPv6 address for it to lead to" in holding.obstacle


def test_a_default_route_of_the_own_subnet_is_refused_unless_the_way_is_kept(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    default = Route(table="own", destination=ip_network("0.0.0.0/0"))
    assert "turn its way to Azure Resource Manager back" in seen(node_of, default).obstacle
    assert seen(node_of, default, assured_egress=True).obstacle == ""
    other = Route(table="edge", destination=ip_network("0.0.0.0/0"))
    assert seen(node_of, other, EDGE)[0].obstacle == ""

    def keep_the_way(document: dict[str, Any]) -> None:
        route = {"addressPrefix": "AzureResourceManager", "nextHopType": "Internet"}
        spot = f"{document['id']}/routes/arm"
        document["properties"]["routes"].append({"name": "arm", "id": spot, "properties": route})

    edit(cloud, cloud.built.route_tables["own"], keep_the_way)
    assert seen(node_of, default).obstacle == ""


def test_what_is_in_the_way_of_a_public_address_is_said(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    def found(address: str, **more: Any) -> str:
        claim = PublicIp(address=ip_address(address), **more)
        return str(seen(node_of, claim, EDGE)[0].obstacle)

    assert "it is of zone 2, but this node is in zone 1" in found("203.0.113.13")
    assert "no IPv6 ipConfiguration" in found(PUBLIC6)
    assert "no ipConfiguration with 10.0.1.5" in found(
        PUBLIC, private_address=ip_address("10.0.1.5")
    )
    assert "name it by its resource_id" in found("203.0.113.14")
    apart = cloud.built.public_ips["203.0.113.14"]
    assert found("203.0.113.14", resource_id=apart) == ""
    assert "correct resource_id" in found(PUBLIC, resource_id=apart)
    assert "there is no public IP address" in found(
        PUBLIC, resource_id=apart.replace("apart", "no")
    )
    free = cloud.built.public_ips["203.0.113.12"]
    edit(cloud, free, lambda document: document["sku"].update(name="Basic"))
    assert "only one of the Standard SKU moves" in found("203.0.113.12")
    edit(cloud, free, lambda document: document.update(location="northeurope"))
    edit(cloud, free, lambda document: document["sku"].update(name="Standard"))
    assert "it is in northeurope, but this node is in westeurope" in found("203.0.113.12")


def test_a_public_address_of_a_load_balancer_is_a_strangers(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    free = cloud.built.public_ips["203.0.113.12"]
    front = f"{cloud.built.load_balancers['edge']}/frontendIPConfigurations/f"
    edit(
        cloud,
        free,
        lambda document: document["properties"].update(ipConfiguration={"id": front}),
    )
    holding = seen(node_of, PublicIp(address=ip_address("203.0.113.12")))
    assert (holding.owner, holding.holder) == (Owner.STRANGER, front)
    assert "put the agent's responder behind that load balancer" in holding.obstacle


def test_a_seat_that_a_private_claim_brings_is_no_obstacle(node_of: NodeMaker) -> None:
    seated = PublicIp(address=ip_address(SEATED), private_address=ip_address(PRIVATE))
    assert "has no ipConfiguration with" in seen(node_of, seated, EDGE)[0].obstacle
    assert seen(node_of, seated, VIP)[0].obstacle == ""


def test_the_nodes_own_way_out_is_not_displaced(
    cloud: EmbeddedAzure, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail_azure.public_holding.is_private", lambda _: False)
    free = cloud.built.public_ips["203.0.113.12"]

    def give(document: dict[str, Any]) -> None:
        first = document["properties"]["ipConfigurations"][0]["properties"]
        first["publicIPAddress"] = {"id": free}

    edit(cloud, cloud.built.nodes["a"].interface_id, give)
    assert "reaches Azure Resource Manager by free" in seen(node_of, PIP).obstacle
    trusted = seen(node_of, PIP, assured_egress=True)
    assert (trusted.obstacle, trusted.facts["own_public_ip"]) == ("", free)
    assert "free gives way to it" in trusted.facts["note"]
    aside = PublicIp(address=PIP.address, private_address=ip_address("10.0.1.111"))
    assert seen(node_of, aside).obstacle == ""
    second = cloud.built.nodes["a"].interfaces[1].interface_id
    assert seen(node_of, PIP, interface_id=second).obstacle == ""  # its subnet has a NAT gateway


def test_what_is_in_the_way_of_a_private_address_is_said(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    def found(address: str, **setup: Any) -> str:
        claim = PrivateIp(address=ip_address(address))
        return str(seen(node_of, claim, EDGE, **setup)[0].obstacle)

    assert "the primary address of" in found("10.0.1.11")
    assert "outside of one (10.0.1.0/24, 2001:db8:1::/64)" in found("10.0.9.9")
    assert "Azure keeps 10.0.1.3 of 10.0.1.0/24" in found("10.0.1.3")
    assert "Azure keeps 10.0.1.255 of" in found("10.0.1.255")
    six = "2001:db8:1::aa"
    assert found(six) == ""
    assert "has an IPv6 address already" in found(six, which="b", peers=())


def test_check_says_whether_the_api_is_reached_without_the_claim(
    cloud: EmbeddedAzure, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudfail_azure.way.is_private", lambda _: False)

    def said(**setup: Any) -> str:
        provider = node_of("a", **setup).provider
        lanes = provider.steps(provider.observe([PIP]), provider.identify())
        *_, way = provider.check(lanes)
        assert way.subject.startswith("way of ")
        return f"{way.severity.value}: {way.message}"

    assert said().startswith("warning: not proven: 10.0.1.10 leaves by its public address")
    second = cloud.built.nodes["a"].interfaces[1].interface_id
    assert "through the NAT gateway" in said(interface_id=second)
    provider = node_of("a").provider
    lanes = provider.steps(provider.observe([PIP]), provider.identify())
    cloud.faults = Faults(throttle={"subnets.get": 1})
    assert "its subnet could not be read" in provider.check(lanes)[-1].message


def test_nothing_is_taken_off_that_an_interface_has_no_room_for(
    cloud: EmbeddedAzure, node_of: NodeMaker
) -> None:
    def fill(document: dict[str, Any]) -> None:
        configs = document["properties"]["ipConfigurations"]
        while len(configs) < 255:
            name = f"more{len(configs)}"
            spot = f"{document['id']}/ipConfigurations/{name}"
            configs.append({**configs[1], "name": name, "id": spot})

    edit(cloud, cloud.built.nodes["a"].interface_id, fill)
    other = PrivateIp(address=ip_address("10.0.1.101"))
    first, second = seen(node_of, other, VIP)
    assert (first.obstacle, second.owner) == ("", Owner.PEER)
    assert "has 255 ipConfigurations, and 2 are to come" in second.obstacle
    assert seen(node_of, VIP).obstacle == ""
