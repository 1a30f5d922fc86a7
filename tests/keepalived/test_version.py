"""Versions of keepalived: read, compared, and asked of the one installed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cloudfail.errors import ConfigError, UsageError
from cloudfail.keepalived.version import (
    Version,
    check_supported,
    installed_features,
    installed_version,
    parse_version,
)

FULL = """Keepalived v2.3.4 (06/10,2025), git commit v2.3.3-45
Config options:  LVS VRRP VRRP_VMAC
System options:  VSYSLOG
"""


@pytest.fixture
def prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A keepalived whose --version prints what the test writes into this file."""
    text = tmp_path / "text"
    fake = tmp_path / "keepalived"
    # As keepalived does: on stderr.
    fake.write_text(f'#!/bin/sh\n[ "$1" = --version ] && /bin/cat {text} >&2\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    return text


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2.2", Version(2, 2, 0)),
        ("2.2.7", Version(2, 2, 7)),
        ("v2.2.7", Version(2, 2, 7)),
        (" 2.4.3\n", Version(2, 4, 3)),
    ],
)
def test_a_version_is_read_as_people_write_it(text: str, version: Version) -> None:
    assert parse_version(text) == version


def test_a_version_is_written_like_the_tag() -> None:
    assert [str(parse_version(text)) for text in ("v2.2.7", "2.3")] == ["2.2.7", "2.3.0"]


@pytest.mark.parametrize("text", ["", "2", "latest", "2.2.7.1", "2.x", "-2.2", "2.2.7\n2.3", "2.²"])
def test_what_is_no_version_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(UsageError, match=r"write it like 2\.2\.7"):
        parse_version(text)


def test_versions_are_ordered_by_number_and_not_by_letter() -> None:
    ordered = ["2.0.20", "2.1.0", "2.2.8", "2.2.10", "2.10.0"]
    assert sorted(map(parse_version, reversed(ordered))) == [*map(parse_version, ordered)]


@pytest.mark.parametrize("text", ["2.0.0", "2.2.7", "2.4.0", "2.4.99"])
def test_every_version_from_2_0_to_2_4_is_supported(text: str) -> None:
    check_supported(parse_version(text))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1.4.5", r"1\.4\.5 is too old: cloudfail supports 2\.0 to 2\.4; install a newer"),
        ("2.5.0", r"2\.5\.0 is newer than this cloudfail knows \(2\.0 to 2\.4\); update"),
        ("3.0", r"3\.0\.0 is newer than this cloudfail knows"),
    ],
)
def test_a_version_out_of_range_is_refused_with_the_range(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        check_supported(parse_version(text))


def test_the_installed_version_is_what_the_program_prints(prints: Path) -> None:
    prints.write_text(FULL)
    assert installed_version() == Version(2, 3, 4)
    assert installed_features() == {"LVS", "VRRP", "VRRP_VMAC"}


@pytest.mark.parametrize("text", ["", "something else 2.2.7\n"])
def test_a_program_that_is_no_keepalived_has_no_version(prints: Path, text: str) -> None:
    prints.write_text(text)
    assert installed_version() is None
    assert installed_features() == frozenset()


def test_a_program_that_cannot_be_started_has_no_version(prints: Path) -> None:
    prints.with_name("keepalived").write_bytes(b"\0")
    assert installed_version() is None


@pytest.mark.keepalived
@pytest.mark.skipif(not Path("/usr/sbin/keepalived").exists(), reason="keepalived is not there")
def test_keepalived_is_found_though_it_is_not_in_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert shutil.which("keepalived") is None
    found = installed_version()
    assert found is not None
    assert found >= Version(2, 0)
    assert "VRRP" in installed_features()
