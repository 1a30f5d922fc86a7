"""The way to the API: which routes would catch it."""

from __future__ import annotations

import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from cloudfail.testing.clock import FakeClock

from cloudfail_azure.egress import ApiAddresses, cuts, is_private
from cloudfail_azure.objects import RouteTable

SUBNET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/v/subnets/n"
PUBLIC_API = "https://20.0.0.1"


def table(*prefixes: str, hop: str = "VirtualAppliance", subnet: str = SUBNET) -> RouteTable:
    routes = [
        {"id": prefix, "properties": {"addressPrefix": prefix, "nextHopType": hop}}
        for prefix in prefixes
    ]
    properties = {"routes": routes, "subnets": [{"id": subnet.upper()}]}
    return RouteTable.read({"id": "t", "properties": properties})


@pytest.mark.parametrize(
    ("destination", "known", "is_cut"),
    [
        ("0.0.0.0/0", table(), True),
        ("20.0.0.0/16", table(), True),
        ("10.99.0.0/16", table(), False),
        ("::/0", table(), False),
        ("0.0.0.0/0", table("20.0.0.0/8"), False),
        ("20.0.0.0/16", table("20.0.0.0/8"), True),
        ("0.0.0.0/0", table("AzureCloud.westeurope", hop="Internet"), False),
        ("0.0.0.0/0", table("AzureCloud.westeurope"), True),
        ("0.0.0.0/0", table("Storage", hop="Internet"), True),
        ("0.0.0.0/0", table(subnet=f"{SUBNET}2"), False),
    ],
)
def test_a_route_cuts_the_way_when_nothing_more_specific_keeps_it(
    destination: str, known: RouteTable, is_cut: bool
) -> None:
    assert cuts(ip_network(destination), known, SUBNET, PUBLIC_API) is is_cut


def test_an_api_of_no_known_address_is_cut_by_a_default_route_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, nowhere = socket.getaddrinfo, "https://api.invalid"

    def resolve(host: str, *args: Any, **more: Any) -> Any:
        if host.endswith(".invalid"):
            raise socket.gaierror  # and nobody outside is asked for it
        return real(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert cuts(ip_network("0.0.0.0/0"), table(), SUBNET, nowhere)
    assert not cuts(ip_network("20.0.0.0/8"), table(), SUBNET, nowhere)
    assert not is_private(nowhere)
    assert is_private("https://10.0.0.4")
    assert not is_private(PUBLIC_API)


def test_a_name_is_resolved_now_and_then_and_outlives_its_resolver(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[Any] = []

    def resolve(host: str, *_: Any, **__: Any) -> Any:
        asked.append(host)
        if len(asked) > 1:
            raise socket.gaierror
        return [(2, 1, 6, "", ("20.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    clock = FakeClock()
    addresses = ApiAddresses(clock)
    for _ in range(3):
        assert addresses.of("https://api.invalid") == (ip_address("20.0.0.1"),)
    assert len(asked) == 1
    clock.advance(301)
    assert addresses.of("https://api.invalid") == (ip_address("20.0.0.1"),)
    assert len(asked) == 2
