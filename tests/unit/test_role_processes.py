"""Real processes, as keepalived starts them: overlapping, in any order, killed at any time."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from cloudfail.clock import Deadline, SystemClock
from cloudfail.role import Role, RoleStore

# The event's process is forked at the right moment and then held back, as a busy machine does.
ONE_EVENT = """
import os, sys
os.umask(0o177)
from pathlib import Path
from cloudfail.clock import Deadline, SystemClock
from cloudfail.errors import SupersededError
from cloudfail.role import Event, Role, RoleStore, store as store_module
store_module._LOCK_WAIT = 60  # a busy machine may stop whoever has the lock of the record

def one(directory, role, delay, reached):
    clock = SystemClock()
    clock.sleep(delay)
    store = RoleStore(Path(directory))
    event = Event.of_this_process("edge", Role(role))
    try:
        generation = store.record(event)
        with store.running("edge", Deadline.after(clock, 60)) as locked:
            assert locked, store.problem
            check = store.check("edge", generation)
            check()
            with open(reached, "a") as out:
                out.write(f"{role}\\n")
    except SupersededError:
        return 4
    return 0
"""

FORK_MANY = (
    ONE_EVENT
    + """
children = []
clock = SystemClock()
for argument in sys.argv[3:]:
    role, delay = argument.split(":")
    pid = os.fork()
    if not pid:
        os._exit(one(sys.argv[1], role, float(delay), sys.argv[2]))
    children.append(pid)
    clock.sleep(0.003)
codes = {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children}
assert codes <= {0, 4}, codes
"""
)

HOLD = """
import sys, time
from pathlib import Path
from cloudfail.clock import Deadline, SystemClock
from cloudfail.role import RoleStore
with RoleStore(Path(sys.argv[1])).running("edge", Deadline.after(SystemClock(), 30)):
    print("held", flush=True)
    time.sleep(60)
"""


@contextlib.contextmanager
def holder(directory: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(directory)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 30)[0]
            assert process.stdout.readline() == "held\n"
            yield process
        finally:
            process.kill()


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(3))
def test_of_fifty_overlapping_events_the_last_role_wins(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    roles = [dice.choice(list(Role)) for _ in range(50)]
    delays = [dice.choice([0.0, 0.0, 0.05, 0.3]) for _ in roles]
    arguments = [f"{role}:{delay}" for role, delay in zip(roles, delays, strict=True)]
    directory, reached = tmp_path / "state", tmp_path / "reached"
    subprocess.run(
        [sys.executable, "-c", FORK_MANY, str(directory), str(reached), *arguments],
        check=True,
        timeout=120,
    )
    found = RoleStore(directory).current("edge")
    assert found is not None
    assert found.role == roles[-1]
    # Whoever ran last ran in the last role: nobody older wrote after it.
    assert reached.read_text().split()[-1] == roles[-1]


def test_a_killed_holder_frees_the_lock_at_once(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(60)
        began = time.monotonic()
        with RoleStore(tmp_path).running("edge", Deadline.after(SystemClock(), 90)) as locked:
            assert locked
        assert time.monotonic() - began < 60


def test_a_stopped_holder_is_named_at_the_deadline(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        with (
            pytest.raises(Exception, match=f"process {process.pid}"),
            RoleStore(tmp_path).running("edge", Deadline.after(SystemClock(), 0.2)),
        ):
            pytest.fail("two runs at once")


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
@pytest.mark.parametrize("writable", [True, False])
def test_an_ordinary_user_is_told_when_the_directory_is_not_its_own(
    tmp_path: Path, writable: bool
) -> None:
    code = """
import os, sys
from pathlib import Path
from cloudfail.role import Event, Role, RoleStore
os.setgroups([]); os.setgid(12345); os.setuid(12345); os.umask(0o177)
store = RoleStore(Path(sys.argv[1]))
store.record(Event.of_this_process("edge", Role.MASTER))
print(store.problem)
"""
    directory = tmp_path / "state"
    directory.mkdir()
    for parent in (directory, *directory.parents):
        if parent.stat().st_uid == 0 and parent != Path("/tmp") and parent.is_relative_to("/tmp"):
            parent.chmod(0o755)
    if writable:
        os.chown(directory, 12345, 12345)
    ran = subprocess.run(
        [sys.executable, "-c", code, str(directory)],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert ("Permission denied" in ran.stdout) is not writable
    assert bool(list(directory.iterdir())) is writable
    if writable:  # root then shares the files with that user
        root = RoleStore(directory)
        found = root.current("edge")
        assert found is not None
        assert root.record(msgspec.structs.replace(found.event, role=Role.BACKUP)) == 2
        assert root.problem == ""
        assert {path.stat().st_uid for path in directory.iterdir()} == {12345}
