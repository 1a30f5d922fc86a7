"""Whose a machine is: found by an IPv6 address, gone, or in a zone that is down."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Claim, ForwardingRule, Owner, Peer
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run
from google.cloud.compute_v1.types import InstanceAggregatedList

from cloudfail_gcp.instances import read_gone
from providers.gcp.laid import CLAIM as ROUTE
from providers.gcp.nodes import Node, NodeMaker, edit_interfaces

EDGE, STRANGE = ForwardingRule(name="edge"), ForwardingRule(name="strange")
SIX = (Peer(name="b", address=ip_address("2001:db8:1::b")),)
LIST = "instances.aggregatedList"


def owner(node: Node, claim: Claim = EDGE) -> Owner:
    return node.provider.observe([claim])[0].owner


def remove(cloud: EmbeddedGcp, node: str) -> None:
    """Delete a machine past the API; its target instance stays."""
    cloud.api.apply(lambda store: store.drop(cloud.built.nodes[node].instance))


@pytest.mark.parametrize(
    "fields",
    [
        {"ipv6Address": "2001:db8:1::b"},
        {"ipv6Address": "2001:db8:1:0:0:0:0:b"},
        {
            "ipv6AccessConfigs": [
                {"type": "DIRECT_IPV6", "name": "six", "externalIpv6": "2001:db8:1:0:0:0:0:b"}
            ]
        },
    ],
    ids=str,
)
def test_a_peer_is_found_by_its_ipv6_address(
    cloud: EmbeddedGcp, node_of: NodeMaker, fields: dict[str, Any]
) -> None:
    edit_interfaces(cloud, lambda nic: nic.update(fields), node="b")
    node = node_of("a", peers=SIX)
    assert owner(node) is owner(node, ROUTE) is Owner.PEER
    assert owner(node, STRANGE) is Owner.STRANGER


def test_a_rule_that_leads_to_a_machine_that_is_gone_is_nobodys(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    remove(cloud, "b")
    outcome = promote(node_of("a").provider, [EDGE], ready_run())
    assert (outcome.exit_code, cloud.changes[-1].node) == (0, "a")


def test_what_could_not_be_read_of_a_strange_machine_is_not_known(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    # The first list is of the nodes, the second one of the machine that is none of theirs.
    node = node_of("a")
    node.provider.identify()
    cloud.faults = Faults(throttle={LIST: 1})
    named = Peer(
        name="b",
        address=ip_address("10.0.1.11"),
        interface_id=cloud.built.nodes["b"].interface_id,
    )
    assert owner(node_of("a", peers=(named,)), STRANGE) is Owner.UNKNOWN


def test_a_peer_that_no_look_shows_any_more_is_still_a_peer(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    assert owner(node) is Owner.PEER
    edit_interfaces(cloud, lambda nic: nic.update(networkIP="10.0.1.12"), node="b")
    assert owner(node) is Owner.PEER
    assert owner(node_of("a")) is Owner.STRANGER  # who never saw it there


class Listed:
    """Compute's answer to a list."""

    def __init__(self, scopes: dict[str, Any]) -> None:
        self._scopes = InstanceAggregatedList(items=scopes).items

    def pages(self, *_: Any) -> list[Any]:
        return list(self._scopes.items())


def test_a_machine_in_a_zone_that_is_down_is_not_gone() -> None:
    down, up = "projects/p/zones/z-a/instances/b", "projects/p/zones/z-b/instances/c"
    api: Any = Listed(
        {
            "zones/z-a": {"warning": {"code": "UNREACHABLE"}},
            "zones/z-b": {"warning": {"code": "NO_RESULTS_ON_PAGE"}},
        }
    )
    assert read_gone(api, [down, up]) == {up}
