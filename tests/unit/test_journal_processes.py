"""Several processes on one journal, killed at any moment, on disks that are full or read-only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from cloudfail.journal import read, scan

WRITE_MANY = """
import os, sys
os.umask(0o177)
from pathlib import Path
from cloudfail.journal import FileJournal
path, me, count, max_bytes = sys.argv[1:]
journal = FileJournal(Path(path), run_id=me, instance="edge", generation=1,
                      max_bytes=int(max_bytes), keep=1000)
for n in range(int(count)):
    journal.write("note", n=n, text="x" * (n % 97))
    if n % 10 == 0:
        assert journal.settle(30)
assert journal.settle(30)
assert not journal.problem, journal.problem
journal.close()  # which waits for no disk, nor for a busy machine
"""

WRITE_FOR_EVER = """
import sys
from pathlib import Path
from cloudfail.journal import FileJournal
journal = FileJournal(Path(sys.argv[1]), run_id=sys.argv[2], instance="edge", generation=1,
                      max_bytes=4000, keep=1000)
n = 0
while True:
    journal.write("note", n=n)
    if journal.settle(30):
        print(n, flush=True)
    n += 1
"""

# Prints what a promotion would see: did it settle, how long did it take, what was said.
ON_A_BAD_DISK = """
import json, sys, time
from pathlib import Path
from cloudfail.journal import FileJournal, scan
path = Path(sys.argv[1])
journal = FileJournal(path, run_id="r", instance="edge", generation=1)
settled, began = [], time.monotonic()
for n in range(50):
    journal.write("intent", n=n, text="x" * 3000)
    settled.append(journal.settle())
journal.close()
seconds = time.monotonic() - began
found = [entry.fields["n"] for entry in scan(path).entries]
print(json.dumps([settled, seconds, journal.problem, found]))
"""

# Whose errors come at once, however long is waited for them: a busy machine is no disk that hangs.
AT_ONCE = ON_A_BAD_DISK.replace("journal.settle()", "journal.settle(30)")
SOON = 20  # seconds; waiting each time would take 1500

BadDisk = tuple[list[bool], float, str, list[int]]


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def in_a_mount_namespace(directory: Path, mounts: Sequence[str], code: str) -> BadDisk:
    """Run the code with a file system of its own on the directory; the kernel takes it away."""
    script = " && ".join([*mounts, 'exec "$0" "$@"'])
    command = ["unshare", "-m", "sh", "-c", script, sys.executable, "-c", code]
    ran = subprocess.run(
        [*command, str(directory / "journal.jsonl")],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DISK": str(directory)},
    )
    if ran.returncode and "ermitted" in ran.stderr:
        pytest.skip("may not mount here")
    assert ran.returncode == 0, ran.stderr
    settled, seconds, problem, found = json.loads(ran.stdout)
    return settled, seconds, problem, found


def test_processes_share_and_rotate_a_journal_without_losing_a_line(tmp_path: Path) -> None:
    path = tmp_path / "log" / "journal.jsonl"
    writers = [start(WRITE_MANY, path, f"w{n}", 200, 3000) for n in range(6)]
    try:
        assert [writer.wait(60) for writer in writers] == [0] * 6
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
    reading = scan(path)
    assert reading.skipped == 0
    for n in range(6):
        mine = [entry.fields["n"] for entry in reading.entries if entry.run_id == f"w{n}"]
        assert mine == list(range(200))
    assert len(list(path.parent.iterdir())) > 20


def test_a_killed_process_loses_no_line_that_it_knew_to_be_settled(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    for round_ in range(6):
        with start(WRITE_FOR_EVER, path, f"r{round_}") as process:
            assert process.stdout is not None
            told = [process.stdout.readline()]
            end = time.monotonic() + 0.05 * round_
            while time.monotonic() < end:
                told.append(process.stdout.readline())
            process.kill()
            told += process.stdout.readlines()
        last = int([line for line in told if line.endswith("\n")][-1])
        found = [entry.fields["n"] for entry in read(path) if entry.run_id == f"r{round_}"]
        assert found[: last + 1] == list(range(last + 1))


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_full_disk_stops_no_run_and_costs_no_time(tmp_path: Path) -> None:
    mounts = ['mount -t tmpfs -o size=64k none "$DISK"']
    settled, seconds, problem, found = in_a_mount_namespace(tmp_path, mounts, AT_ONCE)
    assert settled[0] is True
    assert settled[-1] is False
    assert seconds < SOON
    assert "No space left on device" in problem
    assert found == [n for n in range(50) if settled[n]]  # the half line is skipped


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_read_only_disk_stops_no_run_and_costs_no_time(tmp_path: Path) -> None:
    mounts = ['mount -t tmpfs none "$DISK"', 'mount -o remount,ro "$DISK"']
    settled, seconds, problem, found = in_a_mount_namespace(tmp_path, mounts, AT_ONCE)
    assert settled == [False] * 50
    assert seconds < SOON
    assert "Read-only file system" in problem
    assert found == []


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_a_journal_that_belongs_to_others_stops_no_run(tmp_path: Path) -> None:
    becoming = "import os; os.setgroups([]); os.setgid(12345); os.setuid(12345)\npath = "
    code = AT_ONCE.replace("path = ", becoming, 1).replace("scan(path).entries", "()")
    with start(code, tmp_path / "journal.jsonl") as process:
        out, _ = process.communicate(timeout=60)
    settled, seconds, problem, _ = json.loads(out)
    assert settled == [False] * 50
    assert seconds < SOON
    assert "Permission denied" in problem


# A /dev of its own, with a log socket: read from (daemon), or not (a daemon that hangs).
ON_A_REAL_SOCKET = """
import json, os, socket, sys, threading, time
from pathlib import Path
from cloudfail.journal import FileJournal
reads = sys.argv[1].endswith("reads")
daemon = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
daemon.bind("/dev/log")
journal = FileJournal(Path("/proc/cloudfail/journal"), run_id="r", instance="edge", generation=1)
settled, began = [], time.monotonic()
for n in range(50):
    journal.write("intent", n=n, destroys={"name": "é"})
    if n == 0 or not reads:
        settled.append(journal.settle())
        if reads:
            daemon.settimeout(30)
            texts = [daemon.recv(9999).decode(), daemon.recv(9999).decode()]
            break
