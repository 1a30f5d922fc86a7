"""A node never turns its own way to the Compute API to itself, nor gives it away."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address, ip_network

import msgspec
import pytest
from cloudfail.errors import TransientError
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloud.gcp.links import link
from cloudfail.model import Address, Claim, Holding, Owner, PublicIp, Route

from cloudfail_gcp.egress import RANGES, Reach, Resolver, caught, find_reach
from cloudfail_gcp.operations import METHODS
from providers.gcp.nodes import PUBLIC, WORLD, NodeMaker

PRIVATE, RESTRICTED, ENDPOINT = "199.36.153.8", "199.36.153.5", "10.100.0.5"
GATEWAY = "projects/lab-project/global/gateways/default-internet-gateway"


def reach_of(*addresses: str, inside: bool = False) -> Reach:
    return Reach(addresses=tuple(map(ip_address, addresses)), is_inside=inside)


def resolve(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name be one of these addresses."""
    found = tuple(map(ip_address, addresses))
    monkeypatch.setattr("cloudfail_gcp.egress.addresses_of", lambda _: found)


@pytest.mark.parametrize(
    ("destination", "addresses", "on_the_way"),
    [
        ("0.0.0.0/0", ["142.250.1.1"], True),
        ("::/0", ["142.250.1.1"], False),
        ("142.250.0.0/15", ["142.250.1.1"], True),
        ("10.96.0.0/12", [ENDPOINT], True),
        ("10.99.0.0/16", [ENDPOINT], False),
        ("199.36.153.0/24", [PRIVATE], True),
        ("2600:2d00:2:2000::/56", ["2600:2d00:2:2000::1"], True),
        # Unresolved: anywhere, and in Google's ranges.
        ("0.0.0.0/0", [], True),
        ("::/0", [], True),
        ("199.36.153.0/24", [], True),
        ("2600:2d00::/32", [], True),
        ("10.99.0.0/16", [], False),
    ],
)
def test_what_covers_the_apis_address_is_on_the_way(
    destination: str, addresses: list[str], on_the_way: bool
) -> None:
    assert (caught(ip_network(destination), reach_of(*addresses)) is not None) is on_the_way


def test_the_ranges_are_those_of_google() -> None:
    known = ("199.36.153.4/30", "199.36.153.8/30", "2600:2d00:2:1000::/64", "2600:2d00:2:2000::/64")
    assert tuple(map(str, RANGES)) == known


@pytest.mark.parametrize(
    ("url", "resolved", "inside"),
    [
        ("http://127.0.0.1:80", "127.0.0.1", True),
        ("http://localhost:80", "127.0.0.1", False),
        ("https://compute.corp.example", "10.0.0.9", True),
        ("https://compute.corp.example", "142.250.1.1", False),
        # Private Service Connect for Google APIs needs Private Google Access all the same.
        ("https://compute-edge.p.googleapis.com", ENDPOINT, False),
        ("https://compute.googleapis.com", ENDPOINT, False),
        ("https://compute.googleapis.com", RESTRICTED, False),
    ],
)
def test_a_private_endpoint_is_told_by_its_address(
    monkeypatch: pytest.MonkeyPatch, url: str, resolved: str, inside: bool
) -> None:
    resolve(monkeypatch, resolved)
    assert find_reach(url) == reach_of(resolved, inside=inside)


def test_the_way_leads_to_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "127.0.0.1:3128")
    assert find_reach("https://compute.googleapis.com") == reach_of("127.0.0.1", inside=True)
    monkeypatch.setenv("no_proxy", "compute.invalid")
    assert find_reach("https://compute.invalid") == Reach()


def test_names_that_take_long_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, answered = Resolver("https://compute.googleapis.com"), threading.Event()
    monkeypatch.setattr("cloudfail_gcp.egress.NAME_SECONDS", 0.05)
    asked, is_asked = list[str](), threading.Event()

    def late(host: str) -> tuple[Address, ...]:
        asked.append(host)
        is_asked.set()
        assert answered.wait(60)
        return (ip_address(PRIVATE),)

    monkeypatch.setattr("cloudfail_gcp.egress.addresses_of", late)
    assert [resolver.reach(), resolver.reach()] == [Reach(), Reach()]
    assert is_asked.wait(60)
    assert asked == ["compute.googleapis.com"]  # nor asked for twice at once
    answered.set()
    monkeypatch.setattr("cloudfail_gcp.egress.NAME_SECONDS", 60)
    assert resolver._thread is not None
    resolver._thread.join(60)
    assert resolver.reach() == reach_of(PRIVATE)
    resolve(monkeypatch)
    assert resolver.reach() == reach_of(PRIVATE)  # a name that is gone for a moment


