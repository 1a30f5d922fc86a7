"""Real keepalived writes, FifoReader reads: whatever is done to the two, every line arrives in order."""

from __future__ import annotations

import select
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cloudfail.agent.hearing.fifo import FifoReader
from cloudfail.clock import SystemClock
from cloudfail.lab import processes

from agent.hearing.fifos import NOBODY, directory_of, effective_user, states
from vrrp.conftest import need_namespaces
from vrrp.nodes import Nodes

pytestmark = [pytest.mark.netns, pytest.mark.timeout(120)]

FIFO = "/run/cloudfail/vrrp.fifo"
CHECKS = 0.1  # seconds between two
CONF = f"""global_defs {{
  vrrp_version 3
  vrrp_notify_fifo {FIFO} root root
}}
vrrp_instance edge {{
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority 150
  advert_int 0.1
  unicast_src_ip 10.0.1.10
  unicast_peer {{
    10.0.1.11
  }}
  virtual_ipaddress {{
    10.0.1.100/32 dev lo
  }}
}}
"""


class Ear:
    """The node's FIFO, read as the agent's loop reads it: woken by it, and checking it by the way."""

    def __init__(self, nodes: Nodes) -> None:
        self.node = nodes["a"]
        self.path: Path = self.node.path(FIFO)
        self.reader = FifoReader(self.path)
        self.heard: list[str] = []
        self._clock = SystemClock()

    def expect(self, *states: str, seconds: float = 20) -> None:
        """Return when exactly these were heard since the last time, and nothing more follows."""
        until = self._clock.now() + seconds
        while len(self.heard) < len(states) and self._clock.now() < until:
            self.listen()
        for _ in range(3):
            self.listen()
        assert self.heard == list(states), self.node.log
        assert self.reader.problem == ""
        assert self.reader.take_rejected() == []
        self.heard.clear()

    def listen(self, *, checks: bool = True) -> None:
        """Read what comes until the next check, and check."""
        until = self._clock.now() + CHECKS
        while (left := until - self._clock.now()) > 0:
            if select.select(self.reader.filenos(), [], [], left)[0]:
                self._take()
        if checks:
            self.reader.check()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)

    def take_over(self) -> None:
        """Another agent starts, and takes what waits."""
        self.reader.close()
        self.reader = FifoReader(self.path)
        self.heard += [line.state.value for line in self.reader.open()]

    def _take(self) -> None:
        lines = self.reader.read()
        assert {line.name for line in lines} <= {"edge"}
        assert {line.priority for line in lines} <= {150}
        self.heard += [line.state.value for line in lines]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    need_namespaces()
    with Nodes("ab") as made:
        made.configure("a", CONF)
        yield made


@pytest.fixture
def ear(nodes: Nodes) -> Iterator[Ear]:
    """Of a node whose keepalived is off, and whose FIFO is missing."""
    made = Ear(nodes)
    assert not made.path.exists()
    yield made
    if made.node.is_running:
        made.node.kill()
    made.reader.close()
    made.path.unlink(missing_ok=True)


def start(ear: Ear) -> None:
    assert ear.reader.open() == ()
    ear.node.start()
    ear.expect("BACKUP", "MASTER")


def test_a_reader_that_is_there_first_hears_the_start_and_each_restart(ear: Ear) -> None:
    start(ear)
    inode = ear.path.stat().st_ino
    for _ in range(2):
        ear.node.stop()
        ear.expect("STOP")
        ear.node.start()
        ear.expect("BACKUP", "MASTER")
    assert ear.path.stat().st_ino == inode  # keepalived leaves alone what it did not make


def test_a_keepalived_that_is_killed_says_nothing_and_is_heard_again(ear: Ear) -> None:
    start(ear)
    ear.node.kill()
    ear.expect()
    ear.node.start()
    ear.expect("BACKUP", "MASTER")


def test_a_reload_says_nothing_while_master_and_what_follows_is_heard(ear: Ear) -> None:
    start(ear)
    reload(ear)
    ear.expect()
    assert inodes_held(ear) == {ear.path.stat().st_ino}
    ear.node.stop()
    ear.expect("STOP")


def test_a_deleted_fifo_is_read_on_and_after_a_restart_the_new_one(ear: Ear) -> None:
    start(ear)
    ear.path.unlink()
    ear.expect()
    assert ear.path.is_fifo()
    ear.node.run("ip", "link", "set", "eth0", "down")
    ear.expect("FAULT")
    ear.node.run("ip", "link", "set", "eth0", "up")
    ear.expect("BACKUP", "MASTER")
    ear.node.stop()
    ear.expect("STOP")
    ear.node.start()
    ear.expect("BACKUP", "MASTER")


