"""What a node keeps of a claim for whoever finishes a move."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from cloudfail.lasting_memory import LastingMemory
from cloudfail.memory import Memory, ShortMemory
from cloudfail.model import PublicIp

CLAIM = PublicIp(address=ip_address("203.0.113.7"))
OTHER = PublicIp(address=ip_address("203.0.113.8"))


@pytest.mark.parametrize("make", [lambda _: ShortMemory(), lambda p: LastingMemory(p / "s", "gcp")])
def test_the_last_facts_of_a_claim_are_known(make: object, tmp_path: Path) -> None:
    memory: Memory = make(tmp_path)  # type: ignore[operator]
    assert memory.recall(CLAIM) == {}
    memory.keep(CLAIM, {"name": "one"})
    memory.keep(CLAIM, {"name": "two"})
    assert (memory.recall(CLAIM), memory.recall(OTHER)) == ({"name": "two"}, {})


def test_another_process_of_the_node_knows_them_too(tmp_path: Path) -> None:
    first, second = LastingMemory(tmp_path, "gcp"), LastingMemory(tmp_path, "gcp")
    assert second.recall(CLAIM) == {}
    first.keep(CLAIM, {"name": "one"})
    assert second.recall(CLAIM) == {"name": "one"}
    assert LastingMemory(tmp_path, "other").recall(CLAIM) == {}


def test_what_is_known_already_is_not_written_again(tmp_path: Path) -> None:
    memory = LastingMemory(tmp_path, "gcp")
    memory.keep(CLAIM, {"name": "one"})
    (file,) = tmp_path.iterdir()
    written = file.stat().st_ino
    memory.keep(CLAIM, {"name": "one"})
    assert file.stat().st_ino == written
    memory.keep(CLAIM, {"name": "two"})
    assert file.stat().st_ino != written


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"name": 1}'])
def test_a_file_that_says_nothing_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    memory = LastingMemory(tmp_path, "gcp")
    memory.keep(CLAIM, {"name": "one"})
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert LastingMemory(tmp_path, "gcp").recall(CLAIM) == {}
    assert memory.recall(CLAIM) == {"name": "one"}


def test_without_a_directory_it_lasts_as_long_as_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    memory = LastingMemory(tmp_path / "file", "gcp")
    memory.keep(CLAIM, {"name": "one"})
    assert memory.recall(CLAIM) == {"name": "one"}
