"""A machine that systemd runs: process 1 of namespaces of its own, which end with this process.

`python process_one.py PID` takes the network of PID, prints the pid of its systemd as its caller sees
it, and ends when its standard input does. Its root is this machine's beneath a layer of its own:
nothing that is written there is anybody else's. It knows no unit but those of UNITS and BUS, and those
that are put into /etc/systemd/system.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path

from cloudfail.lab import kernel

UNITS = (
    *("basic.target", "sysinit.target", "shutdown.target", "sockets.target", "timers.target"),
    *("paths.target", "slices.target", "local-fs.target", "network-online.target"),
    *("systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket"),
    "keepalived.service",
)
# For those who start units as an ordinary user; where they are installed.
BUS = ("dbus.socket", "dbus.service", "polkit.service")
_TARGET = """[Unit]
Requires=basic.target systemd-journald.service
After=basic.target systemd-journald.service
AllowIsolate=yes
"""
_NEWCGROUP = 0x02000000  # sched.h
_MNT_DETACH, _MS_REC, _MS_SHARED = 2, 0x4000, 1 << 20  # sys/mount.h
_NAMESPACES = kernel.NEWUTS | kernel.NEWIPC | kernel.NEWPID
_TRIES = 100
_SHIPPED = Path("/lib/systemd/system")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_PROJECT = Path(__file__).parents[2]
_BASE, _ROOT = Path("/mnt"), Path("/mnt/root")
_libc = ctypes.CDLL(None, use_errno=True)


def main(pid: int) -> int:
    with Path(f"/proc/{pid}/ns/net").open() as network:
        if _libc.setns(network.fileno(), kernel.NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
    kernel.unshare(kernel.NEWNS)
    kernel.private_mounts()
    kernel.mount("tmpfs", str(_BASE), "mode=755")
    group = _make_group()
    kernel.unshare(_NAMESPACES)
    child = os.fork()
    if child == 0:
        kernel.die_with_parent(0)  # which is how a parent of another PID namespace shows
        (group / "cgroup.procs").write_text("0")
        kernel.unshare(kernel.NEWNS | _NEWCGROUP)
        _furnish()
        _become_systemd()
    sys.stdout.write(f"{child}\n")
    sys.stdout.flush()
    select.select([sys.stdin, os.pidfd_open(child)], [], [])
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    _remove(group)
    return abs(os.waitstatus_to_exitcode(status))


def _make_group() -> Path:
    """Make a control group: systemd takes the one that it is in for the whole machine's."""
    groups = _BASE / "groups"
    groups.mkdir()
    kernel.mount("cgroup2", str(groups))
    mine = groups / f"cloudfail-test-{os.getpid()}"
    mine.mkdir()
    return mine


def _remove(group: Path) -> None:
    """Remove it as soon as the kernel has counted its processes out; left over it harms nobody."""
    for _ in range(_TRIES):
        with contextlib.suppress(OSError):
            for directory, _, _ in os.walk(group, topdown=False):
                Path(directory).rmdir()
            return
        time.sleep(0.02)


def _furnish() -> None:
    for name in ("upper", "work", "root"):
        (_BASE / name).mkdir()
    layers = f"lowerdir=/,upperdir={_BASE}/upper,workdir={_BASE}/work"
    kernel.mount("overlay", str(_ROOT), layers)
    for kind, name in (("proc", "proc"), ("sysfs", "sys"), ("cgroup2", "sys/fs/cgroup")):
        kernel.mount(kind, str(_ROOT / name))
    for name in ("run", "tmp", "opt", "dev", "etc/systemd/system"):
        kernel.mount("tmpfs", str(_ROOT / name), f"mode={'1777' if name == 'tmp' else '755'}")
    for name in _DEVICES:
        (_ROOT / "dev" / name).touch()
        kernel.bind(f"/dev/{name}", str(_ROOT / "dev" / name))
    (_ROOT / "dev/ptmx").symlink_to("pts/ptmx")
    _install_cloudfail(_ROOT / "opt")
    _install_units(_ROOT)


def _install_cloudfail(opt: Path) -> None:
    """This very code and its Python, where other users and ProtectHome= let them be read."""
    site = next(path for path in sys.path if path.endswith("site-packages"))
    sources = {"python": sys.base_prefix, "project": str(_PROJECT), "packages": site}
    for name, source in sources.items():
        (opt / name).mkdir()
        kernel.bind(source, str(opt / name))
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = opt / "cloudfail/lib" / version / "site-packages"
    programs = opt / "cloudfail/bin"
    for directory in (packages, programs):
        directory.mkdir(parents=True)
    (opt / "cloudfail/pyvenv.cfg").write_text("home = /opt/python/bin\n")
    (programs / "python3").symlink_to(f"/opt/python/bin/{version}")
    (packages / "all.pth").write_text("/opt/project\n/opt/project/providers\n/opt/packages\n")
    program = _ROOT / "usr/local/bin/cloudfail"
    program.unlink(missing_ok=True)
    program.write_text(
        "#!/bin/sh\nexport LD_LIBRARY_PATH=/opt/python/lib\n"
        "exec /opt/cloudfail/bin/python3 -c \"import sys; sys.argv[0] = 'cloudfail'; "
        'from cloudfail.cli.main import main; sys.exit(main())" "$@"\n'
    )
    program.chmod(0o755)


def _install_units(root: Path) -> None:
    units = root / "run/units"
    units.mkdir()
    there = [name for name in BUS if (_SHIPPED / name).exists()]
    for name in (*UNITS, *there):
        shutil.copy(_SHIPPED / name, units / name)
    (units / "proof.target").write_text(_TARGET)
    journald = root / "etc/systemd/journald.conf"
    journald.write_text("[Journal]\nStorage=volatile\nReadKMsg=no\nAudit=no\n")
    (root / "etc/machine-id").write_text(f"{'0' * 31}1\n")


def _become_systemd() -> None:
    (_ROOT / "mnt/old").mkdir()
    kernel.pivot_root(str(_ROOT), str(_ROOT / "mnt/old"))
    _libc.umount2(b"/mnt/old", _MNT_DETACH)
    # As container managers do: systemd gives a unit its credentials through a mount that spreads.
    _libc.mount(b"none", b"/", None, _MS_SHARED | _MS_REC, None)
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    environment = {
        "container": "cloudfail-test",
        "SYSTEMD_UNIT_PATH": "/etc/systemd/system:/run/units",
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    systemd = "/lib/systemd/systemd"
    os.execve(systemd, [systemd, "--system", "--unit=proof.target"], environment)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
