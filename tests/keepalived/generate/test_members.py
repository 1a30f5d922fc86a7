"""A node in several instances: groups, addresses, and what it needs of secrets at its first boot."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Site, files_of, site_of
from cloudfail.keepalived.generate.cloud_init import cloud_init
from cloudfail.keepalived.version import Version

MEMBERS = {"one": "ab", "two": "ab", "three": "cb"}
GROUP = '[vrrp_sync_group.all]\ninstances = ["one", "two", "three"]\n'


def instance(name: str, nodes: str, number: int, more: str) -> str:
    tables = "".join(
        f'[[instance.{name}.node]]\nname = "{node}"\n'
        f'address = "10.0.1.{ord(node)}"\npriority = {150 - place}\n'
        for place, node in enumerate(nodes)
    )
    return (
        f'[instance.{name}]\nprovider = "aws"\ninterface = "eth0"\n'
        f"virtual_router_id = {number}\n{more}\n{tables}"
    )


def site(directory: Path, node: str, more: dict[str, str] | None = None, tail: str = "") -> Site:
    path = directory / "cloudfail.toml"
    path.write_text(
        tail
        + "".join(
            instance(name, nodes, 60 + number, (more or {}).get(name, ""))
            for number, (name, nodes) in enumerate(MEMBERS.items())
        )
    )
    return site_of(load(path, {}), node, Version(2, 4, 2))


def groups(directory: Path, node: str) -> list[list[str]]:
    conf = files_of(site(directory, node, tail=GROUP)).main.text
    return [found.split() for found in re.findall(r"(?m)^  group \{$([^}]*)\}", conf)]


def test_a_node_has_of_a_group_what_it_is_a_member_of(tmp_path: Path) -> None:
    assert groups(tmp_path, "b") == [["one", "two", "three"]]
    assert groups(tmp_path, "a") == [["one", "two"]], "they change their role together here too"
    assert groups(tmp_path, "c") == [], "keepalived warns of a group of one"


@pytest.mark.parametrize("key", ["virtual_ipaddress", "virtual_ipaddress_excluded"])
def test_two_instances_of_a_node_never_add_one_address(tmp_path: Path, key: str) -> None:
    more = {"one": 'virtual_ipaddress = ["10.0.1.9"]', "two": f'{key} = ["10.0.1.9"]'}
    with pytest.raises(ConfigError, match=r"instance\.two: 10\.0\.1\.9 .*instance\.one.*node a "):
        files_of(site(tmp_path, "a", more))
    files_of(site(tmp_path, "c", more))


def test_nodes_that_do_not_meet_may_have_one_address(tmp_path: Path) -> None:
    more = dict.fromkeys(("one", "three"), 'virtual_ipaddress = ["10.0.1.9"]')
    assert "10.0.1.9/32" in files_of(site(tmp_path, "a", more)).main.text
    assert "10.0.1.9/32" in files_of(site(tmp_path, "c", more)).main.text


def test_user_data_says_which_key_has_to_be_fetched(tmp_path: Path) -> None:
    """Without it keepalived would start with no key, and be a master of its own."""
    key = 'authentication = { type = "hmac", secret_file = "/etc/cloudfail/one.key" }'
    found = site(tmp_path, "a", {"one": key})
    text = cloud_init(found, files_of(found))
    wanted = ["  #   /etc/cloudfail/one.key\n", "generate, --node, ", "[systemctl, enable"]
    assert all(line in text for line in wanted)
    assert sorted(wanted, key=text.index) == wanted


def test_user_data_brings_the_configuration_or_is_refused(tmp_path: Path) -> None:
    found = site(tmp_path, "a")
    path = tmp_path / "cloudfail.toml"
    assert "[instance.one]" in cloud_init(found, files_of(found))
    path.unlink()
    path.symlink_to("/dev/null")
    with pytest.raises(ConfigError, match="no file that can be read again"):
        cloud_init(found, files_of(found))
