"""What doctor makes of adverts: who is master, who is not heard, what keepalived would drop."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from cloudfail.doctor import Case, Check, Status
from cloudfail.doctor.listening import Heard
from cloudfail.doctor.wire import check_adverts, heard_of
from cloudfail.keepalived.wire import Advert, Authentication, Checksum

from doctor.cases import (
    CLAIM,
    STRANGER,
    A,
    B,
    advert,
    case_of,
    every,
    failures,
    own,
    pair,
    second_instance,
)

THIRD = """
[[instance.edge.node]]
name = "c"
address = "10.0.1.12"
priority = 50
"""


def judged(case: Case, *adverts: Sequence[Advert]) -> list[Check]:
    together = sorted((one for some in adverts for one in some), key=lambda one: one.t)
    return list(check_adverts(case, Heard(adverts=tuple(together))))


def only(checks: list[Check]) -> Check:
    (check,) = checks
    return check


@pytest.fixture
def a(tmp_path: Path) -> Case:
    return case_of(tmp_path)


@pytest.fixture
def b(tmp_path: Path) -> Case:
    return case_of(tmp_path, node="b")


def test_a_backup_that_hears_the_master_proves_that_adverts_arrive(b: Case) -> None:
    check = only(judged(b, every(A, 0.2, 1.2, 2.2)))
    assert check.status is Status.OK
    assert check.message == (
        "a (10.0.1.10) is master, and 3 adverts arrived: VRID 51, priority 150, version 3, every 1 s, "
        "authentication none"
    )


def test_a_master_with_silent_backups_proves_nothing_and_says_so(a: Case) -> None:
    check = only(judged(a, own(0.2, 1.2, 2.2)))
    assert check.status is Status.OK
    assert "not proven here; run doctor on the backups" in check.message


def test_silence_names_protocol_112_and_the_security_group(b: Case) -> None:
    check = only(judged(b))
    assert check.status is Status.FAILED
    assert "not even this node" in check.message
    assert "IP protocol 112 pass from 10.0.1.10 to 10.0.1.11, and back" in check.remedy
    assert "security group" in check.remedy


def test_silence_with_ah_names_protocol_51(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("s3cr3t")
    auth = f'authentication = {{ type = "AH", secret_file = "{secret}" }}'
    case = case_of(tmp_path, pair(auth, "[keepalived]\nvrrp_version = 2"), "b")
    assert "IP protocol 51 pass" in only(judged(case)).remedy


def test_two_masters_of_which_the_other_is_worse_do_not_hear_this_node(a: Case) -> None:
    check = only(judged(a, own(0.1, 1.1, 2.1, 3.1), every(B, 0.5, 1.5, 2.5)))
    assert check.status is Status.FAILED
    assert "two masters, a (10.0.1.10) and b (10.0.1.11)" in check.message
    assert "what this node sends does not reach it: let IP protocol 112 pass" in check.remedy


def test_two_masters_of_which_the_other_is_better_and_heard_are_this_hosts_firewall(
    b: Case,
) -> None:
    check = only(judged(b, own(0.1, 1.1, 2.1, source=B), every(A, 0.5, 1.5, 2.5, 3.5)))
    assert "a (10.0.1.10) is better, arrives here, and this node does not yield" in check.message
    assert "the host's firewall drops IP protocol 112 here" in check.remedy
    assert "password" in check.remedy


def test_two_masters_are_found_wherever_their_adverts_lie_between_one_another(a: Case) -> None:
    for shift in (0.01, 0.25, 0.5, 0.75, 0.99):
        ours, theirs = own(0.0, 1.0, 2.0, 3.0), every(B, *(shift + n for n in range(3)))
        assert "two masters" in only(judged(a, ours, theirs)).message, shift


def test_a_handover_is_not_two_masters(a: Case) -> None:
    farewell = own(1.4, priority=0)
    check = only(judged(a, own(0.1, 1.1), farewell, every(B, 2.0, 3.0)))
    assert (check.status, "now it is b" in check.message) == (Status.WARNING, True)


def test_the_losers_one_answer_is_not_two_masters(b: Case) -> None:
    lost = own(0.1, 1.1, 2.11, source=B)  # vrrp_higher_prio_send_advert
    check = only(judged(b, lost, every(A, 2.1, 3.1)))
    assert (check.status, "now it is a" in check.message) == (Status.WARNING, True)


def test_two_other_masters_are_named(tmp_path: Path) -> None:
    case = case_of(tmp_path, pair(claims=CLAIM + THIRD), "c")
    check = only(judged(case, every(A, 0.1, 1.1, 2.1), every(B, 0.5, 1.5, 2.5)))
    assert check.message == "two masters: a (10.0.1.10) and b (10.0.1.11)"


def test_the_losers_one_answer_to_each_of_two_peers_is_not_two_masters(tmp_path: Path) -> None:
    case = case_of(tmp_path, pair(claims=CLAIM + THIRD), "b")
    to = (ip_address(A), ip_address("10.0.1.12"))
    sent = [own(t, source=B, destination=one) for t in (0.1, 1.1, 2.11) for one in to]
    check = only(judged(case, *sent, every(A, 2.1, 3.1, 4.1)))
    assert (check.status, "now it is a" in check.message) == (Status.WARNING, True)


def test_a_node_that_only_said_farewell_is_not_master(a: Case) -> None:
    heard = (own(0.1, priority=0), every(B, 0.5, 1.5, 2.5))
    check = only(judged(a, *heard))
    assert check.message.startswith("b (10.0.1.11) is master, and 3 adverts arrived")
    wire = heard_of(a, Heard(adverts=(*heard[0], *heard[1])))
    assert (wire.is_mine, wire.master) == (False, ip_address(B))


def test_a_master_that_said_farewell_last_is_none_any_more(a: Case, b: Case) -> None:
    for case, adverts in (
        (a, (own(0.1, 1.1), own(1.4, priority=0))),
        (b, (every(A, 0.1, 1.1), every(A, 1.4, priority=0))),
    ):
        check = only(judged(case, *adverts))
        assert (check.status, "a (10.0.1.10) said farewell" in check.message) == (
            Status.WARNING,
            True,
        )


def test_two_others_are_masters_after_this_node_handed_over(tmp_path: Path) -> None:
    case = case_of(tmp_path, pair(claims=CLAIM + THIRD))
    third = every("10.0.1.12", 1.6, 2.6, 3.6, priority=50)
    check = only(judged(case, own(0.1), own(0.4, priority=0), every(B, 1.5, 2.5, 3.5), third))
    assert check.message == "two masters: b (10.0.1.11) and c (10.0.1.12)"


def test_a_farewell_alone_is_no_master(b: Case) -> None:
    assert "nobody was heard" in only(judged(b, every(A, 0.3, priority=0))).message


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"virtual_router_id": 52}, "a (10.0.1.10) advertises VRID 52, configured is 51"),
        ({"version": 2}, "advertises VRRP version 2, configured is 3"),
        ({"version": 2, "interval": 2.0}, "advertises interval 2 s, configured is 1 s"),
        ({"authentication": Authentication.PASS}, "authentication PASS, configured is none"),
        ({"authentication": Authentication.AH}, "authentication AH, configured is none"),
        ({"checksum": Checksum.WRONG}, "arrive with a wrong checksum"),
        ({"addresses": ()}, "advertises addresses none, here they are 10.0.1.100"),
    ],
)
def test_what_keepalived_would_drop_fails_once_and_never_passes_as_proof(
    b: Case, other: dict[str, object], said: str
) -> None:
    checks = judged(b, every(A, 0.2, 1.2, 2.2, **other))
    assert sum(said in text for text in failures(checks)) == 1
    assert not any(check.status is Status.OK for check in checks)


def test_a_longer_interval_in_vrrp_3_only_warns_as_the_backup_adopts_it(b: Case) -> None:
    checks = judged(b, every(A, 0.2, 2.2, interval=2.0))
    assert failures(checks) == []
    assert any("interval 2 s" in check.message for check in checks)


def test_a_list_of_addresses_that_newer_keepalived_only_logs_warns(tmp_path: Path) -> None:
    from cloudfail.keepalived.version import Version
    from msgspec.structs import replace

    case = case_of(tmp_path, node="b")
    assert case.machine.site is not None
    site = replace(case.machine.site, version=Version(2, 3, 3))
    case = replace(case, machine=replace(case.machine, site=site))
    checks = judged(case, every(A, 0.2, 1.2, addresses=(ip_address("10.0.1.7"),)))
    assert failures(checks) == []
    assert any("addresses 10.0.1.7" in check.message for check in checks)


def test_a_keepalived_that_was_not_reloaded_shows_by_its_own_adverts(a: Case) -> None:
    said = failures(judged(a, own(0.1, 1.1, 2.1, virtual_router_id=77)))
    assert said == [
        "adverts: this node's keepalived advertises VRID 77, configured is 51",
    ]


def test_an_unknown_advertiser_is_no_master_and_keepalived_drops_it(b: Case) -> None:
    checks = judged(b, every(STRANGER, 0.5, 1.5, 2.5), every(A, 0.2, 1.2, 2.2))
    assert failures(checks) == []
    warned, fine = checks
    assert "10.0.9.9 advertises VRID 51, and is no configured node" in warned.message
    assert "a (10.0.1.10) is master" in fine.message


def test_an_unknown_advertiser_fails_where_keepalived_obeys_anybody(tmp_path: Path) -> None:
    text = pair(more="[keepalived]\nvrrp_check_unicast_src = false")
    said = failures(judged(case_of(tmp_path, text, "b"), every(STRANGER, 0.5, 1.5, 2.5)))
    assert "keepalived obeys it" in said[0]
    assert "nobody was heard" in said[1]


def test_somebody_with_this_nodes_own_address_is_found(a: Case) -> None:
    said = failures(
        judged(a, own(0.1, 1.1, 2.1), every(A, 0.5, 1.5, source_mac="02:00:00:00:00:07"))
    )
    assert said == [
        "adverts: another machine advertises from 10.0.1.10, this node's own address",
    ]


def test_adverts_of_another_device_or_family_are_somebody_elses(b: Case) -> None:
    elsewhere = every(A, 0.1, 1.1, device="eth1")
    six = [advert("fd00::7", 0.3)]
    assert "nobody was heard" in only(judged(b, elsewhere, six)).message


def test_a_vrid_of_another_instance_is_no_mistake(tmp_path: Path) -> None:
    case = case_of(tmp_path, pair(more=second_instance()), "b")
    checks = judged(case, every(A, 0.2, 1.2), every(A, 0.3, 1.3, virtual_router_id=52))
    assert only(checks).status is Status.OK


def test_without_configured_nodes_everybody_is_a_peer(tmp_path: Path) -> None:
    text = """
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
[[instance.edge.claim]]
kind = "public-ip"
address = "203.0.113.7"
[provider.aws]
region = "eu-central-1"
"""
    case = case_of(tmp_path, text, "")
    assert "10.0.9.9 is master" in only(judged(case, every(STRANGER, 0.2, 1.2))).message


def test_a_device_that_could_not_be_heard_is_said_and_proves_nothing(a: Case) -> None:
    (check,) = check_adverts(a, Heard(deaf={"eth0": "needs CAP_NET_RAW"}))
    assert (check.status, check.message) == (Status.WARNING, "not listened: needs CAP_NET_RAW")


def test_a_master_is_known_only_when_nobody_else_advertised(a: Case) -> None:
    ours, theirs = own(0.1, 1.1), every(B, 2.0, 3.0)
    assert heard_of(a, Heard(adverts=tuple(ours))).master == ip_address(A)
    assert heard_of(a, Heard(adverts=tuple(theirs))).master == ip_address(B)
    assert heard_of(a, Heard(adverts=(*ours, *theirs))).master is None
    assert heard_of(a, Heard()).master is None
