"""Too much of everything: lower adverts without end, junk in the FIFO, clients by the thousand."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

from cloudfail.lab.cloud.faults import Faults

from agent.real.session import At, Proof

_CLIENTS = 1000
_NO_AGENT, _DENIED = 69, 77
_SLOW = 600.0  # ms a request; an advert comes six times as often


def lower_adverts_during_a_slow_move(at: At) -> None:
    """In a one-way partition keepalived says so once an interval, for ever; the move ends."""
    at.start()
    at.site.stop_agent("b")  # else it would fight for what it believes is its own
    at.faults(Faults(latency_ms=_SLOW))
    at.fault("b hears a no more, and claims; a hears b, and slowly claims again", "a")
    parted = at.now
    at.site.part("a", "b", one_way=True)
    at.require_master("b")
    at.require_visit("b")
    at.require_holder("a", 2 * at.repair + 6 * _SLOW / 1000)
    told = [
        event
        for event in at.site.timeline.events()
        if event.t >= parted and event.detail == "RX_LOWER_PRI"
    ]
    at.facts["lower_adverts"] = len(told)
    at.expect(len(told) > 5, "keepalived said too little of lower adverts")
    at.faults()
    at.site.join("a", "b")
    at.require_backup("b")
    at.site.start_agent("b")


def junk(at: At) -> None:
    """Garbage, half lines, 64 KiB lines and binary, in the FIFO and in the socket."""
    at.start()
    run = at.real.machines["b"].home / "run/cloudfail"
    lines = [
        b"\0\xff" * 500 + b"\n",
        b'INSTANCE "edge" MAS',
        b"x" * 65536 + b"\n",
        b'INSTANCE "nobody" MASTER 1\nGROUP "edge" MASTER 0\nINSTANCE "edge" DANCE 7\n',
        os.urandom(4096) + b"\n",
    ]
    pid = at.pid("b")
    fifo = os.open(run / "vrrp.fifo", os.O_WRONLY | os.O_NONBLOCK)
    for junk_line in lines:
        with contextlib.suppress(BlockingIOError):
            os.write(fifo, junk_line)
        at.pause(0.05)
        with contextlib.suppress(OSError):
            _say(run / "agent.sock", junk_line)
    os.close(fifo)
    at.expect(at.pid("b") == pid, "the agent did not survive")
    at.expect(at.word("b") == "BACKUP", f"b's agent says {at.word('b') or 'nothing'}")
    at.fault("a stops", "a")
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.require_holder("b", 3)
    logged = at.real.machines["b"].log.read_text()
    at.expect("event=rejected" in logged, "nothing was logged of the junk")


def clients(at: At) -> None:
    """A thousand at once: idle ones, half ones, some that never read. The agent works on."""
    at.start()
    run = at.real.machines["b"].home / "run/cloudfail"
    pid = at.pid("b")
    before, files = _resident_kib(pid), _open_files(pid)
    lines = []
    for number in range(_CLIENTS):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            line.connect(str(run / "agent.sock"))
            line.send((b"", b'{"v":1,', b"\xff\n", b'{"v":1,"argv":["status"]}\n')[number % 4])
        lines.append(line)
    at.fault("a stops while a thousand clients are there", "a")
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.require_holder("b", 3)
    for line in lines:
        line.close()
    at.wait(lambda: _open_files(pid) <= files + 2, 10)
    at.facts |= {"grown_kib": _resident_kib(pid) - before, "files": _open_files(pid) - files}
    at.expect(at.pid("b") == pid, "the agent did not survive")
    at.expect(_open_files(pid) <= files + 2, f"{_open_files(pid) - files} files are left open")
    at.expect(_resident_kib(pid) - before < 20_000, "more than 20 MiB are left over")
    at.wait(lambda: at.word("b") == "MASTER", 5)
    at.expect(at.word("b") == "MASTER", f"b's agent says {at.word('b') or 'nothing'}")


def other_users(at: At) -> None:
    """The agent asks the kernel who is at its socket: not everybody may, and few may order."""
    at.start()
    order = ("cloudfail", "pause", "--instance", "edge")
    look = ("cloudfail", "status", "--instance", "edge", "--output", "json")
    stranger = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    reader = ("setpriv", "--reuid=65534", "--regid=0", "--clear-groups")  # root's group may read
    for who, code in ((stranger, _NO_AGENT), (reader, _DENIED)):
        done = at.run("b", *who, *order)
        at.expect(done.returncode == code, f"{who[1:]} got exit {done.returncode}, not {code}")
    done = at.run("b", *reader, *look)
    at.expect(done.returncode == 0 and '"agent"' in done.stdout, "the reader was told nothing")
    at.fault("a stops", "a")
    at.site.stop_vrrp("a")
    at.require_master("b")
    at.require_holder("b", 3)  # it is not paused


def _say(path: Path, text: bytes) -> None:
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as line:
        line.settimeout(0.2)
        line.connect(str(path))
        line.sendall(text)


def _resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


PROOFS: dict[str, Proof] = {
    "lower-adverts-during-a-slow-move": lower_adverts_during_a_slow_move,
    "junk": junk,
    "a-thousand-clients": clients,
    "other-users": other_users,
}
