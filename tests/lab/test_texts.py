"""What keepalived and cloudfail say, and the files that they are given."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from cloudfail.errors import UsageError
from cloudfail.lab.cloud.aws.world import Built, BuiltNode
from cloudfail.lab.cloud.gcp.embedded import EmbeddedGcp
from cloudfail.lab.cloudfail_log import sentence
from cloudfail.lab.keepalived_conf import keepalived_conf
from cloudfail.lab.keepalived_log import is_noteworthy, plain, role_of, syslog_text
from cloudfail.lab.terrain.aws import AWS, world_of
from cloudfail.lab.terrain.gcp import GCP
from cloudfail.lab.terrain.gcp import world_of as gcp_world_of
from cloudfail.lab.topology import (
    B_BESIDE_A,
    DESTINATION,
    PRIVATE_IP,
    RULE_IP,
    A,
    Topology,
    destination_of,
    with_claims,
)


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ("Mon Nov 23 04:24:29 2026: (edge) Entering MASTER STATE", "MASTER"),
        ("(edge) Entering BACKUP STATE (init)", "BACKUP"),
        ("(edge) Entering FAULT STATE", "FAULT"),
        (
            "(edge) Received advert from 10.0.2.10 with lower priority 100, ours 150",
            "RX_LOWER_PRI",
        ),
        ("Stopped Keepalived v2.2.7 (01/16,2022)", "STOP"),
        ("(edge) sent 0 priority", "FAREWELL"),
        ("(edge) setting VIPs.", ""),
    ],
)
def test_keepalived_tells_its_role(line: str, role: str) -> None:
    assert role_of(plain(line)) == role


def test_a_dropped_script_is_worth_a_line() -> None:
    assert is_noteworthy("Unsafe permissions found for script '/x' - disabling.")
    assert not is_noteworthy("(edge) setting VIPs.")


@pytest.mark.parametrize(
    ("datagram", "text"),
    [
        ("<14>cloudfail[7]: hello", "cloudfail[7]: hello"),
        ("<30>Nov  3 04:24:29 cloudfail[7]: hello", "cloudfail[7]: hello"),
        ("no priority", "no priority"),
    ],
)
def test_a_syslog_datagram_comes_out_plain(datagram: str, text: str) -> None:
    assert syslog_text(datagram) == text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            'cloudfail[7]: event=intent instance=edge claims="public-ip 1" summary="move it"',
            "cloudfail: intent: move it",
        ),
        ("cloudfail[7]: event=started instance=edge run=1", "cloudfail: started"),
        ('cloudfail: event=failed claims=x error="no"', "cloudfail: failed: x no"),
        ("cloudfail[7]: event=ended instance=edge", ""),
        ("cloudfail[7]: level=info event=call instance=edge operation=AssociateAddress", ""),
        (
            "cloudfail[7]: event=role instance=edge before=MASTER now=doubtful doubt='not heard'",
            "cloudfail: role: agent: MASTER -> doubtful not heard",
        ),
        ("cloudfail[7]: event=role text='recorded'", "cloudfail: role: recorded"),
        ("cloudfail[7]: event=ran why=repair result=ok run_id=1", "cloudfail: ran: repair ok"),
        ("cloudfail[7]: it's a sentence", "cloudfail: it's a sentence"),
        ("cloudfail[7]: a plain sentence", "cloudfail: a plain sentence"),
        ("sshd[1]: event=ended", "sshd[1]: event=ended"),
    ],
)
def test_cloudfails_facts_become_one_sentence(line: str, said: str) -> None:
    assert sentence(line) == said


def conf_of(topology: Topology, directory: Path, node: str = "a") -> str:
    config = directory / "cloudfail.toml"
    names = [one.name for one in topology.nodes]
    config.write_text(AWS.config(topology, built(*names), "http://10.0.0.2:4566"))
    return keepalived_conf(topology, config, node)


def test_keepalived_is_told_what_it_needs_in_a_cloud(tmp_path: Path) -> None:
    text = conf_of(Topology(advert_interval=0.1), tmp_path, "b")
    for line in (
        "vrrp_version 3",
        "vrrp_higher_prio_send_advert true",
        "enable_script_security",
        "state BACKUP",
        "nopreempt",
        "advert_int 0.1",
        "unicast_src_ip 10.0.2.10",
        "use_vmac",
        "vmac_xmit_base",
        'notify "/usr/local/bin/cloudfail notify --instance edge"',
    ):
        assert f"  {line}\n" in text
    assert "10.0.2.10" not in text.split("unicast_peer {")[1].split("}")[0]


def test_the_bare_line_stands_alone(tmp_path: Path) -> None:
    text = conf_of(Topology(bare=True, preempt=True), tmp_path)
    assert text.count("notify") == 1
    assert '  notify_master "cloudfail promote --provider aws"\n' in text
    assert "  nopreempt" not in text
    assert text.rstrip().endswith("}")


def built(*names: str) -> Built:
    nodes = {n: BuiltNode(n, f"i-{n}", f"eni-{n}", "02::1", "", "", "") for n in names}
    return Built("eu-central-1", "1", nodes, {}, {"main": "rtb-1"})


def test_every_node_gets_the_same_file_with_every_claim() -> None:
    topology = Topology(nodes=(A, B_BESIDE_A), private_ip=PRIVATE_IP, destination=DESTINATION)
    table = tomllib.loads(AWS.config(topology, built("a", "b"), "http://10.0.0.2:4566"))
    edge = table["instance"]["edge"]
    assert [claim["kind"] for claim in edge["claim"]] == ["public-ip", "private-ip", "route"]
    assert edge["claim"][2]["tables"] == ["rtb-1"]
    assert [node["interface_id"] for node in edge["node"]] == ["eni-a", "eni-b"]
    assert table["provider"]["aws"]["endpoint"] == "http://10.0.0.2:4566"


def test_the_world_holds_every_claim_before_anything_happened() -> None:
    topology = Topology(nodes=(A, B_BESIDE_A), private_ip=PRIVATE_IP, destination=DESTINATION)
    world = world_of(topology)
    assert [subnet.cidr for subnet in world.subnets] == ["10.0.1.0/24"]
    assert world.public_ips[0].holder == ""
    assert world.private_ips[0].holder == "a"
    assert world.route_tables[0].routes == ((DESTINATION, "a"),)
    assert world_of(Topology(public_ip="", destination=DESTINATION)).public_ips == ()


def test_the_client_calls_an_address_of_what_is_claimed() -> None:
    assert Topology().called == "203.0.113.7"
    routed = Topology(public_ip="", destination=DESTINATION)
    assert (routed.target, routed.called) == (DESTINATION, "10.99.0.1")
    assert destination_of("rtb-1 10.99.0.0/16") == DESTINATION
    with pytest.raises(KeyError):
        routed.node("z")


def test_one_claim_of_any_kind_makes_a_topology() -> None:
    assert with_claims(Topology(), "public-ip") == Topology()
    assert with_claims(Topology(), "route").claimed == (DESTINATION,)
    private = with_claims(Topology(), "private-ip")
    assert private.claimed == (PRIVATE_IP,)
    assert len({node.subnet for node in private.nodes}) == 1
    rule = with_claims(Topology(), "route", "forwarding-rule")
    assert rule.claims == {"forwarding-rule": RULE_IP, "route": DESTINATION}
    with pytest.raises(UsageError, match="no claim is a forwarding-rule there; --claim takes pub"):
        AWS.move_of("forwarding-rule")


def test_google_cloud_can_be_built_with_every_claim_that_it_has() -> None:
    topology = with_claims(Topology(provider="gcp"), *GCP.moves)
    with EmbeddedGcp() as cloud:
        made = cloud.build(gcp_world_of(topology))
        table = tomllib.loads(GCP.config(topology, made, cloud.endpoint))
        holders = {change.kind: change for change in cloud.holders if change.target[-2:] != "10"}
    edge = table["instance"]["edge"]
    assert {claim["kind"] for claim in edge["claim"]} == set(GCP.moves)
    assert edge["node"][1]["interface_id"].endswith("/instances/b/networkInterfaces/nic0")
    assert (holders["forwarding-rule"].node, holders["public-ip"].node) == ("b", "")
    assert destination_of(holders["forwarding-rule"].target) == topology.forwarding_rule
