"""The real keepalived has nothing to say of anything that is generated."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.config.file import InstanceTable, NodeTable
from cloudfail.config.vrrp import tables
from cloudfail.keepalived.generate import Generated, files_of, names_of, secret_of, site_of
from msgspec import Struct

from keepalived.generate.levels import LEVELS, NEVER
from keepalived.generate.matrix import Document, cases, document, nodes_of
from keepalived.generate.pairs import Case, pairs_in, pairs_of
from keepalived.generate.place import Verdict, needs_keepalived, tried_out, write
from keepalived.generate.sites import INSTALLED, generated, write_secret

pytestmark = [pytest.mark.keepalived, needs_keepalived]
# keepalived(8): the exit code of -t when scripts run without script security, and only then.
NO_SCRIPT_SECURITY = Verdict(
    6, "SECURITY VIOLATION - scripts are being executed but script_security not enabled.\n"
)
_HMAC = frozenset({"hmac"})  # keepalived 2.4.2 and newer
EXAMPLES = sorted(Path(__file__).parents[3].glob("examples/*/cloudfail.toml"))


@pytest.mark.sweep
def test_every_combination_is_accepted_without_a_word(tmp_path: Path) -> None:
    secret = write_secret(tmp_path)
    roots: dict[str, str] = {}
    for number, case in enumerate(cases(_HMAC)):
        root = tmp_path / f"case{number}"
        roots |= put(generated(document(case, str(secret)), root), root)
    verdicts = tried_out(roots, tmp_path)
    refused = [
        (verdict, case)
        for verdict, case in zip(verdicts, cases(_HMAC), strict=True)
        if verdict not in allowed(case)
    ]
    assert not refused
    assert NO_SCRIPT_SECURITY in verdicts, "the exception is one that happens"


@pytest.mark.sweep
def test_every_node_of_a_cluster_is_accepted(tmp_path: Path) -> None:
    """The matrix is that of node a; others differ in peers, priority and device."""
    secret = write_secret(tmp_path)
    roots: dict[str, str] = {}
    for number, case in enumerate(one for one in cases(_HMAC) if one["nodes"] == "5"):
        for node in "be":
            root = tmp_path / f"case{number}{node}"
            roots |= put(generated(document(case, str(secret)), root, node), root)
    verdicts = tried_out(roots, tmp_path)
    assert len(verdicts) > 20
    assert set(verdicts) <= {Verdict(0, ""), NO_SCRIPT_SECURITY}


def test_every_example_is_accepted_on_every_node(tmp_path: Path) -> None:
    roots: dict[str, str] = {}
    for path in EXAMPLES:
        config = load(path, {})
        for name in names_of(config):
            root = tmp_path / f"{path.parent.name}-{name}"
            roots |= put(files_of(site_of(config, name, INSTALLED), secret_of), root)
    assert len(roots) >= 4
    assert tried_out(roots, tmp_path) == [Verdict(0, "")] * len(roots)


def test_a_broken_file_is_refused_by_the_same_means(tmp_path: Path) -> None:
    """Else all of the above would pass for want of a keepalived that looks."""
    root = tmp_path / "case"
    files = generated(document(cases(_HMAC)[0], str(write_secret(tmp_path))), root)
    roots = put(files, root)
    conf = root / files.main.path.lstrip("/")
    conf.write_text(f"{conf.read_text()}\nfrobnicate\n")
    [verdict] = tried_out(roots, tmp_path)
    assert verdict.code == 5
    assert "Unknown keyword 'frobnicate'" in verdict.said


def test_the_matrix_holds_every_pair_that_can_be() -> None:
    levels = {name: tuple(values) for name, values in LEVELS.items()}
    wanted = {frozenset(pair) for pair in pairs_of(levels, NEVER)}
    held = {frozenset(pair) for case in cases() for pair in pairs_in(case)}
    assert wanted == held
    assert not {frozenset(pair) for pair in NEVER} & held
    assert len(wanted) > 5_000


def test_the_matrix_sets_every_key() -> None:
    """A new key of the tables without a place in the matrix would go untested."""

    asked: dict[str, type[Struct]] = {
        "keepalived": tables.KeepalivedTable,
        "host": tables.HostTable,
        "instance.edge": InstanceTable,
        "vrrp_script.check": tables.ScriptTable,
        "track_file.brake": tables.TrackFileTable,
        "track_process.busy": tables.TrackProcessTable,
        "vrrp_sync_group.both": tables.SyncGroupTable,
        "node": NodeTable,
    }
    # About the cloud, not about keepalived.
    others = {"deadline", "width", "interface_id", "subnet"}
    documents = [document(case) for case in cases()]
    for key, shape in asked.items():
        used = {name for whole in documents for table in _tables(whole, key) for name in table}
        assert set(shape.__struct_fields__) - others <= used, key


def _tables(whole: Document, key: str) -> list[Document]:
    if key == "node":
        return nodes_of(whole)
    found: object = whole
    for name in key.split("."):
        found = found.get(name, {}) if isinstance(found, dict) else {}
    return [found] if isinstance(found, dict) else []


def put(files: Generated, root: Path) -> dict[str, str]:
    write(files, root)
    return {str(root): files.main.path}


def allowed(case: Case) -> set[Verdict]:
    """keepalived minds only scripts that exist: flock, unless nobody knows where its lock may be."""
    is_run = case["track_script"] != "none" or case["script_user"] == "default"
    if case["enable_script_security"] == "false" and is_run:
        return {NO_SCRIPT_SECURITY}
    return {Verdict(0, "")}
