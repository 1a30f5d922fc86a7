"""Whatever goes wrong on the way: what nobody claimed comes out as it went in."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

import msgspec
import pytest
from cloudfail.lab.cloud.azure.embedded import EmbeddedAzure
from cloudfail.lab.cloud.azure.world import World
from cloudfail.lab.cloud.faults import Faults
from cloudfail.model import Claim, Owner, PublicIp
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from providers.azure.documents import UNKNOWN, Json
from providers.azure.doing import FLOATING, NIC_GET, NIC_PUT, POLL, ROUTE_PUT, TO_EDGE, VIP
from providers.azure.nodes import PRIVATE, SEATED, WORLD, NodeMaker

ALONG = PublicIp(address=ip_address(SEATED), private_address=ip_address(PRIVATE))
CALLS = st.sampled_from([NIC_PUT, ROUTE_PUT, POLL, NIC_GET, "networkInterfaces.list"])
COUNTS = st.dictionaries(CALLS, st.integers(1, 2), max_size=2)
ENDS = st.sampled_from(
    [
        "CanceledAndSupersededDueToAnotherOperation",
        "RetryableErrorDueToAnotherOperation",
        "InternalServerError",
    ]
)
FAULTS = st.builds(
    Faults,
    throttle=COUNTS,
    reset=COUNTS,
    reset_after=COUNTS,
    operation_errors=st.dictionaries(CALLS, st.tuples(ENDS, st.integers(1, 2)), max_size=2),
    operation_lost=COUNTS,
    operation_by_location=st.booleans(),
)
GIVEN = {"id", "etag", "type", "provisioningState"}


def unclaimed(cloud: EmbeddedAzure) -> list[Any]:
    """Return every interface, table and load balancer, but for what is claimed."""
    found: list[Any] = []
    with cloud.api.lock:
        for kind in ("networkInterfaces", "routeTables", "loadBalancers", "virtualNetworks"):
            found += [_but(copy.deepcopy(one)) for one in cloud.api.store.every(kind)]
    return found


def _but(document: Json) -> Json:
    properties = document["properties"]
    configs = properties.get("ipConfigurations", [])
    kept = [c for c in configs if c["properties"]["privateIPAddress"] != PRIVATE]
    for config in kept:
        config["properties"].pop("publicIPAddress", None)
    if configs:
        properties["ipConfigurations"] = kept
    for route in properties.get("routes", ()):
        route["properties"].pop("nextHopIpAddress", None)
    found: Json = _without(document)
    return found


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: _without(v) for k, v in value.items() if k not in GIVEN or value.keys() == {"id"}
        }
    return [_without(item) for item in value] if isinstance(value, list) else value


def floating(cloud: EmbeddedAzure, node: str) -> Any:
    """Return the floating ipConfiguration of a node, without what Azure says of it."""
    with cloud.api.lock:
        document = cloud.api.store.edit(cloud.built.nodes[node].interface_id)
    configs = document["properties"]["ipConfigurations"]
    return [_without(c) for c in configs if c["properties"]["privateIPAddress"] == PRIVATE]


def planted(of_interfaces: Json, of_configs: Json) -> World:
    """Return the world with more fields that no SDK knows, on all interfaces and what is on them."""
    replace = msgspec.structs.replace
    nodes = [
        replace(
            node,
            interfaces=tuple(
                replace(
                    nic,
                    extra={**nic.extra, **of_interfaces},
                    configs=tuple(
                        replace(config, extra={**config.extra, **of_configs})
                        for config in nic.configs
                    ),
                )
                for nic in node.interfaces
            ),
        )
        for node in WORLD.nodes
    ]
    return replace(WORLD, nodes=tuple(nodes))


def owners(cloud: EmbeddedAzure, node_of: NodeMaker, claims: Sequence[Claim]) -> set[Owner]:
    cloud.faults = Faults()
    return {holding.owner for holding in node_of("a").provider.observe(claims)}


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # Each example is a failover over sockets: to shrink one takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(
    faults=FAULTS,
    unknown=st.tuples(UNKNOWN, UNKNOWN),
    claims=st.sampled_from(
        [(FLOATING,), (FLOATING, ALONG), (VIP,), (TO_EDGE,), (FLOATING, ALONG, VIP, TO_EDGE)]
    ),
)
def test_every_other_field_is_as_it_was(
    cloud: EmbeddedAzure,
    node_of: NodeMaker,
    faults: Faults,
    unknown: tuple[Json, Json],
    claims: tuple[Claim, ...],
) -> None:
    cloud.faults = Faults()
    cloud.build(planted(*unknown))
    before, moving = unclaimed(cloud), floating(cloud, "b")
    cloud.faults = faults
    outcome = promote(node_of("a").provider, claims, ready_run(seconds=600))
    assert [result.error for result in outcome.results] == [None] * len(claims)
    assert owners(cloud, node_of, claims) == {Owner.MINE}
    assert unclaimed(cloud) == before
    assert cloud.violations == []
    if FLOATING in claims:
        assert floating(cloud, "a") == moving
        assert floating(cloud, "b") == []


@pytest.mark.parametrize(
    ("claims", "first"),
    [
        ((TO_EDGE,), [ROUTE_PUT, POLL]),
        ((VIP,), [NIC_PUT, POLL, NIC_PUT, POLL]),
        ((FLOATING, ALONG), [NIC_PUT, POLL, NIC_PUT, POLL]),
    ],
)
def test_a_prepared_plan_leaves_without_another_look(
    cloud: EmbeddedAzure, node_of: NodeMaker, claims: tuple[Claim, ...], first: list[str]
) -> None:
    provider = node_of("a").provider
    plan = build_plan(provider, claims, instance="edge")
    known = len(cloud.calls)
    assert promote(provider, claims, ready_run(), prepared=plan).exit_code == 0
    assert [call.operation for call in cloud.calls[known:]][: len(first)] == first
