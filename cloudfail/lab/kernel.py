"""Namespaces and mounts by system call: Python 3.11 has no unshare, setns, mount or pivot_root."""

from __future__ import annotations

import ctypes
import os
import signal

NEWNS = 0x00020000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000

_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_PRIVATE = 1 << 18
_PR_SET_PDEATHSIG = 1
_SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "armv7l": 218, "ppc64le": 203, "s390x": 217}

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result == 0:
        return
    number = ctypes.get_errno()
    raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags`; of the calling thread only, for NEWNET."""
    _check(_libc.unshare(flags), "unshare")


def private_mounts() -> None:
    """Keep every later mount of this namespace from showing anywhere else."""
    _check(_libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None), "mount --make-rprivate /")


def mount(kind: str, target: str, options: str = "") -> None:
    """Mount a file system that needs no device: tmpfs, proc, sysfs."""
    result = _libc.mount(kind.encode(), target.encode(), kind.encode(), 0, options.encode())
    _check(result, f"mount -t {kind} {target}")


def bind(source: str, target: str) -> None:
    """Show `source`, and what is mounted below it, at `target` too."""
    result = _libc.mount(source.encode(), target.encode(), None, _MS_BIND | _MS_REC, None)
    _check(result, f"mount --rbind {source} {target}")


def pivot_root(new: str, old: str) -> None:
    """Make the mount `new` the root; the former root stays at `old`, which lies below `new`."""
    machine = os.uname().machine
    number = _SYS_PIVOT_ROOT.get(machine)
    if number is None:
        raise OSError(f"the lab does not know the number of pivot_root on {machine}")
    _check(_libc.syscall(number, new.encode(), old.encode()), "pivot_root")
    os.chdir("/")


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent, whose pid is `parent`, is gone."""
    _check(_libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def set_host_name(name: str) -> None:
    encoded = name.encode()
    _check(_libc.sethostname(encoded, len(encoded)), "sethostname")
