"""Re-execute the lab inside namespaces of its own, so that the kernel cleans up whatever happens.

The process that the user started only waits and forwards signals; a warden makes the namespaces
and dies with it; process 1 of the new PID namespace collects orphans, and starts the lab. When
process 1 ends, the kernel ends everything in there and takes the mounts and networks down.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from cloudfail import process
from cloudfail.errors import CloudfailError, ConfigError, UnreachableError
from cloudfail.lab import kernel
from cloudfail.lab.idmap import Ranges

INSIDE = "CLOUDFAIL_LAB_INSIDE"
_WORLD = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS
_FORWARDED = (signal.SIGTERM, signal.SIGHUP)


def run(command: Sequence[str], ranges: Ranges | None, keep: Sequence[Path] = ()) -> int:
    """Run `command` as uid 0 of a new world and return its exit code.

    `ranges` are the ids to map, None for the real root. `keep` are directories of the host that
    must stay visible. Raises ConfigError and UnreachableError when the kernel refuses.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    ready, go, trouble = os.pipe(), os.pipe(), os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _exit_with(
            lambda: _warden(command, ranges, keep, (ready[1], go[0], trouble[1], parent)),
            trouble[1],
        )
    for theirs in (ready[1], go[0], trouble[1]):
        os.close(theirs)
    with _forwarding(child):
        if os.read(ready[0], 1) and ranges is not None:
            _map_ids(child, ranges)
        with contextlib.suppress(BrokenPipeError):
            os.write(go[1], b".")
        code = _wait(child)
    os.close(ready[0])
    os.close(go[1])
    with os.fdopen(trouble[0]) as said:
        if why := said.read():
            raise _TROUBLES.get(code, CloudfailError)(why)
    return code


def _warden(
    command: Sequence[str],
    ranges: Ranges | None,
    keep: Sequence[Path],
    line: tuple[int, int, int, int],
) -> int:
    ready, go, trouble, parent = line
    if ranges is not None:
        _unshare(kernel.NEWUSER)
    os.write(ready, b".")
    os.read(go, 1)
    if ranges is not None:
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    kernel.die_with_parent(parent)
    _unshare(_WORLD)
    child = os.fork()
    if child == 0:
        _exit_with(lambda: _first(command, keep), trouble)
    with _forwarding(child):
        return _wait(child)


def _first(command: Sequence[str], keep: Sequence[Path]) -> int:
    kernel.die_with_parent(0)  # which is how a parent of another PID namespace shows
    for number in (signal.SIGINT, *_FORWARDED):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o022)
    here = Path.cwd()
    from cloudfail.lab import root

    root.build(keep)
    with contextlib.suppress(OSError):
        os.chdir(here)
    os.environ[INSIDE] = "root" if _is_really_root() else "rootless"
    child = os.fork()
    if child == 0:
        os.execv(command[0], list(command))  # noqa: S606 - this program again, no shell
    with _forwarding(child):
        return _reap_until(child)


def _is_really_root() -> bool:
    inner, outer, _ = Path("/proc/self/uid_map").read_text().split(maxsplit=3)[:3]
    return inner == outer == "0"


def _unshare(flags: int) -> None:
    try:
        kernel.unshare(flags)
    except OSError as exc:
        raise ConfigError(
            f"this kernel or container allows no new namespaces ({exc.strerror}); {REMEDY}"
        ) from exc


REMEDY = (
    "run the lab as root, allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, on "
    "Ubuntu kernel.apparmor_restrict_unprivileged_userns=0), or `lab run` with --simulate"
)
_TROUBLES: Mapping[int, type[CloudfailError]] = {
    error.exit_code: error for error in (ConfigError, UnreachableError)
}


def _map_ids(pid: int, ranges: Ranges) -> None:
    for tool, words in (("newuidmap", ranges.uid_map), ("newgidmap", ranges.gid_map)):
        done = process.run(
            [tool, str(pid), *words], capture_output=True, text=True, check=False, timeout=10
        )
        if done.returncode:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise UnreachableError(f"{tool}: {done.stderr.strip()}; {REMEDY}")


def _exit_with(work: Callable[[], int], trouble: int) -> None:
    """End this forked process with what `work` returns; what it raises goes to the first one."""
    code = CloudfailError.exit_code
    try:
        code = work()
    except CloudfailError as exc:
        code = exc.exit_code
        os.write(trouble, str(exc).encode())
    except OSError as exc:
        code = UnreachableError.exit_code
        os.write(trouble, f"the lab's namespaces could not be made: {exc}; {REMEDY}".encode())
    finally:
        os._exit(code)


@contextlib.contextmanager
def _forwarding(child: int) -> Iterator[None]:
    def forward(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reap_until(child: int) -> int:
    """Do what a process 1 is for: collect every orphan, until the child is over."""
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _wait(child: int) -> int:
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
