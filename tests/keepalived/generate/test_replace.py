"""What a file is never put in the place of."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from cloudfail.keepalived.generate.install import replace


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_file_takes_the_place_of_files_only(tmp_path: Path, make: object) -> None:
    place = tmp_path / "place"
    assert callable(make)
    make(place)
    before = place.lstat()
    with pytest.raises(OSError, match="is there, and no file"):
        replace(place, "text", 0o600)
    assert (place.lstat().st_ino, place.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert list(tmp_path.iterdir()) == [place]


def test_a_link_is_replaced_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    link = tmp_path / "link"
    link.symlink_to("fifo")
    replace(link, "text", 0o600)
    assert link.read_text() == "text"
    assert stat.S_ISFIFO((tmp_path / "fifo").lstat().st_mode)
