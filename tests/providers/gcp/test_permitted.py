"""Nothing is taken off its holder before it is known that this node may put it on."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from cloudfail.lab.cloud.faults import Faults
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.model import Claim, ForwardingRule, Owner, PrivateIp, PublicIp
from cloudfail.promote import promote
from cloudfail.testing.runs import ready_run

from cloudfail_gcp.permitted import KEPT_SECONDS
from cloudfail_gcp.policy import catalogue
from providers.gcp.nodes import ALIAS, PUBLIC, NodeMaker, edit_interfaces
from providers.gcp.test_late_repeats import Later

ONE, VIP = PrivateIp(address=ip_address(ALIAS)), PublicIp(address=ip_address(PUBLIC))
ASKED = "testIamPermissions"


def asked(operations: list[str]) -> list[str]:
    return [one for one in operations if one.endswith(ASKED)]


@pytest.mark.parametrize(
    ("claim", "missing", "on"),
    [
        (ONE, "compute.subnetworks.use", "subnetworks/one"),
        (ONE, "compute.instances.updateNetworkInterface", "instances/a"),
        (VIP, "compute.subnetworks.useExternalIp", "subnetworks/one"),
        (VIP, "compute.addresses.use", "addresses/public"),
        (VIP, "compute.instances.addAccessConfig", "instances/a"),
    ],
    ids=str,
)
def test_an_address_that_could_not_be_put_on_stays_with_its_holder(
    cloud: EmbeddedGcp, node_of: NodeMaker, claim: Claim, missing: str, on: str
) -> None:
    # The last range of its holder goes by a list that names no subnetwork.
    alone = [{"ipCidrRange": f"{ALIAS}/32"}]
    edit_interfaces(cloud, lambda nic: nic.update(aliasIpRanges=alone), node="b")
    cloud.enforce_iam([{"includedPermissions": sorted(set(catalogue()) - {missing})}])
    outcome = promote(node_of("a").provider, [claim], ready_run())
    (result,) = outcome.results
    assert f"the permission {missing} on projects/" in str(result.error)
    assert f"/{on} is missing, and it would be lost on the way" in str(result.error)
    assert result.owner is Owner.PEER
    assert not any(call.mutating for call in cloud.calls)


def test_what_cannot_be_asked_is_said_and_is_no_obstacle(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node = node_of("a")
    cloud.faults = Faults(throttle={f"subnetworks.{ASKED}": 1})
    (holding,) = node.provider.observe([ONE])
    assert holding.obstacle == ""
    assert (
        "could not be asked whether these credentials hold compute.subnetworks.use"
        in (holding.facts["note"])
    )
    (holding,) = node.provider.observe([ONE])
    assert "note" not in holding.facts


def test_what_was_allowed_is_believed_for_a_while_and_rules_ask_for_nothing(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    node, clock = node_of("a"), Later()
    node.provider._grants._clock = clock
    node.provider.observe([ForwardingRule(name="edge")])
    assert asked(node.operations) == []
    node.provider.observe([ONE, VIP])
    once = [f"{name}.{ASKED}" for name in ("addresses", "instances", "subnetworks")]
    assert asked(node.operations) == once
    node.provider.observe([ONE, VIP])
    assert asked(node.operations) == once
    clock.ahead = KEPT_SECONDS + 1
    node.provider.observe([ONE])
    assert asked(node.operations) == sorted([*once, *once[1:]])
    assert not any(call.mutating for call in node.calls)


def test_what_nobody_has_is_lost_by_no_remove_and_is_not_asked_for(
    cloud: EmbeddedGcp, node_of: NodeMaker
) -> None:
    edit_interfaces(cloud, lambda nic: nic.update(aliasIpRanges=[]), node="b")
    node = node_of("a")
    assert node.provider.observe([ONE])[0].owner is Owner.NOBODY
    assert asked(node.operations) == []
