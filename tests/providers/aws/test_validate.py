from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from cloudfail.model import Claim, PrivateIp, PublicIp, Route

from cloudfail_aws import SPEC

VIP = ip_address("203.0.113.7")
ROUTE = Route(table="rtb-1", destination=ip_network("10.0.0.0/8"))


class Rule(Claim, frozen=True, kw_only=True, tag="forwarding-rule"):
    kind = "forwarding-rule"

    @property
    def target(self) -> str:
        return "fr-1"


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        (Rule(), "AWS has no forwarding-rule"),
        (PrivateIp(address=ip_address("10.0.1.64"), prefix_length=28), "no ranges; use a route"),
        (PublicIp(address=ip_address("2001:db8::1")), "an Elastic IP is IPv4"),
        (
            PublicIp(address=VIP, private_address=ip_address("2001:db8::1")),
            "private_address 2001:db8::1 must be IPv4",
        ),
        (PublicIp(address=VIP, resource_id="rtb-1"), "no allocation id"),
        (Route(table="main", destination=ip_network("10.0.0.0/8")), "'main' is no route table id"),
        (
            Route(table="rtb-1", destination=ip_network("10.0.0.0/8"), role_arn="me"),
            "role_arn 'me' is no ARN",
        ),
        (PrivateIp(address=ip_address("fe80::1")), "link-local"),
    ],
)
def test_what_aws_cannot_serve_is_said_offline(claim: Claim, said: str) -> None:
    (sentence,) = SPEC.validate([claim])
    assert said in sentence
    assert sentence.startswith(str(claim))


def test_two_public_ips_on_one_address_would_displace_each_other_for_ever() -> None:
    other = PublicIp(address=ip_address("203.0.113.8"))
    (sentence,) = SPEC.validate([PublicIp(address=VIP), other])
    assert "public-ip 203.0.113.7, public-ip 203.0.113.8 all sit on the primary address" in sentence


def test_a_sound_set_of_claims_has_nothing_to_say() -> None:
    seated = PublicIp(
        address=ip_address("203.0.113.8"),
        private_address=ip_address("10.0.1.100"),
        resource_id="eipalloc-1",
    )
    private = PrivateIp(address=ip_address("10.0.1.100"))
    assert list(SPEC.validate([PublicIp(address=VIP), seated, private, ROUTE])) == []
