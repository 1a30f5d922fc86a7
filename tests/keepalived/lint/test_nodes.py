"""What two or three files say about each other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from cloudfail.keepalived.lint import Finding, confs_of_text, lint
from cloudfail.keepalived.lint.rule import MEASURED, NodesRule
from cloudfail.keepalived.lint.rules import ALL
from cloudfail.keepalived.lint.rules.nodes import RULES
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, Value, instance, node
from cloudfail.keepalived.version import Version

NODES = frozenset(rule.code for rule in ALL if isinstance(rule, NodesRule))


def compared(texts: Sequence[str], version: Version = MEASURED) -> list[Finding]:
    """Return what the comparison finds; what each file shows alone is left out."""
    confs = [conf for at, text in enumerate(texts) for conf in confs_of_text(text, f"{at}.conf")]
    return [one for one in lint(confs, version) if one.code in NODES]


def codes(*texts: str, version: Version = MEASURED) -> set[str]:
    return {one.code for one in compared(texts, version)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_an_example_has_its_mistake_and_no_other(rule: NodesRule) -> None:
    assert codes(*rule.examples, version=rule.version) == {rule.code}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_repaired_example_has_none(rule: NodesRule) -> None:
    assert codes(*rule.repairs, version=rule.version) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_order_of_the_files_hides_nothing(rule: NodesRule) -> None:
    assert codes(*reversed(rule.examples), version=rule.version) == {rule.code}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_one_file_alone_is_not_compared(rule: NodesRule) -> None:
    for text in rule.examples:
        assert codes(text, version=rule.version) == set()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_finding_is_in_the_instance_and_names_the_other_node(rule: NodesRule) -> None:
    for one in compared(rule.examples, rule.version):
        text = rule.examples[int(one.place.file[0])]
        assert 1 <= one.place.line <= text.count("\n")
        assert one.message
        assert one.remedy
        assert "\n" not in str(one)


def test_the_codes_are_those_of_nodes() -> None:
    assert {int(rule.code[2:]) for rule in RULES} <= set(range(101, 150))


def test_a_pair_that_fits_has_no_finding() -> None:
    assert codes(*PAIR) == set()


def test_of_three_nodes_the_one_that_differs_is_named() -> None:
    peers = {n: tuple(f"10.0.0.{m}" for m in (1, 2, 3) if m != n) for n in (1, 2, 3)}
    texts = [
        node(1, unicast_peer=peers[1]),
        node(2, unicast_peer=peers[2], virtual_router_id="52"),
        node(2, router_id="c", unicast_src_ip="10.0.0.3", unicast_peer=peers[3], priority="50"),
    ]
    for order in permutations(texts):
        found = compared(order)
        odd = order.index(texts[1])
        assert [(one.code, one.place.file) for one in found] == [("KA101", f"{odd}.conf")]
        assert "is 52, but 51 on" in found[0].message


def test_instances_are_matched_by_what_they_are_not_by_their_order() -> None:
    """By name and VRID, then by VRID, then by name: exchanged names are only names."""
    second: dict[str, Value] = {"virtual_router_id": "52", "virtual_ipaddress": ("10.0.0.102/32",)}
    a = node(1) + instance(1, "VI_2", **second)
    assert codes(a, instance(2, "VI_2", **second) + node(2)) == set()
    assert codes(a, node(2, "VI_2") + instance(2, "VI_1", **second)) == {"KA137"}
    assert codes(a, node(2, "VI_8") + instance(2, "VI_9", **second)) == {"KA137"}
    wrong = {**second, "virtual_router_id": "53"}
    assert codes(a, node(2) + instance(2, "VI_2", **wrong)) == {"KA101"}


def test_two_instances_of_one_vrid_and_two_families_are_not_mixed_up() -> None:
    ipv6 = {
        number: instance(
            number,
            "VI_6",
            unicast_src_ip=f"fd00::{number}",
            unicast_peer=(f"fd00::{3 - number}",),
            virtual_ipaddress=("fd00::100/128 preferred_lft forever",),
        )
        for number in (1, 2)
    }
    assert codes(node(1) + ipv6[1], ipv6[2] + node(2)) == set()


SHARED = """global_defs {
  router_id @a one
  vrrp_version 3
}
vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  @a priority 150
  @^a priority PRIORITY
  @a unicast_src_ip 10.0.0.1
  @^a unicast_src_ip 10.0.0.2
  unicast_peer {
    @a 10.0.0.2
    @^a 10.0.0.1
  }
  virtual_ipaddress {
    10.0.0.100/32
  }
}
"""


def test_one_file_for_two_nodes_is_compared_with_itself() -> None:
    text = SHARED.replace("  router_id @a one\n", "  @a router_id one\n  @^a router_id two\n")
    assert codes(text.replace("PRIORITY", "100")) == set()
    found = compared([text.replace("PRIORITY", "150")])
    assert [one.code for one in found] == ["KA125"]


def test_a_node_that_a_shared_file_does_not_name_is_not_invented() -> None:
    text = SHARED.replace("  router_id @a one\n", "  @a router_id one\n  @b router_id two\n")
    text = text.replace("@^a unicast_src_ip", "@b unicast_src_ip")
    text = text.replace("PRIORITY", "100")
    assert codes(text) == set()


def test_passwords_are_never_shown() -> None:
    rule = next(rule for rule in RULES if rule.code == "KA110")
    for one in compared(rule.examples):
        assert "s3cr3t78" not in str(one)
        assert "another" not in str(one)


def test_what_counts_of_a_password_is_its_first_eight_characters() -> None:
    def text(number: int, secret: str) -> str:
        block = ("auth_type PASS", f"auth_pass {secret}")
        return node(number, vrrp_version="2", authentication=block)

    assert codes(text(1, "12345678"), text(2, "12345678-and-more")) == set()
    assert codes(text(1, "12345678"), text(2, "1234567")) == {"KA110"}


def test_an_authentication_block_that_is_in_another_file_is_not_missing() -> None:
    block = ("auth_type PASS", "auth_pass s3cr3t78")
    other = node(2, vrrp_version="2", include="/etc/keepalived/secret/VI_1.conf")
    assert codes(node(1, vrrp_version="2", authentication=block), other) == set()


SCRIPTS = "".join(f'vrrp_script {n} {{\n  script "/usr/bin/true"\n}}\n' for n in "xy")


def weighted(priorities: tuple[int, int], *tracked: str) -> set[str]:
    """Both nodes track the same."""
    return codes(
        *(
            node(n, "VI_1", SCRIPTS, priority=str(p), nopreempt=None, track_script=tracked)
            for n, p in enumerate(priorities, 1)
        )
    )


@pytest.mark.parametrize("weight", [-1, -49, -50, 1, 49, 50])
def test_a_weight_up_to_the_difference_of_the_priorities_moves_nothing(weight: int) -> None:
    assert weighted((150, 100), f"x weight {weight}") == {"KA131"}


@pytest.mark.parametrize("weight", [-51, -100, 51, 100])
def test_a_weight_of_more_than_the_difference_moves_the_role(weight: int) -> None:
    assert weighted((150, 100), f"x weight {weight}") == set()


@pytest.mark.parametrize("tracked", ["x", "x weight 0", "x weight -10 reverse", "x weight many"])
def test_what_has_no_weight_that_is_known_is_not_judged(tracked: str) -> None:
    assert weighted((150, 100), tracked) == set()


def test_weights_that_only_together_move_the_role_are_a_choice() -> None:
    assert weighted((150, 100), "x weight -30", "y weight -30") == set()
    assert weighted((150, 100), "x weight -20", "y weight -20") == {"KA131"}


def test_no_text_is_too_strange_to_be_compared() -> None:
    for text in ("", "vrrp_instance\n", "vrrp_instance VI_1 {\n", "}\n", "vrrp_instance x {\n}\n"):
        for other in (PAIR[0], text):
            compared([text, other])
            compared([other, text, PAIR[1]])
