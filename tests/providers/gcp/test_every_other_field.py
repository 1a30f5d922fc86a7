"""Whatever goes wrong on the way: what nobody claimed comes out as it went in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Claim, Owner, PrivateIp, PublicIp
from cloudfail.planner import build_plan
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from providers.gcp.nodes import ALIAS, PUBLIC, RANGE, WORLD, NodeMaker, edit_interfaces, nic_of

PATCH, ADD = "instances.updateNetworkInterface", "instances.addAccessConfig"
DELETE, WAIT = "instances.deleteAccessConfig", "zoneOperations.wait"
ONE, PUBLIC_IP = PrivateIp(address=ip_address(ALIAS)), PublicIp(address=ip_address(PUBLIC))
PODS = PrivateIp(address=ip_address("10.64.0.16"), prefix_length=28)
CLAIMED = {f"{ALIAS}/32", RANGE}
CALLS = st.sampled_from([PATCH, ADD, DELETE, WAIT, "instances.get", "instances.aggregatedList"])
COUNTS = st.dictionaries(CALLS, st.integers(1, 2), max_size=2)
ENDS = st.sampled_from(["CONDITION_NOT_MET", "RESOURCE_NOT_READY", "INTERNAL_ERROR"])
FAULTS = st.builds(
    Faults,
    throttle=COUNTS,
    reset=COUNTS,
    reset_after=COUNTS,
    operation_errors=st.dictionaries(CALLS, st.tuples(ENDS, st.integers(1, 2)), max_size=2),
    operation_lost=COUNTS,
    wait_ms=st.sampled_from([1.0, 120_000.0]),
)
OTHERS = st.sets(st.integers(200, 219), max_size=4)


def unclaimed(cloud: EmbeddedGcp) -> list[Any]:
    """Return every interface but for what is claimed, and this node's ephemeral address."""
    found = []
    for name in cloud.built.nodes:
        nic = {key: value for key, value in nic_of(cloud, name).items() if key != "fingerprint"}
        aliases = nic.pop("aliasIpRanges", [])
        kept = [alias for alias in aliases if alias["ipCidrRange"] not in CLAIMED]
        if name in {"a", "b"}:
            nic.pop("accessConfigs", None)
        found.append({**nic, "kept": kept})
    return found


def give(nic: dict[str, Any], numbers: set[int]) -> None:
    nic["aliasIpRanges"] += [{"ipCidrRange": f"10.0.1.{number}/32"} for number in sorted(numbers)]


def owners(cloud: EmbeddedGcp, node_of: NodeMaker, claims: Sequence[Claim]) -> set[Owner]:
    cloud.faults = Faults()
    return {holding.owner for holding in node_of("a").provider.observe(claims)}


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    # Each example is a failover over sockets: to shrink one takes minutes.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(
    faults=FAULTS,
    others=st.tuples(OTHERS, OTHERS),
    claims=st.sampled_from([(ONE,), (ONE, PODS), (PUBLIC_IP,), (ONE, PODS, PUBLIC_IP)]),
)
def test_every_other_field_is_as_it_was(
    cloud: EmbeddedGcp,
    node_of: NodeMaker,
    faults: Faults,
    others: tuple[set[int], set[int]],
    claims: tuple[Claim, ...],
) -> None:
    cloud.faults = Faults()
    cloud.build(WORLD)
    for node, numbers in zip("ab", (others[0], others[1] - others[0]), strict=True):
        edit_interfaces(cloud, partial(give, numbers=numbers), node=node)
    before = unclaimed(cloud)
    config = nic_of(cloud, "b")["accessConfigs"]
    cloud.faults = faults
    # Throttled twice, a run waits for the next minute: GCP's deadline is longer than the default.
    outcome = promote(node_of("a").provider, claims, ready_run(seconds=600))
    assert [result.error for result in outcome.results] == [None] * len(claims)
    assert owners(cloud, node_of, claims) == {Owner.MINE}
    assert unclaimed(cloud) == before
    assert cloud.violations == []
    if PUBLIC_IP in claims:
        assert nic_of(cloud, "a")["accessConfigs"] == config


@pytest.mark.parametrize(
    ("claims", "first"),
    [
        # The PATCH is conditional by itself. An access config is looked at right before it goes,
        # unless it is this node's own, or named after its address: test_unseen_deletes.
        ((ONE, PODS), [PATCH, WAIT, PATCH, WAIT]),
        ((PUBLIC_IP,), [DELETE, WAIT, "instances.get", DELETE, WAIT, ADD, WAIT]),
    ],
)
def test_a_prepared_plan_leaves_without_another_look(
    cloud: EmbeddedGcp, node_of: NodeMaker, claims: tuple[Claim, ...], first: list[str]
) -> None:
    provider = node_of("a").provider
    plan = build_plan(provider, claims, instance="edge")
    known = len(cloud.calls)
    assert promote(provider, claims, ready_run(), prepared=plan).exit_code == 0
    assert [call.operation for call in cloud.calls[known:]][: len(first)] == first
