"""A vrrp_script becomes a check that means the same, or is left out by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.keepalived.importer import import_files

from keepalived.importer.made import pair, told


@pytest.mark.parametrize(
    ("script", "key", "value"),
    [
        ("bash -c '</dev/tcp/127.0.0.1/80'", "tcp", "127.0.0.1:80"),
        ("</dev/tcp/127.0.0.1/80", "tcp", "127.0.0.1:80"),
        ("nc -z -w 2 10.0.0.9 22", "tcp", "10.0.0.9:22"),
        ("/usr/bin/curl -f -s -o /dev/null http://127.0.0.1/h", "http", "http://127.0.0.1/h"),
        ("killall -0 haproxy", "process", "haproxy"),
        ("/usr/bin/pgrep -x nginx", "process", "nginx"),
        ("pidof /usr/sbin/nginx", "process", "nginx"),
        ("systemctl is-active --quiet nginx.service", "unit", "nginx.service"),
        ("/usr/bin/curl -k -f https://127.0.0.1/", "command", None),
        ("/usr/bin/pgrep -f nginx", "command", None),
        ("/opt/check --quick", "command", None),
    ],
)
def test_a_check_becomes_one_that_means_the_same(
    script: str, key: str, value: str | None, tmp_path: Path
) -> None:
    paths = pair(tmp_path, "track_script {\nx\n}", "track_script {\nx\n}")
    for path in paths:
        path.write_text(f'vrrp_script x {{\nscript "{script}"\n}}\n' + path.read_text())
    found = import_files(paths)
    assert "[vrrp_script.x]\n" + f"{key} = " in found.toml
    if value is not None:
        assert f'{key} = "{value}"' in found.toml


def test_a_check_that_cannot_be_written_is_left_out_with_what_tracks_it(tmp_path: Path) -> None:
    paths = pair(tmp_path, "track_script {\nx\n}", "track_script {\nx\n}")
    for path in paths:
        path.write_text("vrrp_script x {\nscript \"/bin/sh -c 'a $B'\"\n}\n" + path.read_text())
    left = told(import_files(paths), "left out")
    assert any(line.startswith("vrrp_script x") for line in left)
    assert any(line.startswith("x: nothing of that name") for line in left)


def test_words_that_keepalived_never_ran_are_named(tmp_path: Path) -> None:
    paths = pair(tmp_path, "track_script {\nx\n}", "track_script {\nx\n}")
    for path in paths:
        path.write_text("vrrp_script x {\nscript /usr/bin/test -e /run/x\n}\n" + path.read_text())
    found = import_files(paths)
    assert 'command = ["/usr/bin/test"]' in found.toml
    assert any("without `-e /run/x`: keepalived" in line for line in told(found, "changed"))


def test_a_word_that_waits_for_a_shell_is_named(tmp_path: Path) -> None:
    paths = pair(tmp_path, "track_script {\nx\n}", "track_script {\nx\n}")
    for path in paths:
        path.write_text('vrrp_script x {\nscript "/usr/bin/test a 1>&2"\n}\n' + path.read_text())
    assert any("`1>&2` is passed" in line for line in told(import_files(paths), "changed"))
