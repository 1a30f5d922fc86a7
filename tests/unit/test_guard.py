"""What is refused, and what the operator is told."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import msgspec
import pytest
from cloudfail.guard import Rules, findings, judge, refusal
from cloudfail.model import Claim, Holding, Owner, PrivateIp, PublicIp, Route, Severity

PUBLIC = PublicIp(address=ip_address("203.0.113.7"))
PRIVATE = PrivateIp(address=ip_address("10.0.0.100"))
RANGE = PrivateIp(address=ip_address("10.0.1.64"), prefix_length=28)
ROUTE = Route(destination=ip_network("10.99.0.0/16"), table="rtb-1")


def held(claim: Claim, owner: Owner = Owner.PEER, obstacle: str = "") -> Holding:
    return Holding(claim=claim, owner=owner, holder="eni-x", obstacle=obstacle)


@pytest.mark.parametrize("owner", list(Owner))
def test_a_note_is_a_warning_of_what_may_be_taken_and_blocks_nothing(owner: Owner) -> None:
    noted = msgspec.structs.replace(held(PUBLIC, owner), facts={"note": "it displaces another"})
    found = [f.message for f in findings((noted,)) if f.severity is Severity.WARNING]
    movable = owner in {Owner.PEER, Owner.NOBODY}
    assert found == (["it displaces another"] if movable else [])


@pytest.mark.parametrize("owner", [Owner.PEER, Owner.NOBODY, Owner.MINE, Owner.UNKNOWN])
def test_peers_and_nobody_are_not_refused(owner: Owner) -> None:
    assert refusal(judge(held(PUBLIC, owner), Rules())) is None


def test_a_stranger_is_refused_and_named() -> None:
    error = refusal(judge(held(PUBLIC, Owner.STRANGER), Rules()))
    assert error is not None
    assert "eni-x" in str(error)
    assert "--force" in str(error)
    assert error.exit_code == 77


def test_force_takes_from_a_stranger_but_not_over_an_obstacle() -> None:
    rules = Rules(force=True)
    assert judge(held(PUBLIC, Owner.STRANGER), rules).owner is Owner.PEER
    assert refusal(judge(held(PUBLIC, Owner.STRANGER, "wrong subnet"), rules)) is not None


@pytest.mark.parametrize(
    ("claim", "prefix"),
    [
        (PUBLIC, "203.0.113.0/24"),
        (PRIVATE, "10.0.0.100/32"),
        (ROUTE, "10.99.7.0/24"),
        (ROUTE, "10.0.0.0/8"),
        (PrivateIp(address=ip_address("fd99::1")), "fd99::/64"),
        (RANGE, "10.0.1.66/32"),
        (RANGE, "10.0.0.0/8"),
    ],
)
def test_a_protected_prefix_is_never_touched(claim: Claim, prefix: str) -> None:
    rules = Rules(protected=(ip_network("192.0.2.0/24"), ip_network(prefix)), force=True)
    error = refusal(judge(held(claim), rules))
    assert error is not None
    assert prefix in str(error)


@pytest.mark.parametrize("claim", [PUBLIC, PRIVATE, ROUTE])
def test_other_prefixes_protect_nothing(claim: Claim) -> None:
    rules = Rules(protected=(ip_network("192.0.2.0/24"), ip_network("fd99::/64")))
    assert refusal(judge(held(claim), rules)) is None


def test_what_is_ours_already_is_not_refused() -> None:
    rules = Rules(protected=(ip_network("203.0.113.0/24"),))
    assert refusal(judge(held(PUBLIC, Owner.MINE), rules)) is None


def test_an_unknown_kind_touches_no_prefix() -> None:
    class Other(Claim, frozen=True, kw_only=True, tag="other"):
        @property
        def target(self) -> str:
            return "x"

    rules = Rules(protected=(ip_network("0.0.0.0/0"),))
    assert refusal(judge(held(Other()), rules)) is None


def test_every_blocked_holding_has_a_finding_with_its_subject() -> None:
    seen = (
        held(PUBLIC, Owner.STRANGER),
        held(PRIVATE, Owner.UNKNOWN),
        held(ROUTE, obstacle="no such table"),
        held(ROUTE),
    )
    found = findings(seen)
    assert [finding.subject for finding in found] == [str(PUBLIC), str(PRIVATE), str(ROUTE)]
    assert {finding.severity for finding in found} == {Severity.ERROR}
    assert "no such table" in found[2].message
    assert found[0].remedy
