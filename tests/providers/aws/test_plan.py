from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from cloudfail.model import (
    Claim,
    Holding,
    Lane,
    Node,
    Owner,
    PrivateIp,
    PublicIp,
    Route,
    Step,
    to_json,
)

from cloudfail_aws.plan import as_role, lanes_for
from cloudfail_aws.render import render

ME = Node(ref="eni-me", facts={"primary": "10.0.1.10"})
PEER = "eni-peer"


def public(address: str = "203.0.113.7", seat: str = "10.0.1.10", **facts: str) -> Holding:
    claim = PublicIp(address=ip_address(address))
    told = {"allocation_id": f"eipalloc-{address}", "private_address": seat, **facts}
    return Holding(claim=claim, owner=Owner.PEER, holder=PEER, facts=told)


def private(address: str, owner: Owner = Owner.PEER, **more: Any) -> Holding:
    holder = {"holder": PEER} if owner is Owner.PEER else {}
    claim = PrivateIp(address=ip_address(address))
    return Holding(claim=claim, owner=owner, **{**holder, **more})


def route(destination: str, table: str = "rtb-1", **facts: str) -> Holding:
    claim = Route(destination=ip_network(destination), table=table)
    told = {"exists": "yes", **facts}
    return Holding(claim=claim, owner=Owner.PEER, holder=PEER, facts=told)


def plan(*holdings: Holding) -> tuple[Lane, ...]:
    return lanes_for(holdings, ME)


def steps(*holdings: Holding) -> list[Step]:
    return [step for lane in plan(*holdings) for step in lane.steps]


def test_a_public_ip_is_one_atomic_call_that_says_everything() -> None:
    (step,) = steps(public())
    assert step.call == "AssociateAddress"
    assert step.params == {
        "AllocationId": "eipalloc-203.0.113.7",
        "NetworkInterfaceId": "eni-me",
        "PrivateIpAddress": "10.0.1.10",
        # Left out, EC2 takes it anyway; others do not. So it is always said.
        "AllowReassociation": True,
    }
    assert step.destroys == {}


def test_an_address_that_is_displaced_is_written_down_before() -> None:
    (step,) = steps(public(displaces="198.51.100.1"))
    assert step.destroys["displaced_public_ip"] == "198.51.100.1"
    assert "198.51.100.1, which is there now, is displaced" in step.summary
    assert "stays allocated" in step.summary


def test_an_elastic_ip_that_is_displaced_is_written_down_with_its_allocation() -> None:
    known = {"displaces": "198.51.100.1", "displaces_allocation_id": "eipalloc-own"}
    (step,) = steps(public(**known))
    assert step.destroys["displaced_allocation_id"] == "eipalloc-own"
    assert "an Elastic IP (eipalloc-own) stays allocated" in step.summary
    assert "goes back" not in step.summary


def test_a_step_says_whose_role_it_needs() -> None:
    foreign = "arn:aws:iam::210987654321:role/tables"
    claim = Route(destination=ip_network("10.1.0.0/16"), table="rtb-9", role_arn=foreign)
    there = Holding(claim=claim, owner=Owner.PEER, holder=PEER, facts={"exists": "yes"})
    lanes = as_role(plan(public(), there), "arn:aws:iam::123456789012:role/own")
    here, away = (lane.steps[0].summary for lane in lanes)
    assert here.endswith(", as arn:aws:iam::123456789012:role/own")
    assert away.endswith(f"{ME.ref}, as {foreign}")
    assert as_role(plan(public()), "") == plan(public())


def test_public_ips_move_in_parallel() -> None:
    lanes = plan(public(), public("203.0.113.8", "10.0.1.20"))
    assert [lane.key for lane in lanes] == ["eni-me/10.0.1.10", "eni-me/10.0.1.20"]