seconds = time.monotonic() - began
journal.close()
print(json.dumps([settled, seconds, "" if not reads else texts[0] + texts[1], []]), flush=True)
"""

DEV = [
    'mkdir "$DISK/dev"',
    'mount -t tmpfs none "$DISK/dev"',
    ': > "$DISK/dev/null" && mount --bind /dev/null "$DISK/dev/null"',
    ': > "$DISK/dev/urandom" && mount --bind /dev/urandom "$DISK/dev/urandom"',
    'mount --rbind "$DISK/dev" /dev',
]


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_the_facts_reach_a_real_log_socket(tmp_path: Path) -> None:
    code = ON_A_REAL_SOCKET.replace("sys.argv[1]", '"reads"')
    settled, _, texts, _ = in_a_mount_namespace(tmp_path, DEV, code)
    assert settled == [False]
    assert "cloudfail[" in texts
    assert "No such file or directory; its lines go to syslog" in texts
    assert '"destroys":{"name":"é"}' in texts


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a file system")
def test_a_log_socket_that_nobody_reads_stops_no_run(tmp_path: Path) -> None:
    code = ON_A_REAL_SOCKET.replace("sys.argv[1]", '"hangs"')
    settled, seconds, _, _ = in_a_mount_namespace(tmp_path, DEV, code)
    assert settled == [False] * 50
    assert seconds < 8  # only the first one waits for it; 50 would take 10


def test_a_process_may_end_while_its_disk_hangs(tmp_path: Path) -> None:
    code = """
import os, sys, threading
os.fsync = lambda fd: threading.Event().wait(60)
os.write = lambda fd, data: threading.Event().wait(60)
""" + ON_A_BAD_DISK.replace("scan(path).entries", "()")
    began = time.monotonic()
    with start(code, tmp_path / "journal.jsonl") as process:
        out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    settled, seconds, problem, _ = json.loads(out)
    assert settled == [False] * 50
    assert seconds < 8  # only the first one waits for it; 50 would take 10
    assert "not on the disk" in problem
    assert time.monotonic() - began < 50  # the disk hangs for 60
