"""From who holds what to the PUTs that change it."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from typing import Any

import msgspec
import pytest
from cloudfail.model import Claim, Holding, Lane, Node, Owner, PrivateIp, PublicIp, Route, Step

from cloudfail_azure.nics import configurations
from cloudfail_azure.plan import lanes_for
from providers.azure.documents import NIC, SCOPE, SUBNET, VIP, Json, config, interface

MINE, THEIRS, THIRD = f"{NIC}/a-nic", f"{NIC}/b-nic", f"{NIC}/c-nic"
NODE = Node(ref=MINE)
FLOATING = PrivateIp(address=ip_address("10.0.1.100"))
PUBLIC = PublicIp(address=ip_address("203.0.113.7"))
SEATED = PublicIp(address=ip_address("203.0.113.7"), private_address=ip_address("10.0.1.100"))
TABLE = f"{SCOPE}/routeTables/edge"
OWN = interface(config("ipconfig1", "10.0.1.10", primary=True), nic="a-nic")
VIP_CONFIG = config("vip", "10.0.1.100", loadBalancerBackendAddressPools=[{"id": "/pool"}])


def theirs(*configs: Json, **more: Any) -> Json:
    return interface(config("ipconfig1", "10.0.1.11", primary=True), *configs, **more)


def private(
    claim: PrivateIp = FLOATING, *, holder: str = THEIRS, there: Json | None = None, **facts: str
) -> Holding:
    held = there or theirs(VIP_CONFIG)
    known = {
        "subnet": SUBNET,
        "config": json.dumps(configurations(held)[-1]),
        "own": json.dumps(OWN),
        "theirs": json.dumps(held) if holder else "",
    }
    owner = Owner.PEER if holder else Owner.NOBODY
    return Holding(claim=claim, owner=owner, holder=holder, facts={**known, **facts})


def public(
    claim: PublicIp = PUBLIC, *, holder: str = THEIRS, there: Json | None = None, **facts: str
) -> Holding:
    reference = {"id": VIP, "properties": {"deleteOption": "Detach"}}
    on_it = config("ipconfig1", "10.0.1.11", primary=True, publicIPAddress=reference)
    known = {
        "public_ip": VIP,
        "seat": str(claim.private_address or "10.0.1.10"),
        "reference": json.dumps(reference) if holder else "",
        "own_public_ip": "",
        "own": json.dumps(OWN),
        "theirs": json.dumps(there or interface(on_it)) if holder else "",
    }
    owner = Owner.PEER if holder else Owner.NOBODY
    return Holding(claim=claim, owner=owner, holder=holder, facts={**known, **facts})


def route(destination: str, table: str = TABLE, **facts: str) -> Holding:
    claim = Route(destination=ip_network(destination), table=table)
    name = destination.replace("/", "-")
    document = {
        "name": name,
        "id": f"{table}/routes/{name}",
        "etag": 'W/"3"',
        "properties": {
            "provisioningState": "Succeeded",
            "addressPrefix": destination,
            "nextHopType": "VirtualAppliance",
            "nextHopIpAddress": "10.0.1.11",
            "xyz": 1,
        },
    }
    known = {
        "table": table,
        "route": f"{table}/routes/{name}",
        "next_hop": "10.0.1.10",
        "etag": 'W/"3"',
        "document": json.dumps(document),
    }
    return Holding(claim=claim, owner=Owner.PEER, holder=THEIRS, facts={**known, **facts})


def only(lanes: tuple[Lane, ...]) -> tuple[Step, ...]:
    (lane,) = lanes
    return lane.steps


def test_a_private_address_leaves_its_holder_and_comes_here_with_what_is_on_it() -> None:
    off, on = only(lanes_for([private()], NODE))
    assert (off.call, off.stage, off.releases, off.completes) == (
        "networkInterfaces.put",
        0,
        True,
        False,
    )
    assert (on.call, on.stage, on.releases, on.completes) == (
        "networkInterfaces.put",
        1,
        False,
        True,
    )
    assert off.params == {
        "id": THEIRS,
        "remove": [{"name": "vip", "privateIPAddress": "10.0.1.100"}],
    }
    assert off.conditions == {"document": theirs(VIP_CONFIG)}
    (added,) = on.params["add"]
    assert added["properties"]["loadBalancerBackendAddressPools"] == [{"id": "/pool"}]
    assert "id" not in added
    assert on.params["id"] == MINE
    assert on.conditions == {"document": OWN}
    assert off.summary == "take 10.0.1.100 off edge/b-nic"
    assert on.summary == "put 10.0.1.100 on edge/a-nic"


def test_a_private_address_joins_the_security_groups_of_this_interface() -> None:
    mine, theirs_ = [{"id": "/mine"}], [{"id": "/theirs"}]
    there = theirs(config("vip", "10.0.1.100", applicationSecurityGroups=theirs_))
    primary = config("ipconfig1", "10.0.1.10", primary=True, applicationSecurityGroups=mine)
    own = json.dumps(interface(primary, nic="a-nic"))
    _, on = only(lanes_for([private(there=there, own=own)], NODE))
    assert on.params["add"][0]["properties"]["applicationSecurityGroups"] == mine


def test_what_a_remove_loses_is_known_before_it_is_sent() -> None:
    off, _ = only(lanes_for([private()], NODE))
    assert off.destroys["holder"] == THEIRS
    (kept,) = json.loads(off.destroys["ipConfigurations"])
    assert kept["properties"]["loadBalancerBackendAddressPools"] == [{"id": "/pool"}]
    off, _ = only(lanes_for([public()], NODE))
    assert json.loads(off.destroys["publicIPAddresses"]) == [
        {"name": "ipconfig1", "publicIPAddress": {"id": VIP}, "privateIPAddress": "10.0.1.11"}
    ]


def test_a_public_address_leaves_its_holder_and_comes_to_its_seat() -> None:
    off, on = only(lanes_for([public()], NODE))
    assert off.params["detach"] == [{"name": "ipconfig1", "publicIPAddress": {"id": VIP}}]
    (attached,) = on.params["attach"]
    assert (attached["name"], attached["privateIPAddress"]) == ("ipconfig1", "10.0.1.10")
    # What its holder said of it, whether it goes with the virtual machine, stays said.
    assert attached["publicIPAddress"]["properties"] == {"deleteOption": "Detach"}
    assert (on.completes, on.destroys) == (True, {})


@pytest.mark.parametrize("make", [private, public])
def test_what_nobody_has_takes_one_put(make: Any) -> None:
    (on,) = only(lanes_for([make(holder="")], NODE))
    assert (on.stage, on.releases, on.completes) == (0, False, False)


def test_an_address_that_was_never_seen_gets_a_configuration_of_this_subnet() -> None:
    (on,) = only(lanes_for([private(holder="", config="")], NODE))
    (added,) = on.params["add"]
    assert added["properties"]["subnet"] == {"id": SUBNET}
    assert added["properties"]["privateIPAddress"] == "10.0.1.100"


def test_all_addresses_of_an_interface_leave_in_one_put_and_come_in_one() -> None:
    other = PrivateIp(address=ip_address("10.0.1.101"))
    there = theirs(VIP_CONFIG, config("other", "10.0.1.101"))
    first, second = (private(c, there=there) for c in (FLOATING, other))
    elsewhere = public(holder=THIRD)
    *offs, on = only(lanes_for([first, second, elsewhere], NODE))
    assert [step.params["id"] for step in offs] == [THEIRS, THIRD]
    assert {step.stage for step in offs} == {0}
    assert [item["name"] for item in offs[0].params["remove"]] == ["vip", "other"]
    assert on.claims == (FLOATING, other, PUBLIC)
    assert (len(on.params["add"]), len(on.params["attach"])) == (2, 1)


def test_a_public_address_on_a_private_one_that_moves_comes_along() -> None:
    there = theirs(config("vip", "10.0.1.100", publicIPAddress={"id": VIP}))
    off, on = only(lanes_for([private(there=there), public(SEATED, there=there)], NODE))
    assert off.claims == on.claims == (FLOATING, SEATED)
    assert "detach" not in off.params
    assert "attach" not in on.params
    assert on.params["add"][0]["properties"]["publicIPAddress"] == {"id": VIP}


def test_a_public_address_elsewhere_follows_to_the_private_one_in_the_same_put() -> None:
    off, on = only(lanes_for([private(), public(SEATED)], NODE))
    assert off.params["id"] == THEIRS
    assert (len(off.params["remove"]), len(off.params["detach"])) == (1, 1)
    (attached,) = on.params["attach"]
    assert (attached["name"], attached["privateIPAddress"]) == ("", "10.0.1.100")


def test_a_public_address_that_is_to_sit_elsewhere_leaves_the_private_one_it_came_with() -> None:
    there = theirs(config("vip", "10.0.1.100", publicIPAddress={"id": VIP}))
    off, on = only(lanes_for([private(there=there), public(there=there)], NODE))
    assert (len(off.params["remove"]), len(off.params["detach"])) == (1, 1)
    assert "publicIPAddress" not in on.params["add"][0]["properties"]
    assert on.params["attach"][0]["privateIPAddress"] == "10.0.1.10"


def test_a_public_address_that_nobody_claims_moves_with_the_private_one() -> None:
    there = theirs(config("vip", "10.0.1.100", publicIPAddress={"id": VIP}))
    _, on = only(lanes_for([private(there=there)], NODE))
    assert on.params["add"][0]["properties"]["publicIPAddress"] == {"id": VIP}


def test_a_public_address_whose_seat_stays_elsewhere_stays_too() -> None:
    stuck = msgspec.structs.replace(private(), owner=Owner.STRANGER)
    assert lanes_for([stuck, public(SEATED)], NODE) == ()


def test_a_public_address_of_another_seat_of_this_interface_moves_in_one_put() -> None:
    on_it = config("ipconfig2", "10.0.1.12", nic="a-nic", publicIPAddress={"id": VIP})
    (on,) = only(lanes_for([public(holder=MINE.upper(), there=interface(on_it))], NODE))
    assert on.params["detach"] == [{"name": "ipconfig2", "publicIPAddress": {"id": VIP}}]
    assert len(on.params["attach"]) == 1
    assert not on.releases


def test_what_a_seat_had_before_is_said() -> None:
    _, on = only(lanes_for([public(own_public_ip=f"{VIP}-own")], NODE))
    assert "; vip-own, there now, is left unused" in on.summary
    assert on.destroys == {"displaced": f"{VIP}-own"}


def test_an_interface_that_is_being_changed_is_read_again_before_it_is_written() -> None:
    busy = {**OWN, "properties": {**OWN["properties"], "provisioningState": "Updating"}}
    _, on = only(lanes_for([private(own=json.dumps(busy))], NODE))
    assert on.conditions == {}


def test_each_route_is_put_alone_and_tables_go_in_parallel() -> None:
    held = [route("10.99.0.0/16"), route("10.98.0.0/16"), route("10.97.0.0/16", f"{TABLE}2")]
    one, two = lanes_for(held, NODE)
    assert [step.stage for step in one.steps] == [0, 1]
    assert [step.call for step in (*one.steps, *two.steps)] == ["routes.put"] * 3
    first, second = one.steps
    assert first.params["id"] == f"{TABLE}/routes/10.99.0.0-16"
    assert first.params["route"]["properties"] == {
        "addressPrefix": "10.99.0.0/16",
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": "10.0.1.10",
        "xyz": 1,
    }
    assert first.conditions == {"nextHop": "10.0.1.11", "etag": 'W/"3"'}
    # The first one may have changed the ETag of all.
    assert second.conditions == {"nextHop": "10.0.1.11"}
    assert first.summary == "point 10.99.0.0/16 of edge at 10.0.1.10"


def test_a_route_that_is_missing_is_made() -> None:
    (step,) = only(lanes_for([route("10.99.0.0/16", document="", etag="")], NODE))
    assert step.params["route"]["name"] == "10.99.0.0-16"
    assert step.params["route"]["properties"]["addressPrefix"] == "10.99.0.0/16"
    assert step.conditions == {}
    assert step.summary.startswith("create")


def test_several_next_hops_give_way_to_this_node() -> None:
    known = json.loads(route("10.99.0.0/16").facts["document"])
    del known["properties"]["nextHopIpAddress"]
    known["properties"] |= {"nextHop": {"nextHopIpAddresses": ["10.0.1.11", "10.0.1.12"]}}
    (step,) = only(lanes_for([route("10.99.0.0/16", document=json.dumps(known))], NODE))
    assert "nextHop" not in step.params["route"]["properties"]
    assert step.conditions["nextHop"] == "10.0.1.11,10.0.1.12"


@pytest.mark.parametrize("owner", [Owner.MINE, Owner.STRANGER, Owner.UNKNOWN])
def test_what_is_not_to_be_moved_is_left_alone(owner: Owner) -> None:
    held = [msgspec.structs.replace(h, owner=owner) for h in (private(), public(), route("::/0"))]
    assert lanes_for(held, NODE) == ()
    obstructed = [msgspec.structs.replace(h, obstacle="no") for h in (private(), public())]
    assert lanes_for(obstructed, NODE) == ()


def test_a_plan_is_of_what_does_not_change_by_itself() -> None:
    """The digest of a plan covers `params`: no ETag and no state is in them."""
    claims: list[Claim] = []
    for lane in lanes_for([private(), public(), route("10.99.0.0/16")], NODE):
        for step in lane.steps:
            said = json.dumps(step.params)
            assert "etag" not in said
            assert "provisioningState" not in said
            claims += step.claims
    assert {claim.kind for claim in claims} == {"private-ip", "public-ip", "route"}
