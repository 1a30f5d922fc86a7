"""A machine's place: process 1 of namespaces of its own, which end with this process.

`python place.py NAME` prints the pid of process 1 as its caller sees it, and ends when its standard
input does: with its caller, whichever thread that was. What is written to /etc, /run, /tmp, /var/lib
and /usr/local/bin in there is nobody else's, and gone afterwards.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType

from cloudfail.lab import kernel

_NAMESPACES = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWUTS | kernel.NEWIPC
_OWN = ("/etc", "/var/lib", "/usr/local/bin")
_LAYERS = Path("/run/layers")


def main(name: str) -> int:
    kernel.unshare(_NAMESPACES)
    furnished, done = os.pipe()
    child = os.fork()
    if child == 0:
        kernel.die_with_parent(0)  # which is how a parent of another PID namespace shows
        _furnish(name)
        os.write(done, b".")
        _collect_orphans()
    os.close(done)
    if os.read(furnished, 1):
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
    ready, _, _ = select.select([sys.stdin, os.pidfd_open(child)], [], [])
    if sys.stdin in ready:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return abs(os.waitstatus_to_exitcode(status))


def _furnish(name: str) -> None:
    kernel.set_host_name(name)
    kernel.private_mounts()
    kernel.mount("proc", "/proc")
    kernel.mount("tmpfs", "/run", "mode=755")
    for directory in _OWN:
        upper, work = (
            _LAYERS / directory.strip("/") / "upper",
            _LAYERS / directory.strip("/") / "work",
        )
        upper.mkdir(parents=True, mode=0o755)
        work.mkdir()
        kernel.mount("overlay", directory, f"lowerdir={directory},upperdir={upper},workdir={work}")
    kernel.mount("tmpfs", "/tmp", "mode=1777")


def _collect_orphans() -> None:
    signal.signal(signal.SIGCHLD, _collect)
    while True:
        signal.pause()


def _collect(number: int, frame: FrameType | None) -> None:
    del number, frame
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
