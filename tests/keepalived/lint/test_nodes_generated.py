"""Whatever is generated for all nodes of a configuration fits together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import names_of
from cloudfail.keepalived.lint import Finding, NodeConf, confs_of, lint
from cloudfail.keepalived.lint.rule import NodesRule
from cloudfail.keepalived.lint.rules import ALL
from cloudfail.keepalived.version import Version

from keepalived.generate.matrix import Document, cases, document
from keepalived.generate.pairs import Case, Choice
from keepalived.generate.sites import INSTALLED, generated, write_config, write_secret

NODES = frozenset(rule.code for rule in ALL if isinstance(rule, NodesRule))


def confs(tables: Document, directory: Path, version: Version) -> Iterator[NodeConf]:
    """Every node's files, each beneath a directory of its own, where its includes lead."""
    config = load(write_config(tables, directory), {})
    for name in names_of(config):
        root = directory / name
        files = generated(tables, directory, name, version)
        for file in files.files:
            target = root / file.path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            text = file.text
            for place in ("/etc/keepalived/", "/mnt/keepalived/"):
                text = text.replace(f"include {place}", f"include {root}{place}")
            target.write_text(text)
            target.chmod(file.mode)
        yield from confs_of(root / files.main.path.lstrip("/"))


def compared(tables: Document, directory: Path, version: Version = INSTALLED) -> list[Finding]:
    nodes = tuple(confs(tables, directory, version))
    assert len(nodes) > 1
    assert all(node.instances for node in nodes)
    return [one for one in lint(nodes, version) if one.code in NODES]


def covering(secret: Path, without: frozenset[str]) -> list[Case]:
    """Return the first cases of the matrix that have every value of every parameter once.

    What the configuration refuses is left out: nopreempt beside weights, for example.
    """
    seen: set[Choice] = set()
    chosen = []
    for case in cases(without):
        if not case.items() <= seen and is_accepted(case, secret):
            chosen.append(case)
            seen.update(case.items())
    return chosen


def is_accepted(case: Case, secret: Path) -> bool:
    try:
        load(write_config(document(case, str(secret)), secret.parent / "tried"), {})
    except ConfigError:
        return False
    return True


def expected(case: Case, nodes: list[Finding]) -> set[str]:
    """The matrix writes one router_id for all nodes."""
    left = {one.code for one in nodes}
    if case["node"] == "router_id":
        left.discard("KA129")
    return left


@pytest.mark.sweep
@pytest.mark.parametrize("version", [INSTALLED, Version(2, 4, 2)], ids=str)
def test_the_nodes_of_every_configuration_fit_together(version: Version, tmp_path: Path) -> None:
    secret = write_secret(tmp_path)
    without = frozenset() if version >= Version(2, 4, 2) else frozenset({"hmac"})
    chosen = covering(secret, without)
    found = {
        number: expected(
            case, compared(document(case, str(secret)), tmp_path / str(number), version)
        )
        for number, case in enumerate(chosen)
    }
    assert {case["nodes"] for case in chosen} == {"2", "3", "5"}
    assert {case["preemption"] for case in chosen} >= {"default", "nopreempt", "preempt"}
    assert {case["track_script"] for case in chosen} == {"none", "name", "weight", "reverse"}
    assert not {number: codes for number, codes in found.items() if codes}


def weighted(**instance: object) -> Document:
    """A pair of which either node is worth less when its check fails."""
    nodes = [
        {"name": name, "address": f"10.0.1.1{n}", "priority": 150 - 50 * n}
        for n, name in enumerate("ab")
    ]
    edge = {
        "provider": "cloud",
        "interface": "eth0",
        "virtual_router_id": 51,
        "node": nodes,
        "track_script": [{"name": "check", "weight": -60}],
        "claim": [{"kind": "private-ip", "address": "10.0.1.100"}],
        **instance,
    }
    return {
        "instance": {"edge": edge},
        "vrrp_script": {"check": {"tcp": "127.0.0.1:80"}},
    }


def test_a_weight_is_useful_because_nobody_has_nopreempt_then(tmp_path: Path) -> None:
    assert compared(weighted(), tmp_path / "x") == []
    assert compared(weighted(nopreempt=False), tmp_path / "y") == []
    with pytest.raises(ConfigError, match="nopreempt"):
        compared(weighted(nopreempt=True), tmp_path / "z")


def test_a_weight_that_is_too_small_is_said(tmp_path: Path) -> None:
    small = weighted(nopreempt=False, track_script=[{"name": "check", "weight": -50}])
    assert [one.code for one in compared(small, tmp_path / "x")] == ["KA131"]


@pytest.mark.parametrize(("weight", "codes"), [(0, ["KA131"]), (1, []), (None, [])])
def test_only_a_file_that_counts_may_take_the_rest(
    tmp_path: Path, weight: int | None, codes: list[str]
) -> None:
    """A file with weight 0 is a FAULT or nothing, as that of the handover is."""
    small = weighted(
        nopreempt=False, track_script=[{"name": "check", "weight": -50}], track_file=["brake"]
    )
    small["track_file"] = {"brake": {"file": "/run/brake"}}
    if weight is not None:
        small["track_file"]["brake"]["weight"] = weight
    assert [one.code for one in compared(small, tmp_path / "x")] == codes


def test_a_change_in_one_generated_file_is_noticed(tmp_path: Path) -> None:
    """The comparison is not clean because it looks at nothing."""
    nodes = list(confs(weighted(nopreempt=False), tmp_path / "x", INSTALLED))
    path = Path(nodes[1].file)
    changes = {
        "virtual_router_id 51": ("virtual_router_id 52", "KA101"),
        "vrrp_version 3": ("vrrp_version 2", "KA102"),
        "advert_int 1": ("advert_int 2", "KA105"),
        "    10.0.1.10\n": ("    10.0.1.13\n", "KA117"),
        "priority 100": ("priority 150", "KA125"),
        "10.0.1.100/32": ("10.0.1.101/32", "KA106"),
    }
    for old, (new, code) in changes.items():
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
        changed = (nodes[0], *confs_of(path))
        assert code in {one.code for one in lint(changed, INSTALLED)}
        path.write_text(text)
