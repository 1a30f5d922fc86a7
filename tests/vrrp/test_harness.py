"""The harness does to real keepalived what it says it does."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cloudfail import process

from vrrp.echo import Ping
from vrrp.nodes import Nodes, OrderError

pytestmark = pytest.mark.netns

VIP = "10.0.1.100"
INTERVAL = 0.2
PRIORITIES = {"a": 150, "b": 100, "c": 50}


def keepalived_conf(nodes: Nodes, node: str, lines: Iterable[str], vip: str) -> str:
    others = [port.ipv4 for name, port in nodes.ports.items() if name != node]
    # Without router_id keepalived asks the DNS for its host's full name, and waits for it.
    return f"""global_defs {{
  router_id {node}
  enable_script_security
  script_user root
  vrrp_version 3
  vrrp_higher_prio_send_advert true
}}
vrrp_instance edge {{
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority {PRIORITIES[node]}
  advert_int {INTERVAL}
  unicast_src_ip {nodes.ports[node].ipv4}
  unicast_peer {{
    {block(others)}
  }}
  virtual_ipaddress {{
    {vip}
  }}
  notify "/usr/local/bin/cloudfail notify --instance edge" root root
  notify_master_rx_lower_pri "/usr/local/bin/cloudfail notify --instance edge --event told"
  {block(lines)}
}}
"""


def block(lines: Iterable[str]) -> str:
    return "\n    ".join(lines)


def start(nodes: Nodes, *lines: str, vip: str = f"{VIP}/32") -> None:
    for name in nodes.ports:
        nodes.configure(name, keepalived_conf(nodes, name, lines, vip))
    nodes.start()
    # Where time is short, all are master for a moment at first.
    rest = {name: "BACKUP" for name in nodes.ports if name != "a"}
    assert nodes.wait(lambda: nodes.roles() == {"a": "MASTER", **rest})
    assert nodes.wait(lambda: "MASTER" in told(nodes, "a", 0))


def told(nodes: Nodes, node: str, since: float) -> list[str]:
    """What the node's commands heard since then: a state, or that there was a lower advert."""
    argvs = [event.argv for event in nodes.events(node) if event.t > since]
    return ["told" if argv[-1] == "told" else argv[-2] for argv in argvs]


def test_nodes_reach_each_other_through_the_router_in_both_families(pair: Nodes) -> None:
    b = pair.ports["b"]
    assert pair.ping("a", Ping(b.ipv4))
    assert pair.ping("a", Ping(b.ipv6))


def test_nodes_in_zones_of_their_own_reach_each_other() -> None:
    with Nodes("ab", zones=True) as nodes:
        assert nodes.ports["b"].ipv4 == "10.0.2.11"
        assert nodes.ping("a", Ping("10.0.2.11"))
        assert nodes.ping("a", Ping(nodes.ports["b"].ipv6))


def test_files_of_a_node_are_seen_by_the_node_alone(pair: Nodes) -> None:
    pair.write("a", "/etc/cloudfail/secret", "s", 0o600)
    assert pair["a"].run("stat", "-c", "%a %U", "/etc/cloudfail/secret").stdout == "600 root\n"
    assert pair["b"].run("test", "-e", "/etc/cloudfail").returncode == 1
    assert not Path("/etc/cloudfail/secret").exists()


def test_the_recorder_gets_the_argv_of_notify_in_order(pair: Nodes) -> None:
    start(pair)
    common = ("cloudfail", "notify", "--instance", "edge", "INSTANCE", "edge")
    stated = [e.argv for e in pair.events("a") if e.argv[: len(common)] == common]
    assert stated[:2] == [(*common, "BACKUP", "150"), (*common, "MASTER", "150")]
    assert {e.uid for e in pair.events("a")} == {0}


