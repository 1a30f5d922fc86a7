"""Each keepalived gets only what it knows; what it lacks is an error, or named in a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Generated
from cloudfail.keepalived.options import DIRECTIVES, KEYWORDS, entry_word, knows
from cloudfail.keepalived.syntax import Statement, read_text
from cloudfail.keepalived.version import Version, parse_version

from keepalived.generate.matrix import Document, cases, document
from keepalived.generate.pairs import Case
from keepalived.generate.sites import generated, write_secret

VERSIONS = tuple(
    parse_version(text)
    for text in (
        *("2.0.0", "2.0.5", "2.0.11", "2.0.15", "2.0.20", "2.1.0", "2.2.0", "2.2.7"),
        *("2.2.8", "2.3.0", "2.3.3", "2.4.0", "2.4.3"),
    )
)
# Of the tables, but for keepalived: paths, and what the agent or the host is told.
NOT_KEYWORDS = {
    *("directory", "include", "file_per_instance", "command", "vrrp_notify_fifo_user"),
    *("provider", "claim", "node", "services", "hook", "responder", "authentication"),
}
FIRST = {  # facts that the table of keywords does not hold
    "owner of a FIFO": Version(2, 0, 16),
    "reverse": Version(2, 0, 18),
    "preferred_lft": Version(2, 0, 20),
    "auth_hmac": Version(2, 4, 2),
}
ERRORS = {  # the key an error names, and when it may
    r"keepalived\.vrrp_startup_delay: .*no vrrp_startup_delay": Version(2, 0, 14),
    r"track_process\.busy: .*no vrrp_track_process": Version(2, 0, 11),
    r"edge\.unicast_ttl: .*no unicast_ttl": Version(2, 1, 0),
    r"edge\.authentication\.type: auth_hmac": Version(2, 4, 2),
    r"edge: tracked with reverse: `reverse`": Version(2, 0, 18),
    r"(edge|other)\.virtual_ipaddress: .*preferred_lft": Version(2, 0, 20),
}


@pytest.fixture(params=VERSIONS, ids=str)
def version(request: pytest.FixtureRequest) -> Version:
    found: Version = request.param
    return found


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all versions: each file is read once."""
    return tmp_path_factory.mktemp("versions")


def test_everything_generated_is_known_or_refused(version: Version, directory: Path) -> None:
    secret = str(write_secret(directory))
    written = 0
    for case in cases():
        tables = document(case, secret)
        try:
            files = generated(tables, directory, version=version)
        except ConfigError as error:
            check_error(str(error), version)
            continue
        written += 1
        check_known(files, version)
        check_complete(tables, files, case)
    assert written, "something is possible with every version"
    assert version < Version(2, 4, 2) or written == len(cases()), "2.4.3 has everything"


def check_error(message: str, version: Version) -> None:
    matching = [first for pattern, first in ERRORS.items() if re.search(pattern, message)]
    assert matching, message
    assert version < max(matching), message
    assert str(version) in message


def check_known(files: Generated, version: Version) -> None:
    for above, statement in statements(files):
        block = above[-1].keyword if above else ""
        if block in KEYWORDS and not (block == "track_file" and len(above) > 1):
            assert knows(version, block, statement.keyword), (block, statement.keyword)
            check_arguments(statement, version)
        else:
            check_entry(block, statement, version)


def check_arguments(statement: Statement, version: Version) -> None:
    if statement.keyword == "vrrp_notify_fifo" and version < FIRST["owner of a FIFO"]:
        assert len(statement.args) == 1
    if statement.keyword == "auth_hmac":
        assert version >= FIRST["auth_hmac"]


def check_entry(block: str, statement: Statement, version: Version) -> None:
    assert statement.keyword not in DIRECTIVES
    for word in statement.args:
        known = entry_word(block, word)
        assert known is None or known.known_to(version), word
    for word in ("reverse", "preferred_lft"):
        assert word not in statement.args or version >= FIRST[word]
    if "dev lo" not in statement.rest and ":" in statement.keyword and "virtual" in block:
        assert statement.args[-2:] == ("preferred_lft", "forever")


def check_complete(tables: Document, files: Generated, case: Case) -> None:
    """Every key that was written, and is not off, has its word: a keyword, or one in a comment."""
    text = "\n".join(f.text for f in files.files if "keepalived/" in f.path)
    wanted = {**tables["keepalived"], **tables["instance"]["edge"]}
    for kind, table in (("script", "vrrp_script"), ("file", "track_file"),
                        ("process", "track_process")):  # fmt: skip
        if case[f"track_{kind}"] != "none":
            [(name, settings)] = tables[table].items()
            assert re.search(rf"^(vrrp_script|(vrrp_)?track_\w+) {name} {{", text, re.MULTILINE)
            wanted |= {key: v for key, v in settings.items() if key not in CHECKS}
    for key, value in wanted.items():
        if key not in NOT_KEYWORDS and value not in (False, [], ()):
            assert re.search(rf"(?m)^.*\b{key}(_excluded)?\b", text), (key, case)
    assert all(f"# {sentence}" in text for sentence in files.missing)


CHECKS = ("tcp", "http", "process", "unit", "command")


def statements(files: Generated) -> Iterator[tuple[tuple[Statement, ...], Statement]]:
    for file in files.files:
        if "keepalived/" not in file.path:
            continue
        text, inside = file.text, "/secret/" in file.path
        if inside:
            text = f"vrrp_instance x {{\nauthentication {{\n{text}}}\n}}\n"
        tree = read_text(text)
        assert not [f for f in tree.findings if f.kind != "include"]
        yield from tree.walk()


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """An old keepalived with nothing optional: the fallbacks, word for word."""
    tables = document({**cases()[0], **PLAIN})
    files = generated(tables, tmp_path, version=Version(2, 0, 5))
    lacks = [re.search(r"has no (\w+)|takes no (\w+)", sentence) for sentence in files.missing]
    assert {match.group(1) or match.group(2) for match in lacks if match} == {
        "unicast_fault_no_peer",
        "notify_master_rx_lower_pri",
        "vrrp_notify_fifo_user",
    }
    newest = generated(tables, tmp_path, version=Version(2, 4, 3))
    assert newest.missing == ()


PLAIN = {
    "fifo": "default",
    "vrrp_startup_delay": "default",
    "family": "4",
    "second": "none",
    "unicast_ttl": "none",
    "unicast_fault_no_peer": "default",
    "claims": "public",
    "virtual_ipaddress": "default",
    "virtual_ipaddress_excluded": "none",
    "authentication": "default",
    "track_script": "none",
    "track_interface": "none",
    "track_file": "none",
    "track_process": "none",
}


@pytest.mark.parametrize(("family", "address"), [("4", "192.0.2.51/32"), ("6", "2001:db8::33/128")])
def test_no_address_at_all_is_a_stand_in_up_to_2_2_7(
    tmp_path: Path, family: str, address: str
) -> None:
    tables = document({**cases()[0], **PLAIN, "family": family})
    old = generated(tables, tmp_path, version=Version(2, 2, 7)).main.text
    assert f"    {address} dev lo" in old
    assert "\n  no_virtual_ipaddress\n" not in old
    new = generated(tables, tmp_path, version=Version(2, 2, 8)).main.text
    assert "\n  no_virtual_ipaddress\n" in new
    assert "virtual_ipaddress {" not in new
