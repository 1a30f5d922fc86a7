"""Which nodes there are, and that nothing of a node is missed without a word."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.importer import import_files
from cloudfail.keepalived.syntax import read_text

from keepalived.importer.again import written
from keepalived.importer.made import config_of, pair, told
from keepalived.importer.pairs import CONDITIONS

ONE_ID = """vrrp_instance V {
interface eth0
virtual_router_id 4
@main priority 200
@^main priority 100
@main unicast_src_ip 10.0.1.10
@^main unicast_src_ip 10.0.1.20
unicast_peer {
@main 10.0.1.20
@^main 10.0.1.10
}
}
"""


def test_a_file_that_names_one_id_is_that_of_two_nodes(tmp_path: Path) -> None:
    found = import_files(written({"keepalived.conf": ONE_ID}, tmp_path))
    nodes = config_of(found, tmp_path).instances["V"].nodes
    assert [(n.name, str(n.address), n.priority) for n in nodes] == [
        ("main", "10.0.1.10", 200),
        ("not-main", "10.0.1.20", 100),
    ]


def test_the_first_id_of_a_file_is_the_first_node(tmp_path: Path) -> None:
    text = CONDITIONS.replace("@one", "@z").replace("router_id one", "router_id z")
    found = import_files(written({"keepalived.conf": text}, tmp_path))
    assert [n.name for n in config_of(found, tmp_path).instances["V"].nodes] == ["z", "two"]


def test_the_same_file_of_both_nodes_is_read_once(tmp_path: Path) -> None:
    paths = written({"a/keepalived.conf": CONDITIONS, "b/keepalived.conf": CONDITIONS}, tmp_path)
    found = import_files(paths)
    assert [n.name for n in config_of(found, tmp_path).instances["V"].nodes] == ["one", "two"]
    assert any("and its nodes are there already" in line for line in told(found, "changed"))


@pytest.mark.parametrize("pattern", ["conf.d/*.conf", "/nonexistent/*.conf"])
def test_an_include_that_matches_nothing_is_named(pattern: str, tmp_path: Path) -> None:
    paths = pair(tmp_path)
    for path in paths:
        path.write_text(f"include {pattern}\n" + path.read_text())
    missing = told(import_files(paths), "missing")
    named = [line for line in missing if f"include {pattern}: it matches no file" in line]
    assert len(named) == len(paths)


def test_a_file_of_this_machine_is_not_taken_for_a_nodes_in_silence(tmp_path: Path) -> None:
    written({"etc/x.conf": "global_defs {\nlvs_flush\n}\n"}, tmp_path)
    paths = pair(tmp_path / "fetched")
    paths[0].write_text(f"include {tmp_path}/etc/*.conf\n" + paths[0].read_text())
    missing = told(import_files(paths), "missing")
    assert any("it is this machine's" in line for line in missing)


@pytest.mark.parametrize(
    "line",
    [
        r'startup_script "/x \xe9 \x1ba \n y \"a b\" \\ \'q\'" root',
        r"startup_script '/x a' b",
        r"startup_script /x'",
        r"process_names a\b",
        'process_names "a b" "c\\d"',
        'process_names "é" it\'s "" "#"',
    ],
)
def test_what_goes_into_the_extras_is_read_there_as_it_was(line: str, tmp_path: Path) -> None:
    paths = pair(tmp_path)[:1]
    paths[0].write_text(f"global_defs {{\n{line}\n}}\n" + paths[0].read_text())
    text = import_files(paths).extras["conf.d/extras.conf"]
    (before,) = read_text(line).statements
    (block,) = read_text(text).statements
    (after,) = block.children or ()
    assert [word.text for word in after.words] == [word.text for word in before.words]