def test_a_deleted_fifo_is_read_on_until_a_reload_opens_the_new_one(ear: Ear) -> None:
    start(ear)
    ear.path.unlink()
    ear.expect()
    assert inodes_held(ear) != {ear.path.stat().st_ino}
    reload(ear)
    assert inodes_held(ear) == {ear.path.stat().st_ino}
    ear.node.stop()
    ear.expect("STOP")


def test_a_fifo_deleted_and_made_anew_by_keepalived_between_two_checks_loses_nothing(
    ear: Ear,
) -> None:
    start(ear)
    ear.path.unlink()
    ear.node.stop()
    ear.node.start()
    while not ear.path.exists():
        ear.listen(checks=False)
    ear.expect("STOP", "BACKUP", "MASTER")


def test_a_fifo_of_keepalived_itself_goes_with_it_and_comes_again(ear: Ear) -> None:
    """It was there before any reader: keepalived makes it, anew at each reload, and removes it."""
    start_unheard(ear)
    ear.expect("BACKUP", "MASTER")
    made = ear.path.stat().st_ino
    reload(ear)
    ear.expect()
    assert ear.path.stat().st_ino != made
    ear.node.stop()
    ear.expect("STOP")
    assert ear.path.is_fifo()
    ear.node.start()
    ear.expect("BACKUP", "MASTER")


def test_a_new_fifo_that_keepalived_takes_for_its_own_and_removes_is_made_again(ear: Ear) -> None:
    start_unheard(ear)
    ear.path.unlink()
    ear.expect("BACKUP", "MASTER")
    assert ear.path.is_fifo()
    ear.node.stop()
    assert not ear.path.exists()
    ear.expect("STOP")
    ear.node.start()
    ear.expect("BACKUP", "MASTER")


def test_what_happens_while_no_reader_is_there_is_told_to_the_next(ear: Ear) -> None:
    start(ear)
    ear.reader.close()
    faults, masters = (ear.node.log.count(f"Entering {role} STATE") for role in ("FAULT", "MASTER"))
    ear.node.run("ip", "link", "set", "eth0", "down")
    wait_for(ear, "Entering FAULT STATE", before=faults)
    ear.node.run("ip", "link", "set", "eth0", "up")
    wait_for(ear, "Entering MASTER STATE", before=masters)
    ear.take_over()
    ear.expect("FAULT", "BACKUP", "MASTER")


@pytest.mark.parametrize("first", ["keepalived", "reader"])
def test_an_ordinary_user_reads_what_root_writes(nodes: Nodes, first: str) -> None:
    """The agent's user is named in keepalived.conf: the FIFO is that user's, whoever makes it."""
    node = nodes["a"]
    with directory_of(NOBODY, "/var/tmp") as directory:  # which the node shares
        path = directory / "vrrp.fifo"
        nodes.configure("a", CONF.replace(f"{FIFO} root root", f"{path} nobody nogroup"))
        reader = FifoReader(path)
        try:
            if first == "reader":
                with effective_user(NOBODY):
                    assert reader.open() == ()
            node.start()
            nodes.wait_master("a")
            found: list[str] = []
            if first == "keepalived":
                with effective_user(NOBODY):
                    found += [line.state.value for line in reader.open()]
            until = time.monotonic() + 20
            while "MASTER" not in found and time.monotonic() < until:  # logged before it is told
                found += states(reader)
            assert path.stat().st_uid == NOBODY
            assert found == ["BACKUP", "MASTER"]
        finally:
            nodes.configure("a", CONF)
            node.kill()
            reader.close()


def start_unheard(ear: Ear) -> None:
    """keepalived starts without a FIFO, a reader comes when it has made one."""
    ear.node.start()
    while not ear.path.exists():
        ear.sleep(0.01)
    ear.take_over()


def reload(ear: Ear) -> None:
    before = ear.node.log.count("Reload complete")
    ear.node.reload()
    wait_for(ear, "Reload complete", before=before)


def wait_for(ear: Ear, text: str, *, before: int) -> None:
    for _ in range(2000):
        if ear.node.log.count(text) > before:
            return
        ear.sleep(0.01)
    raise AssertionError(f"keepalived never said {text}:\n{ear.node.log}")


def inodes_held(ear: Ear) -> set[int]:
    """Return the inodes of the FIFOs that keepalived has open, deleted ones too."""
    links = [
        link
        for pid in processes.of_namespace(ear.node.pid)
        for link in Path(f"/proc/{pid}/fd").iterdir()
    ]
    return {link.stat().st_ino for link in links if FIFO in str(link.readlink())}
