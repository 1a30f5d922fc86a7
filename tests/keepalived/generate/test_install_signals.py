"""A signal ends the test before --install and leaves no secret in /tmp; the installation it waits for."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.clock import SystemClock

from keepalived.generate.two_nodes import write_pair

EXECUTABLE = Path(sys.executable).with_name("cloudfail")
# exec: the signal is for cloudfail alone, as `kill` sends it.
HANGING = (
    '#!/bin/sh\n[ "$1" = --version ] && { echo "Keepalived v2.2.7" >&2; exit; }\nexec sleep 60\n'
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_of_a_test_that_was_ended(tmp_path: Path, number: signal.Signals) -> None:
    secret = tmp_path / "edge.secret"
    secret.touch(0o600)
    secret.write_text("Hq7.w-Zx\n")
    more = '[keepalived]\nvrrp_version = 2\n[instance.edge.authentication]\ntype = "PASS"\n'
    config = write_pair(tmp_path, f'{more}secret_file = "{secret}"\n')
    program, stage, root = tmp_path / "bin/keepalived", tmp_path / "tmp", tmp_path / "root"
    for directory in (program.parent, stage, root):
        directory.mkdir()
    program.write_text(HANGING)
    program.chmod(0o755)
    command = [str(EXECUTABLE), "generate", "--config", str(config), "--node", "a"]
    with process.Popen(
        [*command, "--install", "--root", str(root)],
        stderr=process.PIPE,
        text=True,
        env={**os.environ, "PATH": f"{program.parent}:/usr/bin:/bin", "TMPDIR": str(stage)},
    ) as running:
        wait_for(lambda: any(stage.glob("cloudfail-*/secret/edge.conf")))
        wait_for(lambda: b"sleep" in commands_of(running.pid))
        running.send_signal(number)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 4
    assert said == f"cloudfail: stopped by {number.name}; nothing was under way\n"
    assert not list(stage.iterdir())
    assert not list(root.iterdir())


def commands_of(parent: int) -> bytes:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return b"".join(Path(f"/proc/{child}/cmdline").read_bytes() for child in children)


def wait_for(happened: Callable[[], bool]) -> None:
    for _ in range(600):
        if happened():
            return
        SystemClock().sleep(0.05)
    pytest.fail("it never came to that")
