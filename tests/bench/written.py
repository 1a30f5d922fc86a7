"""keepalived's side: a fresh `cloudfail lint` of a long file, and a fresh `cloudfail generate`."""

from __future__ import annotations

import os
import resource
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from cloudfail import process
from cloudfail.keepalived.lint.rules.nodes.example import PAIR, instance

from bench.stage import BIN

LINES = 5000
PATIENCE = 60.0
CONFIG = """\
[instance.edge]
provider = "aws"
interface = "eth0"
virtual_router_id = 51
node = [{name = "a", address = "10.0.1.10", priority = 150},
        {name = "b", address = "10.0.2.10", priority = 100}]
claim = [{kind = "public-ip", address = "203.0.113.7"}]
"""
GENERATE = (
    "generate",
    "--config",
    "cloudfail.toml",
    "--node",
    "a",
    "--keepalived-version",
    "2.2.7",
)
LINT = ("lint", "--no-host", "--keepalived-version", "2.2.7")


class Run(msgspec.Struct, frozen=True):
    """`wall_ms` from spawn to exit; `own_ms` is processor time, which no other process adds to."""

    wall_ms: float
    own_ms: float


def write(folder: Path) -> None:
    """Write what the commands read: pair.conf, long.conf of exactly LINES lines, cloudfail.toml."""
    (folder / "pair.conf").write_text(PAIR[0])
    (folder / "long.conf").write_text(long_conf())
    (folder / "cloudfail.toml").write_text(CONFIG)


def long_conf() -> str:
    """Instance after instance with a tracker, a script, and a mistake or two in each."""
    text, at = PAIR[0], 0
    while text.count("\n") < LINES:
        text += _instance(at)
        at += 1
    return "".join(text.splitlines(keepends=True)[:LINES])


def _instance(at: int) -> str:
    script = f'vrrp_script check{at} {{\n  script "/usr/bin/pgrep -x nginx"\n  weight -60\n}}\n'
    return script + instance(
        1,
        f"V{at}",
        interface=f"eth{at // 250}",
        virtual_router_id=str(at % 250 + 1),
        virtual_ipaddress=(f"10.{at // 250}.{at % 250}.1/24", f"10.{at // 250}.{at % 250}.2"),
        track_script=(f"check{at}",),
        notify_master=f"/usr/local/sbin/take V{at}",
    )


def interpreter(folder: Path, rounds: int) -> Run:
    """What Python needs to start, and to end again."""
    return _middle([sys.executable, "-c", ""], folder, rounds, {0})


def lint(file: str, folder: Path, rounds: int) -> Run:
    """Findings are expected."""
    return _middle(["cloudfail", *LINT, file], folder, rounds, {0, 1})


def generate(folder: Path, rounds: int) -> Run:
    """The version is given, so no keepalived is asked."""
    return _middle(["cloudfail", *GENERATE], folder, rounds, {0})


def _middle(argv: Sequence[str], folder: Path, rounds: int, codes: set[int]) -> Run:
    runs = [_run(argv, folder, codes) for _ in range(rounds)]
    return Run(
        wall_ms=statistics.median(run.wall_ms for run in runs),
        own_ms=statistics.median(run.own_ms for run in runs),
    )


def _run(argv: Sequence[str], folder: Path, codes: set[int]) -> Run:
    began, used = time.monotonic(), _used()
    done = process.run(
        argv,
        env={"PATH": f"{BIN}:{os.defpath}", "HOME": str(folder), "LANG": "C.UTF-8"},
        cwd=folder,
        stdin=process.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode not in codes:
        raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}\n{done.stderr!r}")
    return Run(wall_ms=(time.monotonic() - began) * 1000, own_ms=(_used() - used) * 1000)


def _used() -> float:
    """Seconds of processor time of the children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
