"""A node of the lab: process 1 of its own PID, mount, network and UTS namespaces.

`python -m cloudfail.lab.node SPEC` prints `pid N` (as the lab sees it), then `up`, then one line
`log ...` for each syslog message of the node. It answers UDP on port 7 for every address, collects
orphans, and takes the whole node with it when it is killed.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from types import FrameType

import msgspec

from cloudfail.lab import kernel, root

ECHO_PORT = 7
# Of a node's home, which are its own:
SYSCTL = "sysctl"  # its /etc/sysctl.d
TMPFILES = "tmpfiles"  # its /etc/tmpfiles.d
HOSTS = "hosts"  # its /etc/hosts
RESOLVER = "resolv.conf"  # its /etc/resolv.conf
_NAMESPACES = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWUTS | kernel.NEWIPC
_PATH_DIRECTORIES = ("/usr/local/bin", "/usr/local/sbin")
_DATAGRAM = 65535


class Spec(msgspec.Struct, frozen=True):
    """`home` is the node's directory in the lab: run/, etc/, var/ and sysctl/ are its own."""

    name: str
    home: str
    boot_id: str


def main(argv: list[str]) -> int:
    spec = msgspec.json.decode(argv[0], type=Spec)
    kernel.unshare(_NAMESPACES)
    said, say = os.pipe()
    child = os.fork()
    if child == 0:
        kernel.die_with_parent(0)  # which is how a parent of another PID namespace shows
        os.read(said, 1)
        _be_the_node(spec)
    _say(f"pid {child}")
    os.write(say, b".")
    _, status = os.waitpid(child, 0)
    return abs(os.waitstatus_to_exitcode(status))


def _be_the_node(spec: Spec) -> None:
    kernel.set_host_name(spec.name)
    furnish(spec)
    _set_kernel(Path("/etc/sysctl.d"))
    signal.signal(signal.SIGCHLD, _collect)
    echo = _echo_socket()
    messages = _syslog_socket()
    _say("up")
    with selectors.DefaultSelector() as selector:
        selector.register(echo, selectors.EVENT_READ, _answer)
        selector.register(messages, selectors.EVENT_READ, _relay)
        while True:
            for key, _ in selector.select():
                key.data(key.fileobj)


def furnish(spec: Spec) -> None:
    """Mount what a machine has of its own: /run, /tmp, /dev/log, its files, a boot id."""
    kernel.private_mounts()
    kernel.mount("proc", "/proc")
    home = Path(spec.home)
    boot_id = home / "boot_id"
    boot_id.write_text(f"{spec.boot_id}\n")
    kernel.bind(str(boot_id), "/proc/sys/kernel/random/boot_id")
    for name in (HOSTS, RESOLVER):
        if (home / name).exists():
            kernel.bind(str(home / name), f"/etc/{name}")
    # /run last: the node's own directory lies beneath it.
    for part, target in (
        ("etc", "/etc/cloudfail"),
        ("var", "/var/lib/cloudfail"),
        (SYSCTL, "/etc/sysctl.d"),
        ("run", "/run"),
    ):
        (home / part).mkdir(parents=True, exist_ok=True)
        kernel.bind(str(home / part), target)
    kernel.mount("tmpfs", "/tmp", "mode=1777")  # noqa: S108 - the node's own /tmp
    kernel.mount("tmpfs", "/dev", "mode=755")
    root.mirror("dev")
    Path("/dev/log").unlink(missing_ok=True)
    root.show(root.needed_paths())
    _link_command()


def _link_command() -> None:
    directory = next(path for path in _PATH_DIRECTORIES if Path(path).is_dir())
    kernel.mount("tmpfs", directory, "mode=755")
    root.mirror(directory.lstrip("/"))
    (Path(directory) / "cloudfail").symlink_to(root.COMMAND)


def _set_kernel(directory: Path) -> None:
    """Do at boot what systemd-sysctl does; what this kernel does not have is left out."""
    for file in sorted(directory.glob("*.conf")):
        for line in file.read_text().splitlines():
            name, _, value = line.partition(" = ")
            if not value or name.startswith("#"):
                continue
            path = name.lstrip("-") if "/" in name else name.lstrip("-").replace(".", "/")
            with contextlib.suppress(OSError):
                Path("/proc/sys", path).write_text(value)


def _echo_socket() -> socket.socket:
    echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    echo.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    echo.bind(("0.0.0.0", ECHO_PORT))  # noqa: S104 - of the node's own network
    return echo


_IP_PKTINFO = 8  # socket.IP_PKTINFO came with Python 3.14


def _answer(echo: socket.socket) -> None:
    """Send the packet back from the address it was sent to."""
    data, notes, _, sender = echo.recvmsg(2048, 64)
    for level, kind, note in notes:
        if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO):
            addressed = note[8:12]
            source = (socket.IPPROTO_IP, _IP_PKTINFO, bytes(4) + addressed + bytes(4))
            with contextlib.suppress(OSError):  # the link may be down
                echo.sendmsg([data], [source], 0, sender)


def _syslog_socket() -> socket.socket:
    messages = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    messages.bind("/dev/log")
    Path("/dev/log").chmod(0o666)
    return messages


def _relay(messages: socket.socket) -> None:
    text = messages.recv(_DATAGRAM).decode(errors="replace").strip("\0\n ")
    _say("log " + text.replace("\n", " "))


def _collect(number: int, frame: FrameType | None) -> None:
    del number, frame
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
