"""The lab as an ordinary user, through a mapped uid range."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from cloudfail.lab import root

from lab.conftest import run_lab

pytestmark = pytest.mark.rootless

USER, UID = "labuser", 4242

# A user of this mount namespace alone: the machine's /etc is not touched. Directories that only
# root may enter on the way to this Python are covered by ones that show nothing but that Python.
_BECOME = """
set -eu
for table in passwd group subuid subgid; do
    [ -e "/etc/$table" ] || touch "/etc/$table"
    mount --bind "$TABLES/$table" "/etc/$table"
done
for closed in $CLOSED; do
    mount --rbind "$closed" "$TABLES/behind"
    mount -t tmpfs -o mode=755 tmpfs "$closed"
    for path in $NEEDED; do
        case $path in
        "$closed"/*)
            mkdir -p "$path"
            mount --rbind "$TABLES/behind/${path#"$closed"/}" "$path"
            ;;
        esac
    done
done
exec setpriv --reuid UID --regid UID --clear-groups "$@"
""".replace("UID", str(UID))


def closed_directories(paths: Sequence[Path]) -> list[Path]:
    """Outermost directories on the way to the paths that others may not enter."""
    ways = {way for path in paths for way in path.parents}
    return sorted(way for way in ways if not way.stat().st_mode & 0o001)


@pytest.fixture
def as_user(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`cloudfail lab` as a user with a subordinate range, or with none."""
    if shutil.which("newuidmap") is None:
        pytest.skip("newuidmap is not installed (package uidmap)")
    if os.geteuid() != 0:
        return run_lab

    def run(*words: str, subordinate: bool = True) -> Any:
        tables = tmp_path_factory.mktemp("user")
        tables.chmod(0o755)
        (tables / "behind").mkdir()
        line = f"{USER}:300000:65536\n" if subordinate else ""
        extra = {"passwd": f"{USER}:x:{UID}:{UID}::/nonexistent:/bin/sh\n"}
        extra |= {"group": f"{USER}:x:{UID}:\n"}
        for table in ("passwd", "group"):
            (tables / table).write_text(Path("/etc", table).read_text() + extra[table])
        for table in ("subuid", "subgid"):
            (tables / table).write_text(line)
        needed = root.needed_paths()
        return run_lab(
            *words,
            prefix=["unshare", "--mount", "sh", "-c", _BECOME, "sh"],
            TABLES=str(tables),
            CLOSED=" ".join(map(str, closed_directories(needed)[:1])),
            NEEDED=" ".join(map(str, needed)),
            HOME="/nonexistent",
        )

    return run


def test_an_ordinary_user_sees_a_real_master_die(as_user: Callable[..., Any]) -> None:
    ran = as_user("run", "kill-master", "--advert-int", "0.25", "--output", "json")
    assert ran.code == 0, ran.stderr
    assert ran.document["verdict"] == "pass"
    assert ran.document["simulated"] is False


def test_the_bare_line_works_for_an_ordinary_user(as_user: Callable[..., Any]) -> None:
    ran = as_user("run", "bare-line", "--advert-int", "0.25", "--output", "json")
    assert ran.code == 0, ran.stderr


def test_a_user_without_a_range_is_told_the_line_and_the_ways_out(
    as_user: Callable[..., Any],
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can take this user's range away")
    ran = as_user("run", "kill-master", subordinate=False)
    assert ran.code == 78
    assert f"usermod --add-subuids 100000-165535 {USER}" in ran.stderr
    assert "--simulate" in ran.stderr
