"""A machine is the node whose unicast address it has."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import cloudfail.identity
import pytest
from cloudfail.errors import ConfigError
from cloudfail.identity import local_addresses, which_node
from cloudfail.model import Peer

NODES = (
    Peer(name="a", address=ip_address("10.0.1.10")),
    Peer(name="b", address=ip_address("10.0.2.10")),
)

# Written by the kernel on a machine with one interface, 10.0.1.10/24.
FIB_TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 10.0.1.0/24 2 0 1
        |-- 10.0.1.0
           /24 link UNICAST
        |-- 10.0.1.10
           /32 host LOCAL
        |-- 10.0.1.255
           /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
"""
IF_INET6 = """\
00000000000000000000000000000001 01 80 10 80       lo
fd990000000000000000000000000011 02 40 00 80     eth0
fe80000000000000f03c91fffe000001 02 40 20 80     eth0
"""


def test_the_unicast_address_decides() -> None:
    assert which_node(NODES, addresses=[ip_address("10.0.2.10")]) == NODES[1]


def test_a_name_decides_before_addresses() -> None:
    assert which_node(NODES, name="a", addresses=[ip_address("10.0.2.10")]) == NODES[0]


def test_no_nodes_means_nobody_to_be() -> None:
    assert which_node(()) is None


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="'c'; configured: a, b"):
        which_node(NODES, name="c")


def test_no_match_names_what_was_seen_and_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"addresses are 10\.0\.3\.3;.*--node NAME"):
        which_node(NODES, addresses=[ip_address("10.0.3.3")])


def test_two_matches_ask_for_the_name() -> None:
    with pytest.raises(ConfigError, match="a and b are all local"):
        which_node(NODES, addresses=[node.address for node in NODES])


def test_local_addresses_are_read_from_the_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fib, inet6 = tmp_path / "fib_trie", tmp_path / "if_inet6"
    fib.write_text(FIB_TRIE)
    inet6.write_text(IF_INET6)
    monkeypatch.setattr(cloudfail.identity, "_FIB_TRIE", fib)
    monkeypatch.setattr(cloudfail.identity, "_IF_INET6", inet6)
    assert local_addresses() == {ip_address("10.0.1.10"), ip_address("fd99::11")}
    assert which_node(NODES) == NODES[0]


def test_a_machine_without_proc_has_no_addresses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cloudfail.identity, "_FIB_TRIE", tmp_path / "none")
    monkeypatch.setattr(cloudfail.identity, "_IF_INET6", tmp_path / "none")
    assert local_addresses() == frozenset()
    with pytest.raises(ConfigError, match="addresses are none"):
        which_node(NODES)


def test_this_machine_answers_without_an_error() -> None:
    assert all(not address.is_loopback for address in local_addresses())
