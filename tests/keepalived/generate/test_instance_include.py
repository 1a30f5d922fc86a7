"""What cloudfail.toml has no word for, inside an instance: in the file, tested, and kept."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Site, files_of, site_of
from cloudfail.keepalived.generate.difference import changes_of
from cloudfail.keepalived.generate.install import install
from cloudfail.keepalived.generate.trial import try_out
from cloudfail.keepalived.syntax import read_files
from cloudfail.keepalived.version import Version, find_keepalived

TEXT = """
[instance.edge]
provider = "aws"
interface = "DEVICE"
virtual_router_id = 51
use_vmac = false
include = "instance.d/edge.conf"
node = [
  { name = "a", address = "127.0.1.10", priority = 150 },
  { name = "b", address = "127.0.1.11", priority = 100 },
]
"""
NEEDS_KEEPALIVED = pytest.mark.skipif(
    not find_keepalived(), reason="needs keepalived: sudo apt-get install keepalived"
)


def _device() -> str:
    """Name a device for keepalived -t, which wants one that is there, and not lo."""
    names = [name for _, name in socket.if_nameindex() if name != "lo"]
    return names[0] if names else "eth0"


@pytest.fixture
def site(tmp_path: Path) -> Site:
    config = tmp_path / "cloudfail.toml"
    config.write_text(TEXT.replace("DEVICE", _device()))
    return site_of(load(config, {}), "a", Version(2, 2, 7))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    extra = tmp_path / "root/etc/keepalived/instance.d/edge.conf"
    extra.parent.mkdir(parents=True)
    extra.write_text("garp_master_delay 3\n")
    return tmp_path / "root"


def test_it_is_included_inside_the_instance(site: Site, root: Path) -> None:
    install(site, changes_of(site, files_of(site).files, root), root)
    conf = root / "etc/keepalived/keepalived.conf"
    conf.write_text(conf.read_text().replace("/etc/keepalived", str(root / "etc/keepalived")))
    instance = read_files([conf]).first("vrrp_instance")
    assert instance is not None
    found = instance.first("garp_master_delay")
    assert found is not None
    assert found.value == "3"


@pytest.mark.keepalived
@NEEDS_KEEPALIVED
def test_it_is_tested_before_anything_is_replaced(site: Site, root: Path) -> None:
    files = files_of(site).files
    changes = changes_of(site, files, root)
    try_out(site, files, changes, root)
    extra = root / "etc/keepalived/instance.d/edge.conf"
    extra.write_text("garp_mister_delay 3\n")
    with pytest.raises(ConfigError, match="Unknown keyword 'garp_mister_delay'"):
        try_out(site, files, changes, root)


def test_its_directory_is_made(site: Site, tmp_path: Path) -> None:
    install(site, changes_of(site, files_of(site).files, tmp_path), tmp_path)
    assert (tmp_path / "etc/keepalived/instance.d").is_dir()