def test_a_stopped_master_is_followed_and_a_started_one_takes_over_again(pair: Nodes) -> None:
    start(pair)
    assert pair.exactly_one_master(2 * INTERVAL) == "a"
    pair.stop("a")
    pair.wait_master("b")
    assert pair.roles() == {"a": "", "b": "MASTER"}
    pair.start("a")
    pair.wait_master("a")
    assert pair.wait(lambda: pair.masters() == ("a",))


def test_a_killed_master_says_no_farewell_and_keeps_its_address(pair: Nodes) -> None:
    start(pair)
    killed = pair.clock.now()
    pair.kill("a")
    pair.wait_master("b")
    priorities = {f.payload[22] for f in pair.frames(killed, "a") if f.is_advert}
    assert 0 not in priorities
    assert VIP in pair["a"].addresses()
    assert told(pair, "a", killed) == []
    pair.start("a")
    pair.wait_master("a")


def test_a_node_without_carrier_is_in_fault(pair: Nodes) -> None:
    start(pair)
    pair.link("a", up=False)
    pair.wait_master("b")
    assert pair.wait(lambda: pair.roles() == {"a": "FAULT", "b": "MASTER"})
    pair.link("a", up=True)
    pair.wait_master("a")


@pytest.mark.parametrize("first", ["a", "b"])
def test_after_a_partition_the_named_advert_is_the_first(pair: Nodes, first: str) -> None:
    start(pair)
    parted = part(pair)
    with pytest.raises(AssertionError, match="masters were"):
        pair.exactly_one_master(INTERVAL)
    assert pair.wait(lambda: "MASTER" in told(pair, "b", parted))
    healed = join(pair, first)
    assert pair.wait(lambda: pair.masters() == ("a",))
    assert pair.exactly_one_master(3 * INTERVAL) == "a"
    assert pair.wait(lambda: told(pair, "a", healed) != [])
    assert set(told(pair, "a", healed)) == {"told"}
    assert told(pair, "b", healed)[-1] == "BACKUP"


def part(nodes: Nodes) -> float:
    """Part a and b, until both are masters; return when that was."""
    parted = nodes.clock.now()
    nodes.part("a", "b")
    nodes.wait_master("b")
    return parted


def join(nodes: Nodes, first: str) -> float:
    """Join a and b, anew where the machine was too busy for that order; return when it was."""
    for _ in range(5):
        healed = nodes.clock.now()
        try:
            nodes.join("a", "b", first=first)
        except OrderError:
            assert nodes.wait(lambda: nodes.masters() == ("a",))
            part(nodes)
        else:
            return healed
    raise AssertionError(f"the advert of {first} was never the first")


def test_an_advert_to_a_third_node_is_nobodys_turn(trio: Nodes) -> None:
    """A master says the same to each peer: that is one advert, which a heal has to wait for."""
    start(trio)
    part(trio)
    healed = join(trio, "a")
    to_b, to_a = (
        [f.t for f in trio.frames(healed, source) if f.is_advert and f.destination == address]
        for source, address in (("a", trio.ports["b"].ipv4), ("b", trio.ports["a"].ipv4))
    )
    assert to_b
    assert to_a == [] or to_b[0] < to_a[0]
    assert trio.wait(lambda: trio.masters() == ("a",))


def test_a_partition_of_one_direction_leaves_the_other(pair: Nodes) -> None:
    start(pair)
    pair.part("a", "b", one_way=True)
    pair.wait_master("b")
    assert pair.wait(lambda: "told" in told(pair, "a", 0))  # b's adverts still reach a
    assert pair.roles() == {"a": "MASTER", "b": "MASTER"}
    pair.join("a", "b", one_way=True)
    assert pair.wait(lambda: pair.masters() == ("a",))


def test_of_three_nodes_two_are_parted_and_the_third_hears_both(trio: Nodes) -> None:
    start(trio)
    trio.part("a", "b")
    trio.wait_master("b")
    assert trio.roles() == {"a": "MASTER", "b": "MASTER", "c": "BACKUP"}


