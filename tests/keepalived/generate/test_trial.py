"""What is tested before it is in place is what keepalived will find once it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.config import load
from cloudfail.errors import ConfigError
from cloudfail.keepalived.generate import files_of, site_of
from cloudfail.keepalived.generate.trial import try_out
from cloudfail.keepalived.version import Version

TEXT = """
[track_file.brake]
file = "{}/brake"
weight = 0
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
track_file = ["brake"]
node = [
  {{ name = "a", address = "10.0.1.10", priority = 150 }},
  {{ name = "b", address = "10.0.1.11", priority = 100 }},
]
"""
# As keepalived 2.3.3 and 2.3.4 do (measured), with -t too.
KEEPALIVED = """#!/bin/sh
for file in $(sed -n 's/^ *file "\\(.*\\)"$/\\1/p' "$3"); do
    [ -d "${file%/*}" ] && continue
    echo "realpath() error 2 (No such file or directory) for ${file##*/}" >&2
    exit 5
done
"""


@pytest.fixture(autouse=True)
def _keepalived(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin/keepalived"
    program.parent.mkdir()
    program.write_text(KEEPALIVED)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")


def try_with(directory: str, tmp_path: Path) -> None:
    config = tmp_path / "cloudfail.toml"
    config.write_text(TEXT.format(directory))
    site = site_of(load(config, {}), "a", Version(2, 3, 4))
    try_out(site, files_of(site).files, (), tmp_path)


def test_a_track_file_may_be_where_systemd_tmpfiles_makes_the_directory(tmp_path: Path) -> None:
    try_with("/run/cloudfail", tmp_path)


def test_a_track_file_in_a_directory_that_nobody_makes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file or directory"):
        try_with("/run/no-such", tmp_path)
