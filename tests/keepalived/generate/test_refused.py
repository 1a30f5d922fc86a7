"""What keepalived -t would let pass, or cut, is refused before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError

from keepalived.generate.hostile import rich
from keepalived.generate.matrix import Document
from keepalived.generate.sites import generated, write_secret

Change = Callable[[Document], None]


@pytest.fixture
def tables(tmp_path: Path) -> Document:
    return rich(str(write_secret(tmp_path)))


def edge(**values: object) -> Change:
    def change(tables: Document) -> None:
        tables["instance"]["edge"].update(values)

    return change


def shared(table: str, **values: object) -> Change:
    def change(tables: Document) -> None:
        tables[table].update(values)

    return change


def one_device(tables: Document) -> None:
    other = tables["instance"]["other"]
    other["virtual_router_id"] = 51
    for node in other["node"]:
        node["interface"] = "eth0"


def over_ipv6(tables: Document) -> None:
    for number, node in enumerate(tables["instance"]["edge"]["node"]):
        node["address"] = f"fd00::{number + 1}"


def route_to_a_node(tables: Document) -> None:
    route = {"kind": "route", "destination": "10.0.1.10/32", "tables": ["t"]}
    edge(claim=[route])(tables)
    del tables["instance"]["edge"]["virtual_ipaddress"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (one_device, "51 is also that of instance.edge on eth0 of node a"),
        (route_to_a_node, '10.0.1.10 is the unicast address of node "a"'),
        (over_ipv6, "PASS is for IPv4 only"),
        (edge(authentication={"type": "AH", "secret_file": "/x"}, state="MASTER"), "AH"),
        (edge(authentication={"secret_file": "/x"}), "authentication.type"),
        (edge(track_script=[{"name": "check", "reverse": True}]), "needs a weight"),
        (shared("keepalived", vrrp_startup_delay=0), "vrrp_startup_delay"),
        (shared("track_file", brake={"file": "/x", "init_file": 255}), "init_file"),
        (shared("keepalived", smtp_server="127.0.0.1 65536"), "smtp_server"),
        (shared("keepalived", include="*.conf"), "keepalived.include"),
        (shared("keepalived", include="keepalived.conf"), "keepalived.include"),
        (shared("keepalived", include="secret/*.conf"), "keepalived.include"),
        (shared("keepalived", include="*/x.conf"), "keepalived.include"),
        (
            shared("keepalived", include="own.conf", file_per_instance=True),
            "keepalived.file_per_instance",
        ),
        (shared("keepalived", directory="/"), "keepalived.directory"),
        (shared("keepalived", directory="/etc/../x"), "keepalived.directory"),
        (shared("vrrp_script", check={"process": "-x"}), "vrrp_script.check.process"),
    ],
)
def test_it_is_named_by_its_key(
    tables: Document, tmp_path: Path, change: Change, said: str
) -> None:
    assert generated(tables, tmp_path).files, "without the change all is well"
    change(tables)
    with pytest.raises(ConfigError) as caught:
        generated(tables, tmp_path)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "word", ["include", "includer", "includem", "includew", "includeb", "includea"]
)
def test_a_name_that_keepalived_takes_for_an_include_is_refused(
    tables: Document, tmp_path: Path, word: str
) -> None:
    tables["instance"][word] = tables["instance"].pop("edge")
    tables["vrrp_sync_group"]["both"]["instances"] = [word, "other"]
    with pytest.raises(ConfigError, match=f'"{word}" cannot be written'):
        generated(tables, tmp_path)


def test_an_address_that_is_excluded_is_not_advertised_too(
    tables: Document, tmp_path: Path
) -> None:
    del tables["instance"]["edge"]["virtual_ipaddress"]
    edge(virtual_ipaddress_excluded=["10.0.1.100"])(tables)
    assert generated(tables, tmp_path).main.text.count(" 10.0.1.100/32 ") == 1


def test_a_directory_with_a_slash_at_its_end_is_the_same(tables: Document, tmp_path: Path) -> None:
    before = generated(tables, tmp_path)
    shared("keepalived", directory="//etc//keepalived/")(tables)
    assert generated(tables, tmp_path).files == before.files


def test_an_instances_own_file_is_one_that_the_include_finds(
    tables: Document, tmp_path: Path
) -> None:
    shared("keepalived", include="more/site-*.inc", file_per_instance=True)(tables)
    paths = [file.path for file in generated(tables, tmp_path).files]
    assert "/etc/keepalived/more/site-edge.inc" in paths


def test_a_router_id_of_two_words_is_one(tables: Document, tmp_path: Path) -> None:
    tables["instance"]["edge"]["node"][0]["router_id"] = "web 1"
    assert '  router_id "web 1"\n' in generated(tables, tmp_path).main.text