def test_names_that_nobody_answers_are_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver, answered = Resolver("https://compute.googleapis.com"), threading.Event()
    monkeypatch.setattr("cloudfail_gcp.egress.addresses_of", lambda _: answered.wait(60) and ())
    monkeypatch.setattr("cloudfail_gcp.egress.NAME_SECONDS", 0.2)
    resolver.reach()
    monkeypatch.setattr("cloudfail_gcp.egress.NAME_SECONDS", 60)
    assert [resolver.reach() for _ in range(3)] == [Reach()] * 3
    assert not answered.is_set()
    answered.set()


def test_looks_of_both_threads_resolve_at_the_same_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An instance of the agent has one that looks and one that acts."""
    resolve(monkeypatch, PRIVATE)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        resolver = Resolver("https://compute.googleapis.com")
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda _: resolver.reach(), range(400)))
    finally:
        sys.setswitchinterval(before)
    assert set(found) == {reach_of(PRIVATE)}


def test_a_name_that_came_during_the_look_counts(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first name server is dead: calls wait for the second as well, and then are answered."""
    node, asked = node_of("a"), threading.Event()
    monkeypatch.setattr("cloudfail_gcp.egress.NAME_SECONDS", 0.0)

    def late(_: str) -> tuple[Address, ...]:
        assert asked.wait(60)
        return (ip_address(ENDPOINT),)

    monkeypatch.setattr("cloudfail_gcp.egress.addresses_of", late)
    looker = node.provider._looker
    read = looker._routes

    def answered(project: str, destinations: Sequence[str]) -> object:
        asked.set()
        until = time.monotonic() + 60
        while looker._resolver.known == Reach() and time.monotonic() < until:
            time.sleep(0.005)
        return read(project, destinations)

    monkeypatch.setattr(looker, "_routes", answered)
    claim = Route(table="lab", destination=ip_network("199.36.153.0/24"))
    assert node.provider.observe([claim])[0].obstacle == ""


@pytest.mark.parametrize(
    "claim",
    [
        Route(table="lab", destination=ip_network("10.99.0.0/16")),
        PublicIp(address=ip_address(PUBLIC)),
    ],
)
def test_an_api_that_cannot_be_reached_is_said_whatever_names_say(
    cloud: EmbeddedGcp, node_of: NodeMaker, claim: Claim
) -> None:
    node = node_of("a")
    node.provider.identify()
    cloud.faults = Faults(reset=dict.fromkeys(METHODS, 99))
    with pytest.raises(TransientError):
        node.provider.observe([claim])


def look(node_of: NodeMaker, destination: str) -> Holding:
    claim = Route(table="lab", destination=ip_network(destination))
    return node_of("a").provider.observe([claim])[0]


def give_route(cloud: EmbeddedGcp, destination: str, *tags: str, network: str = "lab") -> None:
    """Add a route to the internet gateway, past the API."""
    made = {
        "network": link(cloud.built.networks[network]),
        "destRange": destination,
        "priority": 1000,
        "nextHopGateway": link(GATEWAY),
        **({"tags": list(tags)} if tags else {}),
    }
    name = f"projects/lab-project/global/routes/way-{len(destination)}-{network}"
    cloud.api.apply(lambda store: store.put(name, made))


@pytest.mark.parametrize(
    ("destination", "address"),
    [("0.0.0.0/0", PRIVATE), ("199.36.153.0/24", RESTRICTED), ("10.96.0.0/12", ENDPOINT)],
)
def test_a_route_that_would_cut_the_way_is_refused(
    cloud: EmbeddedGcp,
    node_of: NodeMaker,
    monkeypatch: pytest.MonkeyPatch,
    destination: str,
    address: str,
) -> None:
    resolve(monkeypatch, address)
    assert f"own way to the Compute API ({address}) back" in look(node_of, destination).obstacle
    node = node_of("a", assured_egress=True)
    claim = Route(table="lab", destination=ip_network(destination))
    assert node.provider.observe([claim])[0].obstacle == ""
    assert cloud.violations == []


def test_a_route_of_another_network_than_calls_leave_by_is_none_of_that_way(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, PRIVATE)
    for network, words in (("other", ""), ("lab", "own way to the Compute API")):
        claim = Route(table=network, destination=ip_network("0.0.0.0/0"))
        (holding,) = node_of("a").provider.observe([claim])
        assert words in holding.obstacle
        assert bool(words) is bool(holding.obstacle)