def test_all_private_ips_move_in_one_call() -> None:
    (step,) = steps(private("10.0.1.100"), private("10.0.1.101", Owner.NOBODY))
    assert step.call == "AssignPrivateIpAddresses"
    assert step.params == {
        "NetworkInterfaceId": "eni-me",
        "PrivateIpAddresses": ["10.0.1.100", "10.0.1.101"],
        "AllowReassignment": True,
    }
    assert len(step.claims) == 2


def test_a_public_ip_on_a_private_ip_that_moves_is_dragged_along_not_moved_twice() -> None:
    rider = public(seat="10.0.1.100", sits_on="10.0.1.100", rides="yes")
    (step,) = steps(rider, private("10.0.1.100"))
    assert step.call == "AssignPrivateIpAddresses"
    assert rider.claim in step.claims
    assert "public-ip 203.0.113.7 comes along" in step.summary


def test_a_public_ip_that_sits_elsewhere_follows_its_private_ip_in_the_same_lane() -> None:
    (lane,) = plan(public(seat="10.0.1.100", sits_on="10.0.1.11"), private("10.0.1.100"))
    assert lane.key == "eni-me"
    assert [(step.call, step.stage) for step in lane.steps] == [
        ("AssignPrivateIpAddresses", 0),
        ("AssociateAddress", 1),
    ]


def test_a_public_ip_is_not_dragged_from_where_nobody_has_the_private_ip() -> None:
    found = steps(
        public(seat="10.0.1.100", sits_on="10.0.1.100"), private("10.0.1.100", Owner.NOBODY)
    )
    assert [step.call for step in found] == ["AssignPrivateIpAddresses", "AssociateAddress"]


def test_a_public_ip_on_a_private_ip_that_is_here_already_moves_by_itself() -> None:
    (lane,) = plan(public(seat="10.0.1.100"), private("10.0.1.100", Owner.MINE))
    assert lane.key == "eni-me/10.0.1.100"


@pytest.mark.parametrize(
    "stuck",
    [
        private("10.0.1.100", obstacle="no"),
        private("10.0.1.100", Owner.STRANGER),
        private("10.0.1.100", Owner.UNKNOWN),
    ],
)
def test_a_public_ip_whose_private_ip_cannot_move_stays_too(stuck: Holding) -> None:
    assert plan(public(seat="10.0.1.100"), stuck) == ()


def test_planned_by_itself_a_rider_waits_for_its_private_ip() -> None:
    assert plan(public(seat="10.0.1.100", sits_on="10.0.1.100", rides="yes")) == ()
    (lane,) = plan(public(seat="10.0.1.100", sits_on="10.0.1.11", rides="yes"))
    assert (lane.key, lane.steps[0].stage) == ("eni-me", 1)


def test_planned_with_a_private_ip_that_stays_a_rider_stays_too() -> None:
    rider = public(seat="10.0.1.100", sits_on="10.0.1.11", rides="yes")
    assert plan(rider, private("10.0.1.100", Owner.STRANGER)) == ()


V6 = "2001:db8::100"


def test_ipv6_is_taken_off_a_peer_and_then_assigned() -> None:
    (lane,) = plan(private(V6))
    off, on = lane.steps
    assert (off.call, off.stage, off.releases, off.completes) == (
        "UnassignIpv6Addresses",
        0,
        True,
        False,
    )
    assert off.params == {"NetworkInterfaceId": PEER, "Ipv6Addresses": [V6]}
    assert off.destroys["holder"] == PEER
    assert (on.call, on.stage, on.releases, on.completes) == ("AssignIpv6Addresses", 1, False, True)
    assert on.params == {"NetworkInterfaceId": "eni-me", "Ipv6Addresses": [V6]}


def test_ipv6_that_nobody_has_is_only_assigned() -> None:
    (step,) = steps(private(V6, Owner.NOBODY))
    assert (step.call, step.stage, step.completes) == ("AssignIpv6Addresses", 0, False)


