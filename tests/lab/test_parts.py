"""The lab's parts that need no namespace."""

from __future__ import annotations

import errno
import os
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock
from cloudfail.errors import CloudfailError, ConfigError, UnreachableError, UsageError
from cloudfail.keepalived import wire
from cloudfail.lab import ip, kernel, node, probe, processes, sandbox
from cloudfail.lab.adverts import Ear
from cloudfail.lab.cloudlink import CloudProcess
from cloudfail.lab.idmap import Ranges
from cloudfail.lab.machine import Machine
from cloudfail.lab.network import Network
from cloudfail.lab.remote import Request
from cloudfail.lab.site import RealSite
from cloudfail.lab.supervisor import Supervisor
from cloudfail.lab.timeline import Kind, Timeline
from cloudfail.lab.topology import Topology
from cloudfail.lab.vrrp_daemon import Part, VrrpDaemon

NAMES = {"10.0.1.10": "a", "10.0.2.10": "b"}


@pytest.fixture
def clock() -> SystemClock:
    return SystemClock()


# ---- the echo and the log of a node


@pytest.fixture
def echo(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    monkeypatch.setattr(node, "ECHO_PORT", 0)
    with node._echo_socket() as opened:
        yield opened


def test_a_node_answers_from_the_address_it_was_called_at(echo: socket.socket) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.settimeout(5)
        caller.sendto(b"12345678", ("127.0.0.9", echo.getsockname()[1]))
        node._answer(echo)
        answer, source = caller.recvfrom(64)
    assert (answer, source[0]) == (b"12345678", "127.0.0.9")


def test_a_nodes_syslog_comes_out_as_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        theirs.send(b"<14>cloudfail: two\nlines\0")
        node._relay(ours)
    assert capsys.readouterr().out == "log <14>cloudfail: two lines\n"


# ---- adverts


def advert(source: str, clock: SystemClock, *, priority: int = 150) -> wire.Advert:
    header = struct.pack(
        "!BBHHHBBH4s4s", 0x45, 0, 32, 0, 0, 255, 112, 0, socket.inet_aton(source), bytes(4)
    )
    message = bytes([0x31, 51, priority, 1]) + bytes(8)
    heard = wire.decode(header + message, t=clock.now())
    assert heard is not None
    return heard


def test_adverts_are_known_by_node_and_order(clock: SystemClock) -> None:
    ear = Ear(NAMES, clock)
    before = clock.now()
    ear._take(advert("10.0.9.9", clock))
    assert ear.first_since(before) == ""
    ear._take(advert("10.0.2.10", clock, priority=100))
    ear._take(advert("10.0.1.10", clock))
    assert ear.first_since(before) == "b"
    heard = ear.last_of("b")
    assert heard is not None
    assert heard.priority == 100
    assert ear.first_since(heard.t) == "a"
    assert ear.next_of("a", 0.01) is None


@pytest.fixture
def site(clock: SystemClock, tmp_path: Path) -> RealSite:
    return RealSite(Topology(), clock, tmp_path)


def test_a_site_that_is_not_open_has_no_network(site: RealSite) -> None:
    with pytest.raises(CloudfailError, match="not up"):
        site.link("a", up=False)


# ---- the kernel's refusals


def test_a_refused_mount_says_which() -> None:
    with pytest.raises(OSError, match=r"mount -t no-such-fs /nowhere") as refused:
        kernel.mount("no-such-fs", "/nowhere")
    assert refused.value.errno in {errno.ENODEV, errno.ENOENT, errno.EPERM}


def test_an_unknown_machine_has_no_pivot_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="pdp11"))
    with pytest.raises(OSError, match="pdp11"):
        kernel.pivot_root("/a", "/a/b")