def test_what_is_routed_to_a_node_arrives_there(pair: Nodes) -> None:
    start(pair)
    assert not pair.ping("router", Ping(VIP, seconds=0.2))
    pair.forward(VIP, "a")
    assert pair.ping("router", Ping(VIP))
    pair.forward(VIP, "b")
    assert not pair.ping("router", Ping(VIP, seconds=0.2))


def test_every_frame_is_seen_with_its_source_address(pair: Nodes) -> None:
    since = pair.clock.now()
    start(pair, "use_vmac", "vmac_xmit_base")

    def announced_by() -> set[str]:
        return {f.source for f in pair.frames(since, "a") if f.kind == "arp request gratuitous"}

    assert pair.wait(lambda: announced_by() == {"00:00:5e:00:01:33"})
    adverts = [f for f in pair.frames(since, "a") if f.is_advert]
    assert {f.source for f in adverts} == {pair.ports["a"].mac}


@pytest.mark.parametrize(
    ("address", "stranger", "answer"),
    [
        ("10.0.1.10", "10.0.1.99", "arp reply"),
        ("fd00:0:0:1::10", "fd00:0:0:1::99", "icmpv6 neighbour advertisement"),
    ],
)
def test_a_node_answers_who_asks_for_its_address(
    pair: Nodes, address: str, stranger: str, answer: str
) -> None:
    def is_answered() -> bool:
        return any(f.kind.startswith(answer) for f in pair.frames(0, "a"))

    pair.ask("a", stranger)
    assert not pair.wait(is_answered, 0.3)
    pair.ask("a", address)
    assert pair.wait(is_answered, 3)


def test_with_a_metric_the_subnet_of_another_device_wins(pair: Nodes) -> None:
    b = pair.ports["b"]
    pair.set_metric("a", 100)
    assert all(pair.ping("a", Ping(address)) for address in (b.ipv4, b.ipv6))
    start(pair, "use_vmac", "vmac_xmit_base", vip=f"{VIP}/24")
    since = pair.clock.now()
    pair.ping("a", Ping(b.ipv4, seconds=0.3))
    sent = {f.kind: f.source for f in pair.frames(since, "a")}
    assert sent["ipv4 1"] == "00:00:5e:00:01:33"


def test_an_address_on_lo_leaves_the_virtual_mac_unused(pair: Nodes) -> None:
    """What the two tests before see of a virtual MAC, they would see here."""
    pair.set_metric("a", 100)
    start(pair, "use_vmac", "vmac_xmit_base", "garp_master_delay 1", vip=f"{VIP}/32 dev lo")
    pair.forward(VIP, "a")
    assert pair.ping("b", Ping(VIP))
    assert pair.ping("a", Ping(pair.ports["b"].ipv4))
    pair.ask("a", VIP)
    pair.clock.sleep(1.5)  # until the second round of announcements would be over
    assert VIP in pair["a"].addresses()
    assert [f for f in pair.frames(0) if f.is_virtual] == []


def test_a_place_ends_with_whoever_made_it() -> None:
    place = process.Popen(
        [sys.executable, str(Path(__file__).with_name("place.py")), "x"],
        stdin=process.PIPE,
        stdout=process.PIPE,
        text=True,
    )
    with place:
        assert place.stdout is not None
        first = int(place.stdout.readline())
        assert Path(f"/proc/{first}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
        place.communicate(timeout=10)  # closes its standard input
    assert not Path(f"/proc/{first}").exists()


def test_nodes_outlive_the_thread_that_made_them() -> None:
    with ThreadPoolExecutor(1) as thread:
        nodes = thread.submit(Nodes("ab").__enter__).result()
    try:
        assert nodes.ping("a", Ping(nodes.ports["b"].ipv4))
    finally:
        nodes.__exit__(None, None, None)


def test_nothing_of_the_nodes_runs_on_when_they_are_closed() -> None:
    with Nodes("ab") as nodes:
        start(nodes)
        first = nodes["a"].pid
        assert nodes["a"].is_running
    assert not Path(f"/proc/{first}").exists()
    assert not nodes["a"].is_running
