"""The handover file: what is written, and what real keepalived makes of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from cloudfail.agent.handbrake import Handbrake, handover_file
from cloudfail.errors import ConfigError

from agent.disks import small_disk
from vrrp.conftest import pair
from vrrp.nodes import Nodes

__all__ = ["pair"]

FILE = "/run/cloudfail/handover/edge"
CONFIG = """
global_defs {{
  router_id test
  vrrp_version 3
}}
track_file handover {{
  file "{file}"
  weight 0
}}
vrrp_instance edge {{
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority {priority}
  advert_int 0.25
  nopreempt
  unicast_src_ip {own}
  unicast_peer {{
    {peer}
  }}
  virtual_ipaddress {{
    10.0.1.100/32
  }}
  track_file {{
    handover
  }}
}}
"""


@pytest.fixture
def brake(tmp_path: Path) -> Handbrake:
    path = tmp_path / "edge"
    path.write_text("0\n")
    return Handbrake(path)


def test_engaged_is_1_and_released_is_0(brake: Handbrake) -> None:
    seen = []
    for act in (brake.release, brake.engage, brake.engage, brake.release):
        act()
        seen.append((brake.path.read_text(), brake.is_engaged))
    assert seen == [("0\n", False), ("1\n", True), ("1\n", True), ("0\n", False)]


@pytest.mark.parametrize("content", ["-254", "9999999999", "255 \n\n", "0" * 40 + "7"])
def test_whatever_was_there_is_gone(brake: Handbrake, content: str) -> None:
    brake.path.write_text(content)
    assert brake.is_engaged
    brake.release()
    assert brake.path.read_text() == "0\n"


def test_the_file_stays_the_same_one(brake: Handbrake) -> None:
    before = brake.path.stat()
    brake.engage()
    after = brake.path.stat()
    assert (before.st_ino, before.st_mode) == (after.st_ino, after.st_mode)


def test_each_instance_has_a_file_of_its_own() -> None:
    assert handover_file("edge") == Path(FILE)
    assert handover_file("a/../b").parent == Path(FILE).parent


def test_a_missing_file_is_not_made_but_named_with_its_remedy(tmp_path: Path) -> None:
    brake = Handbrake(tmp_path / "edge")
    for act in (brake.engage, brake.release, lambda: brake.is_engaged):
        with pytest.raises(ConfigError, match=r"edge: is not there: .*systemd-tmpfiles --create"):
            act()
    assert not brake.path.exists()


def test_links_directories_and_fifos_are_refused(tmp_path: Path) -> None:
    (tmp_path / "target").write_text("0\n")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "fifo")
    for name in ("link", "directory", "fifo"):
        with pytest.raises(ConfigError, match=f"handover file .*/{name}: "):
            Handbrake(tmp_path / name).engage()
    assert (tmp_path / "target").read_text() == "0\n"


@pytest.mark.netns
def test_a_full_disk_does_not_matter_and_a_read_only_one_is_named() -> None:
    with small_disk() as disk:
        brake = Handbrake(disk.path / "edge")
        brake.path.write_text("0\n")
        disk.fill()
        brake.engage()
        assert brake.is_engaged
        disk.freeze()
        with pytest.raises(ConfigError, match="read-only"):
            brake.release()
        assert brake.is_engaged
        disk.thaw()
        brake.release()
        assert not brake.is_engaged


@pytest.mark.netns
def test_keepalived_goes_to_fault_and_comes_back_and_the_peer_stays_master(pair: Nodes) -> None:
    for node, other, priority in (("a", "b", 150), ("b", "a", 100)):
        own, peer = (pair.ports[name].ipv4 for name in (node, other))
        pair.write(node, FILE, "0\n")
        pair.configure(node, CONFIG.format(file=FILE, priority=priority, own=own, peer=peer))
    pair.start("a")
    pair.wait_master("a")
    pair.start("b")
    assert pair.wait(lambda: pair.roles()["b"] == "BACKUP")

    brake = Handbrake(pair["a"].path(FILE))
    brake.engage()
    pair.wait_master("b")
    assert pair.wait(lambda: pair.roles()["a"] == "FAULT")
    brake.release()
    assert pair.wait(lambda: pair.roles()["a"] == "BACKUP")
    assert pair.exactly_one_master(1.5) == "b"


@pytest.mark.netns
def test_keepalived_alone_takes_the_role_back(pair: Nodes) -> None:
    own, peer = pair.ports["a"].ipv4, pair.ports["b"].ipv4
    pair.write("a", FILE, "0\n")
    pair.configure("a", CONFIG.format(file=FILE, priority=150, own=own, peer=peer))
    pair.start("a")
    pair.wait_master("a")
    brake = Handbrake(pair["a"].path(FILE))
    brake.engage()
    assert pair.wait(lambda: pair.roles()["a"] == "FAULT")
    brake.release()
    pair.wait_master("a")
