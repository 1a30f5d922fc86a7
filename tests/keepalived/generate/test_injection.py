"""No text of cloudfail.toml adds a line, a word or a block to a generated file, or takes one away."""

from __future__ import annotations

import base64
import contextlib
import importlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cloudfail import registry
from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import Generated, Site, files_of, secret_of, site_of
from cloudfail.keepalived.generate.cloud_init import cloud_init
from cloudfail.keepalived.options import KEYWORDS
from cloudfail.keepalived.syntax import Statement, read_text
from cloudfail.keepalived.version import Version
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from keepalived.generate.hostile import PIECES, SLOTS, rich
from keepalived.generate.matrix import Document, toml
from keepalived.generate.sites import write_secret

yaml: Any = importlib.import_module("yaml")
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, in C
VERSION = Version(2, 2, 7)
SYSCTL = re.compile(
    r"-?net\.ipv[46]\.ip_nonlocal_bind = 1|net\.ipv4\.ip_forward = 1"
    r"|net\.ipv6\.conf\.all\.forwarding = 1|net/ipv6/conf/[\w.@-]+/accept_ra = 2"
    r"|net\.ipv4\.conf\.(all|lo)\.arp_(ignore = 1|announce = 2)"
)
# A user with or without a group, a server with or without a port.
ONE_OR_TWO = {"script_user", "user", "vrrp_notify_fifo", "smtp_server"}


@pytest.fixture(scope="module", autouse=True)
def quick_look_ups() -> Iterator[None]:
    """Plugins and the fields of tables are looked up once, not for every example."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(msgspec.structs, "fields", cache(msgspec.structs.fields))
        patch.setattr(registry, "_raw_entries", cache(registry._raw_entries))
        yield


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("hostile")
    write_secret(found)
    return found


def site_with(slot: str, text: str, directory: Path) -> Site:
    """Raises ConfigError where the text is refused."""
    tables = rich(str(directory / "edge.secret"))
    SLOTS[slot][0](tables, text)
    return site_of(read(tables, directory), text if slot == "node" else "a", VERSION)


def read(tables: Document, directory: Path) -> Any:
    path = directory / "cloudfail.toml"
    path.write_bytes(toml(tables).encode())
    return load(path, {})


def benign(slot: str, directory: Path) -> str:
    return SLOTS[slot][1] or str(directory / "edge.secret")


def texts(slot: str, directory: Path) -> Iterator[str]:
    """Yield each piece behind, or within, what belongs there."""
    good = benign(slot, directory)
    for number, piece in enumerate(PIECES):
        where = len(good) if number % 2 else 3
        yield good[:where] + piece + good[where:]


@pytest.mark.sweep
@pytest.mark.parametrize("slot", SLOTS)
def test_each_piece_is_refused_or_harmless(slot: str, directory: Path) -> None:
    good = shape(site_with(slot, benign(slot, directory), directory))
    for text in texts(slot, directory):
        check(slot, text, good, directory)


@given(
    slot=st.sampled_from(sorted(SLOTS)),
    pieces=st.lists(st.sampled_from(PIECES) | st.text(max_size=3), min_size=1, max_size=5),
    where=st.integers(0, 12),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_changes_the_structure(
    directory: Path, slot: str, pieces: Sequence[str], where: int
) -> None:
    good = benign(slot, directory)
    text = good[:where] + "".join(pieces) + good[where:]
    if any("\ud800" <= char <= "\udfff" for char in text):
        return  # no such text is UTF-8, and the file has to be
    check(slot, text, shape(site_with(slot, good, directory)), directory)


def check(slot: str, text: str, good: Any, directory: Path) -> None:
    with contextlib.suppress(ConfigError):  # refused is as good
        assert shape(site_with(slot, text, directory)) == good, (slot, text)


def shape(site: Site) -> Any:
    """Return what a text may not change: statements, blocks, and the lines of the host's files."""
    generated = files_of(site, secret_of)
    check_cloud_init(site)
    conf = [f for f in generated.files if f.path.startswith(f"{site.config.keepalived.directory}/")]
    host = [f for f in generated.files if f not in conf]
    for file in host:
        check_host_file(file.path, file.text)
    return (
        [statements(read_text(f.text).statements) for f in conf],
        [(f.path, f.mode, [line_shape(line) for line in f.text.split("\n")]) for f in host],
    )


def statements(found: Sequence[Statement], block: str = "") -> Any:
    return tuple(
        (
            one.keyword if block in KEYWORDS or one.is_block else "*",
            one.condition,
            len(one.args) if one.keyword not in ONE_OR_TWO else 1,
            statements(one.children, inner(one, block)) if one.children is not None else None,
        )
        for one in found
    )


def inner(one: Statement, block: str) -> str:
    return one.keyword if not (one.keyword == "track_file" and block) else "a list"


def line_shape(line: str) -> tuple[str, int]:
    """Its first word, unless a name is in it, and how many words it has."""
    words = line.split()
    return (re.sub(r"conf/.*/accept_ra|=.*", "", words[0]) if words else "", len(words))


def check_host_file(path: str, text: str) -> None:
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    if path.endswith("60-cloudfail.conf"):
        assert all(SYSCTL.fullmatch(line) for line in lines)
    if path.endswith(".rules"):
        [units] = re.findall(r"var units = \[(.*)\];", text)
        assert re.fullmatch(r'"[\w.:@-]+"', units)


def check_cloud_init(site: Site) -> None:
    generated: Generated = files_of(site)
    found = yaml.load(cloud_init(site, generated), LOADER)
    own = site.config.path
    assert own is not None
    wanted = {file.path: file.text for file in generated.files if not file.secret}
    wanted["/etc/cloudfail/cloudfail.toml"] = own.read_bytes().decode()
    assert {entry["path"]: content(entry) for entry in found["write_files"]} == wanted
    command = site.config.keepalived.command
    assert found["runcmd"][0][:2] == ["mkdir", "-p"]
    assert [command, "generate", "--node", site.name, "--install"] in found["runcmd"]
    assert len(found["runcmd"]) == 8


def content(entry: dict[str, str]) -> str:
    if entry.get("encoding") == "b64":
        return base64.b64decode(entry["content"]).decode()
    return entry["content"]


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1, max_size=8))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_secret_is_read_as_it_was_written(directory: Path, secret: str) -> None:
    file = write_secret(directory / "own", secret)
    site = site_with("secret_file", str(file), directory)
    with contextlib.suppress(ConfigError):
        [text] = [f.text for f in files_of(site, secret_of).files if f.secret]
        [one] = read_text(text).statements
        assert (one.keyword, one.args) == ("auth_pass", (secret.strip(),))


def test_most_characters_may_be_in_a_secret(directory: Path) -> None:
    """Else the property above would hold by refusing everything."""
    refused = []
    for char in map(chr, range(0x21, 0x7F)):
        site = site_with("secret_file", str(write_secret(directory / "own", f"a{char}")), directory)
        try:
            files_of(site, secret_of)
        except ConfigError:
            refused.append(char)
    assert set(refused) == set("\"\\'$~")
