"""What rules see of a file: typed, and as keepalived takes it."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError
from cloudfail.keepalived.lint.origin import is_for_another
from cloudfail.keepalived.lint.view import (
    NodeConf,
    VrrpInstance,
    confs_of,
    confs_of_text,
    number_of,
    seconds_of,
)

CONF = """global_defs {
  router_id lb-a
  vrrp_version 3
  vrrp_check_unicast_src
  vrrp_higher_prio_send_advert no
  vrrp_notify_fifo /run/x.fifo
  vrrp_notify_fifo_script "/usr/bin/reader" root
}
vrrp_script web {
  script "/usr/bin/pgrep -x nginx"
  user nobody nogroup
}
vrrp_sync_group G {
  group {
    VI_1
  }
  notify "/usr/bin/group" root
}
vrrp_instance VI_1 {
  state BACKUP
  virtual_router_id 51
  unicast_src_ip 10.0.0.1/24
  unicast_peer {
    10.0.0.2 min_ttl 250
    node-c
  }
  priority 90
  priority 150
  virtual_ipaddress {
    10.0.0.9/24 dev eth0 label eth0:1 no_track
    fd00::9
    10.0.0.8/x
  }
  virtual_ipaddress_excluded {
    fd00::a/64 preferred_lft forever
  }
  authentication {
    auth_type PASS
    auth_pass "12345678"
  }
  notify_master "/usr/bin/take it" root wheel
  notify_stop /usr/bin/stop
}
"""


@pytest.fixture
def conf() -> NodeConf:
    (found,) = confs_of_text(CONF, "a.conf")
    return found


@pytest.fixture
def instance(conf: NodeConf) -> VrrpInstance:
    (found,) = conf.instances
    return found


def test_a_node_has_a_name_and_globals(conf: NodeConf) -> None:
    assert (conf.name, conf.file) == ("lb-a", "a.conf")
    assert conf.has_global("vrrp_check_unicast_src")
    assert conf.is_global_on("vrrp_check_unicast_src")
    assert not conf.is_global_on("vrrp_higher_prio_send_advert", default=True)
    assert conf.is_global_on("vrrp_strict", default=True)
    assert conf.global_text("vrrp_strict", "none") == "none"
    assert conf.has_fifo


def test_every_command_is_there_with_its_user(conf: NodeConf) -> None:
    found = [(one.keyword, one.of, one.text, one.user, one.group) for one in conf.commands]
    assert found == [
        ("vrrp_notify_fifo_script", "", "/usr/bin/reader", "root", ""),
        ("script", "web", "/usr/bin/pgrep -x nginx", "nobody", "nogroup"),
        ("notify", "G", "/usr/bin/group", "root", ""),
        ("notify_master", "VI_1", "/usr/bin/take it", "root", "wheel"),
        ("notify_stop", "VI_1", "/usr/bin/stop", "", ""),
    ]
    assert [one.quoted for one in conf.commands] == [True, True, True, True, False]


def test_the_last_line_of_a_keyword_counts(instance: VrrpInstance) -> None:
    assert instance.priority == 150
    assert instance.place_of("priority").line == 28
    assert instance.place_of("nopreempt") == instance.place
    assert (instance.vrid, instance.version, instance.family) == (51, 3, 4)
    assert (instance.state, instance.interface, instance.advert_int) == ("BACKUP", "", 1.0)


def test_peers_and_source_are_addresses_where_they_are(instance: VrrpInstance) -> None:
    assert instance.source == ip_address("10.0.0.1")
    assert [peer.address for peer in instance.peers] == [ip_address("10.0.0.2"), None]
    assert instance.peers[0].options == ("min_ttl", "250")
    assert instance.is_unicast


def test_virtual_addresses_have_their_options(instance: VrrpInstance) -> None:
    first, second, third = instance.addresses
    assert (first.prefix, first.is_host) == (24, False)
    assert first.options == {"dev": "eth0", "label": "eth0:1", "no_track": ""}
    assert (second.prefix, second.is_host) == (128, True)
    assert (third.prefix, third.text) == (32, "10.0.0.8/x")
    (excluded,) = instance.excluded
    assert excluded.options == {"preferred_lft": "forever"}


def test_authentication_is_read(instance: VrrpInstance) -> None:
    found = instance.authentication
    assert found is not None
    assert (found.type, found.secret) == ("PASS", "12345678")
    assert (found.place.line, found.secret_place.line) == (38, 39)


@pytest.mark.parametrize(
    ("lines", "family", "version"),
    [
        ("", 4, 2),
        ("version 3", 4, 3),
        ("version 7", 4, 2),
        ("native_ipv6", 6, 3),
        ("unicast_src_ip fd00::1\nversion 2", 6, 3),
        ("unicast_peer {\nfd00::1\n}", 6, 3),
        ("virtual_ipaddress {\nfd00::1\n}\nunicast_src_ip 10.0.0.1", 6, 3),
        ("virtual_ipaddress_excluded {\nfd00::1\n}", 4, 2),
        ("unicast_src_ip nowhere\nmcast_src_ip fd00::1", 6, 3),
    ],
)
def test_the_first_address_decides_the_family(lines: str, family: int, version: int) -> None:
    (conf,) = confs_of_text(f"vrrp_instance V {{\n{lines}\n}}\n")
    assert (conf.instances[0].family, conf.instances[0].version) == (family, version)


def test_numbers_are_those_that_keepalived_reads() -> None:
    assert [number_of(text) for text in ("12", "-3", "+4")] == [12, -3, 4]
    assert [number_of(text) for text in ("", "x", "0x33", "٣", "1.5", "9" * 40)] == [None] * 6
    assert [seconds_of(text) for text in ("1", "0.25", ".5", "2.")] == [1.0, 0.25, 0.5, 2.0]
    assert [seconds_of(text) for text in ("", ".", "-1", "1.2.3", "٣", "9" * 40)] == [None] * 6


def test_a_file_that_cannot_be_read_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory; name a"):
        confs_of(tmp_path / "nowhere.conf")


def test_a_generated_file_says_for_which_machine_it_is() -> None:
    here = {ip_address("10.0.0.1"), ip_address("fd00::1")}
    head = "# Generated by cloudfail for node a b at %s, for keepalived 2.2.7.\n"
    for text, expected in (
        (head % "10.0.0.1", False),
        (head % "fd00::1", False),
        (head % "10.0.0.2", True),
        (head % "fd00::2", True),
        ("global_defs {\n}\n" + CONF, False),
        ("# Generated by hand for node a at 10.0.0.2, for keepalived 2.2.7.\n", False),
    ):
        (conf,) = confs_of_text(text)
        assert is_for_another(conf, here) is expected, text