def test_a_narrower_route_keeps_the_way(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, PRIVATE)
    give_route(cloud, "199.36.153.8/30", network="other")
    give_route(cloud, "199.36.153.4/30")
    assert PRIVATE in look(node_of, "0.0.0.0/0").obstacle
    give_route(cloud, "199.36.153.8/30", "elsewhere")
    assert PRIVATE in look(node_of, "0.0.0.0/0").obstacle
    give_route(cloud, "199.36.153.8/30")
    assert look(node_of, "0.0.0.0/0").obstacle == ""


def test_tags_count_where_this_node_has_them(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, PRIVATE)
    give_route(cloud, "0.0.0.0/0", "clients")
    # The route of a gateway is a stranger's in any case; what is asked is whether it is in the way.
    assert "own way" not in look(node_of, "0.0.0.0/0").obstacle
    path = cloud.built.nodes["a"].instance

    tagged = {**cloud.api.store.edit(path), "tags": {"items": ["clients"]}}
    cloud.api.apply(lambda store: store.put(path, tagged))
    node = node_of("a", peers=())
    claim = Route(table="lab", destination=ip_network("0.0.0.0/0"))
    assert "own way" in node.provider.observe([claim])[0].obstacle


def test_what_is_not_on_the_way_costs_no_call(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, ENDPOINT)
    node = node_of("a")
    node.provider.observe([Route(table="lab", destination=ip_network("10.99.0.0/16"))])
    assert node.operations.count("routes.list") == 1
    node.provider.observe([Route(table="lab", destination=ip_network("0.0.0.0/0"))])
    assert node.operations.count("routes.list") == 3


def test_where_the_ways_cannot_be_read_nothing_is_known(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, PRIVATE)
    node = node_of("a")
    claim = Route(table="lab", destination=ip_network("0.0.0.0/0"))
    read = node.provider._looker._routes

    def fail(project: str, destinations: object) -> object:
        if not destinations:
            cloud.faults = Faults(reset={"routes.list": 1})
        return read(project, destinations)  # type: ignore[arg-type]

    monkeypatch.setattr(node.provider._looker, "_routes", fail)
    assert node.provider.observe([claim])[0].owner is Owner.UNKNOWN


@pytest.mark.parametrize(
    ("change", "translates"),
    [
        ({"type": "PRIVATE"}, False),
        ({"endpointTypes": ["ENDPOINT_TYPE_SWG"]}, False),
        ({"endpointTypes": ["ENDPOINT_TYPE_VM"]}, True),
        ({"subnetworks": []}, False),
        (
            {
                "subnetworks": [],
                "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_PRIMARY_IP_RANGES",
            },
            True,
        ),
    ],
)
def test_only_a_nat_to_the_internet_is_another_way(
    cloud: EmbeddedGcp,
    node_of: NodeMaker,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
    translates: bool,
) -> None:
    path = "projects/lab-project/regions/europe-west1/routers/one"
    router = cloud.api.store.edit(path)
    router["nats"][0].update(change)
    cloud.api.apply(lambda store: store.put(path, router))
    resolve(monkeypatch, PRIVATE)
    (holding,) = node_of("a").provider.observe([PublicIp(address=ip_address(PUBLIC))])
    assert ("has to go first" not in holding.obstacle) is translates


def test_a_nat_of_secondary_ranges_is_no_way_of_the_node(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "projects/lab-project/regions/europe-west1/routers/one"
    router = cloud.api.store.edit(path)
    router["nats"][0]["subnetworks"][0]["sourceIpRangesToNat"] = ["LIST_OF_SECONDARY_IP_RANGES"]
    cloud.api.apply(lambda store: store.put(path, router))
    resolve(monkeypatch, PRIVATE)
    (holding,) = node_of("a").provider.observe([PublicIp(address=ip_address(PUBLIC))])
    assert "Private Google Access" in holding.obstacle


def test_private_google_access_is_a_way_to_private_service_connect(
    cloud: EmbeddedGcp, node_of: NodeMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = msgspec.structs.replace(WORLD.subnets[0], nat=False)
    for access, words in ((False, "has to go first"), (True, "")):
        one = msgspec.structs.replace(bare, private_google_access=access)
        cloud.build(msgspec.structs.replace(WORLD, subnets=(one, *WORLD.subnets[1:])))
        resolve(monkeypatch, ENDPOINT)
        monkeypatch.setattr(
            "cloudfail_gcp.egress.find_reach",
            lambda _: find_reach("https://compute-edge.p.googleapis.com"),
        )
        (holding,) = node_of("a").provider.observe([PublicIp(address=ip_address(PUBLIC))])
        assert words in holding.obstacle
        assert bool(holding.obstacle) is not access
