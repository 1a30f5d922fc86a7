"""A real keepalived that runs many notify scripts at once: one instance each, in a namespace."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.clock import Deadline, SystemClock

SEARCH = f"{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin"
# Ready, then exec: the pid stays that of keepalived.
_START = """
ip link add veth0 type veth peer name veth1 && ip link set veth1 up
ip address add 192.0.2.1/24 dev veth0 && ip link set veth0 up
exec keepalived -n -l -D -G -P -f "$1/keepalived.conf" -p "$1/pid" -r "$1/vrrp" -b "$1/bfd"
"""


@dataclass(frozen=True)
class Line:
    """A notify script: its name, the text between the quotes, the words behind them."""

    name: str
    command: str
    user: str = "root"
    group: str = ""

    def conf(self, number: int) -> str:
        text = self.command.replace("\\", "\\\\").replace('"', '\\"')
        return f"""vrrp_instance {self.name} {{
  state BACKUP
  interface veth0
  virtual_router_id {number}
  priority 100
  notify_backup "{text}" {self.user} {self.group}
}}
"""


def need_keepalived() -> None:
    if os.geteuid() != 0:
        pytest.skip("namespaces and foreign files need root")
    if shutil.which("keepalived", path=SEARCH) is None:
        pytest.skip("keepalived is not installed")


def log_of(lines: Sequence[Line], place: Path, *, path: str, security: bool) -> str:
    """Run them all until keepalived said BACKUP for each, stop it, and return what it logged."""
    option = "  enable_script_security\n" if security else ""
    head = f"global_defs {{\n{option}  script_user root\n}}\n"
    conf = head + "".join(line.conf(number) for number, line in enumerate(lines, 1))
    (place / "keepalived.conf").write_text(conf)
    (place / "keepalived.conf").chmod(0o644)
    with (place / "log").open("w") as log:
        running = process.Popen(
            ["unshare", "--net", "sh", "-e", "-c", _START, "sh", str(place)],
            stdin=process.DEVNULL,
            stdout=log,
            stderr=process.STDOUT,
            cwd="/",
            env={"PATH": f"{path}:{SEARCH}"},
        )
        try:
            _wait(place / "log", len(lines))
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)
    return (place / "log").read_text()


def _wait(log: Path, count: int) -> None:
    clock = SystemClock()
    deadline = Deadline.after(clock, 30)
    while log.read_text().count("Entering BACKUP STATE") < count:
        assert deadline.left(), log.read_text()
        clock.sleep(0.02)