def test_refused_namespaces_name_the_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(flags: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(kernel, "unshare", refuse)
    with pytest.raises(ConfigError, match=r"unprivileged_userns_clone=1.*--simulate"):
        sandbox._unshare(kernel.NEWUSER)


def test_refused_ids_end_the_warden_and_name_the_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = []
    refusal = process.CompletedProcess([], 1, "", "newuidmap: uid range not allowed\n")
    monkeypatch.setattr(process, "run", lambda *_, **__: refusal)
    monkeypatch.setattr(os, "kill", lambda pid, number: ended.append((pid, number)))
    monkeypatch.setattr(os, "waitpid", lambda pid, _: (pid, 0))
    with pytest.raises(UnreachableError, match="newuidmap: uid range not allowed"):
        sandbox._map_ids(12345, Ranges(uid=1, gid=1, uids=(1, 1), gids=(1, 1)))
    assert ended == [(12345, signal.SIGKILL)]


def test_a_script_that_cannot_be_run_as_keepalived_would_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(errno.EPERM, "setgroups")

    monkeypatch.setattr(process, "run", refuse)
    with pytest.raises(ConfigError, match="install the package uidmap"):
        probe.check_scripts("/bin/sh")
    broken = process.CompletedProcess([], 1, "", "no module")
    monkeypatch.setattr(process, "run", lambda *_, **__: broken)
    with pytest.raises(ConfigError, match="does not run in the lab: no module"):
        probe.check_scripts("/bin/sh")


def test_a_network_that_cannot_be_made_says_what_ip_said() -> None:
    with pytest.raises(CloudfailError, match="could not be made"):
        ip.apply(["no such command"])


# ---- processes


def test_processes_that_are_gone_are_no_trouble(clock: SystemClock) -> None:
    gone = process.Popen(["true"])
    gone.wait()
    assert processes.of_namespace(gone.pid) == ()
    assert processes.command_line(gone.pid) == ()
    assert processes.children(gone.pid) == ()
    assert processes.send((gone.pid,), signal.SIGTERM) == 0
    assert processes._state(gone.pid) == "X"
    processes.freeze(gone.pid, clock)


def test_a_dead_node_runs_no_commands(clock: SystemClock, tmp_path: Path) -> None:
    machine = Machine("a", tmp_path, Timeline(clock), lambda _: None)
    assert machine.commands() == ()
    machine.kill()
    machine.keepalived.stop()
    machine.keepalived.hold(1)
    machine.keepalived.wait(1)
    with pytest.raises(UsageError, match="lab boot a"):
        machine.execute(["true"], 1)


def daemon_of(running: process.Popen[str], clock: SystemClock) -> VrrpDaemon:
    daemon = VrrpDaemon("a", clock, lambda _: running)
    daemon.start()
    return daemon


def test_a_keepalived_that_ignores_sigterm_is_told(clock: SystemClock) -> None:
    with process.Popen(["sleep", "60"], text=True) as stubborn:
        with pytest.raises(CloudfailError, match="ignores SIGTERM"):
            daemon_of(stubborn, clock).wait(0.05)
        stubborn.kill()


# As nsenter: its only child is the parent, which starts its own child again when that ends.
TREE = ["sh", "-c", 'sh -c "while :; do sleep 60; done"; exit 7']


@pytest.mark.parametrize(("part", "is_left"), [(Part.CHILD, True), (Part.ALL, False)])
def test_of_keepalived_the_child_or_all_is_killed(
    clock: SystemClock, part: Part, is_left: bool
) -> None:
    with process.Popen(TREE, text=True) as nsenter:
        daemon = daemon_of(nsenter, clock)
        while len(before := daemon._tree()) < 2:
            clock.sleep(0.01)
        daemon.kill(part)
        assert (before[0] in daemon._tree()) is is_left
        assert before[1] not in daemon._tree()
        if is_left:
            daemon.kill(Part.ALL)
        daemon.wait(5)


def test_a_node_that_does_not_come_up_is_told(clock: SystemClock, tmp_path: Path) -> None:
    machine = Machine("a", tmp_path, Timeline(clock), lambda _: None)
    with (
        process.Popen(["true"], stdout=process.PIPE, text=True) as mute,
        pytest.raises(CloudfailError, match="did not come up"),
    ):
        machine._expect(mute, "pid")


# ---- the cloud


def test_a_cloud_that_does_not_start_leaves_its_last_words(tmp_path: Path) -> None:
    cloud = CloudProcess("aws", tmp_path / "cloud.log")
    with pytest.raises(UnreachableError, match="not running"):
        _ = cloud.control
    with pytest.raises(CloudfailError, match="did not start"):
        cloud.open("192.0.2.1", 1, "192.0.2.1:80")  # not this machine's address
    cloud.close()


# ---- the supervisor's refusals


def test_what_a_lab_cannot_do_is_answered_and_descriptors_are_closed(
    site: RealSite, tmp_path: Path
) -> None:
    supervisor = Supervisor(site, tmp_path / "lab.sock")
    reading, writing = os.pipe()
    with socket.socket() as line:
        assert supervisor.do(Request("dance"), (reading, writing), line).code == 64
        assert supervisor.do(Request("exec", ("a",), ("true",)), (), line).code == 64
        assert supervisor.do(Request("kill", ("z",)), (), line).code == 64
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reading)


def test_a_garbled_request_is_answered(site: RealSite, tmp_path: Path) -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.send(b"{]\n")
        Supervisor(site, tmp_path / "lab.sock")._talk(ours)
        assert b"not a request" in theirs.recv(4096)


def test_a_timeline_waits_no_longer_than_it_is_told(clock: SystemClock) -> None:
    timeline = Timeline(clock)
    assert not timeline.wait(lambda: False, 0.02)
    timeline.add("a", Kind.VRRP, "x", detail="MASTER")
    assert timeline.role("a") == "MASTER"
    timeline.add("a", Kind.VRRP, "x", detail="FAREWELL")
    assert timeline.role("a") == "STOP"
    timeline.add("a", Kind.VRRP, "x", detail="FAULT")
    timeline.add("a", Kind.VRRP, "x", detail="FAREWELL")
    assert timeline.role("a") == "FAULT"
    assert timeline.holder("nothing") == ""
    assert Network().ports == {}