def test_ipv6_of_several_peers_is_assigned_apart_so_that_a_denied_remove_holds_up_no_other() -> (
    None
):
    other = private("2001:db8::101", holder="eni-third")
    found = steps(private(V6), other, private("2001:db8::102", Owner.NOBODY))
    assert [(step.call, step.stage, step.completes, len(step.claims)) for step in found] == [
        ("UnassignIpv6Addresses", 0, False, 1),
        ("AssignIpv6Addresses", 1, True, 1),
        ("UnassignIpv6Addresses", 0, False, 1),
        ("AssignIpv6Addresses", 1, True, 1),
        ("AssignIpv6Addresses", 0, False, 1),
    ]


def test_routes_of_a_table_share_a_lane_and_go_at_the_same_time() -> None:
    lanes = plan(route("10.99.0.0/16"), route("2001:db8:9::/64"), route("10.1.0.0/16", "rtb-2"))
    assert [lane.key for lane in lanes] == ["rtb-1", "rtb-2"]
    first, second = lanes[0].steps
    assert (first.stage, second.stage) == (0, 0)
    assert first.params == {
        "RouteTableId": "rtb-1",
        "DestinationCidrBlock": "10.99.0.0/16",
        "NetworkInterfaceId": "eni-me",
    }
    assert second.params["DestinationIpv6CidrBlock"] == "2001:db8:9::/64"


def test_a_route_that_does_not_exist_is_created() -> None:
    (step,) = steps(route("10.99.0.0/16", exists="no"))
    assert step.call == "CreateRoute"


@pytest.mark.parametrize("owner", [Owner.MINE, Owner.STRANGER, Owner.UNKNOWN])
def test_only_what_a_peer_or_nobody_has_is_moved(owner: Owner) -> None:
    import msgspec

    everything = [public(), private("10.0.1.100"), private(V6), route("10.99.0.0/16")]
    assert plan(*(msgspec.structs.replace(h, owner=owner) for h in everything)) == ()
    assert plan(*(msgspec.structs.replace(h, obstacle="no") for h in everything)) == ()


def every_step() -> list[Step]:
    claims = [
        public(),
        private("10.0.1.100"),
        private(V6),
        route("10.99.0.0/16"),
        route("2001:db8:9::/64", exists="no"),
    ]
    return steps(*claims)


def test_every_call_that_is_planned_is_json() -> None:
    calls = {step.call for step in every_step()}
    assert len(calls) == 6
    for step in every_step():
        assert json.loads(json.dumps(to_json(step)))["params"] == to_json(step.params)


RENDERED = {
    "AssociateAddress": "associate-address --allocation-id eipalloc-203.0.113.7 "
    "--network-interface-id eni-me --private-ip-address 10.0.1.10 --allow-reassociation",
    "AssignPrivateIpAddresses": "assign-private-ip-addresses --network-interface-id eni-me "
    "--private-ip-addresses 10.0.1.100 --allow-reassignment",
    "UnassignIpv6Addresses": "unassign-ipv6-addresses --network-interface-id eni-peer "
    f"--ipv6-addresses {V6}",
    "AssignIpv6Addresses": f"assign-ipv6-addresses --network-interface-id eni-me "
    f"--ipv6-addresses {V6}",
    "ReplaceRoute": "replace-route --route-table-id rtb-1 --destination-cidr-block 10.99.0.0/16 "
    "--network-interface-id eni-me",
    "CreateRoute": "create-route --route-table-id rtb-1 "
    "--destination-ipv6-cidr-block 2001:db8:9::/64 --network-interface-id eni-me",
}


@pytest.mark.parametrize("step", every_step(), ids=lambda step: step.call)
def test_a_step_reads_as_a_command_of_the_vendor(step: Step) -> None:
    assert " ".join(render(step)) == f"aws ec2 {RENDERED[step.call]}"


def test_a_claim_of_another_cloud_is_ignored() -> None:
    class Other(Claim, frozen=True, kw_only=True, tag="other"):
        @property
        def target(self) -> str:
            return "x"

    assert plan(Holding(claim=Other(), owner=Owner.PEER)) == ()
