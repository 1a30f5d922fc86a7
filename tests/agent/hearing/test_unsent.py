"""What waits in the raw sockets of VRRP, as the kernel tells it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cloudfail.agent.hearing.unsent import Unsent

HEADER = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"


def line(queue: int, local: str = "00000000", protocol: int = 112, inode: int = 7) -> str:
    return (
        f" 110: {local}:{protocol:04X} 00000000:0000 07 {queue:08X}:00000000 00:00000000 00000000"
        f"     0        0 {inode} 2 0000000013c520c8 0\n"
    )


class Proc:
    """A file of /proc for IPv4; `holds` is what it says from now on. IPv6 is not there."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "raw"
        self.unsent = Unsent({4: self.file, 6: directory / "raw6"})

    def holds(self, *lines: str) -> None:
        self.file.write_text(HEADER + "".join(lines), encoding="ascii")

    def at(self, t: float) -> set[int]:
        return set(self.unsent.look(t))


@pytest.fixture
def proc(tmp_path: Path) -> Proc:
    return Proc(tmp_path)


def test_what_grows_is_sent_and_what_stays_is_not(proc: Proc) -> None:
    proc.holds(line(0))
    assert proc.at(0.0) == set()
    proc.holds(line(832))
    assert proc.at(0.25) == {4}
    assert proc.at(0.5) == set()
    proc.holds(line(1664))
    assert proc.at(0.75) == {4}
    proc.holds(line(0))  # the kernel gave the address up, and dropped it all
    assert proc.at(1.0) == set()
    proc.holds(line(832))
    assert proc.at(1.25) == {4}


def test_at_the_first_look_whatever_waits_is_sent(proc: Proc) -> None:
    proc.holds(line(832), line(0, local="0A01000A", inode=8))
    assert proc.at(0.0) == {4}
    assert proc.at(5.0) == {4}, "what waited five seconds ago has been dropped since"


def test_another_socket_is_another(proc: Proc) -> None:
    """keepalived was restarted, or has one for each device."""
    proc.holds(line(1664, inode=7))
    proc.at(0.0)
    proc.holds(line(832, inode=9))
    assert proc.at(0.1) == {4}


def test_other_protocols_are_none_of_vrrps_and_ah_is(proc: Proc) -> None:
    proc.holds(line(832, protocol=1))
    assert proc.at(0.0) == set()
    proc.holds(line(832, protocol=51, inode=8))
    assert proc.at(0.1) == {4}


def test_ipv6_has_a_file_of_its_own(proc: Proc) -> None:
    proc.holds(line(0))
    (proc.file.parent / "raw6").write_text(HEADER + line(832, local="0" * 32), encoding="ascii")
    assert proc.at(0.0) == {6}


@pytest.mark.parametrize("junk", ["", "\n", " 1: x\n", " 1: xyz:0070 0 07 q:0 0 0 0 0 7\n"])
def test_what_is_no_line_is_passed_over(proc: Proc, junk: str) -> None:
    proc.holds(junk, line(832))
    assert proc.at(0.0) == {4}


def test_without_proc_nothing_is_told(tmp_path: Path) -> None:
    assert Unsent({4: tmp_path / "raw"}).look(0.0) == frozenset()
