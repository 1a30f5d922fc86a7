"""What real keepalived says of the linter's examples: `-t`, and a few seconds of running."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloudfail import process
from cloudfail.clock import Deadline, SystemClock

SEARCH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
NEEDS_KEEPALIVED = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("keepalived", path=SEARCH) is None,
    reason="needs root and keepalived",
)
SECURE = "global_defs {\n  enable_script_security\n  script_user root\n}\n"
# What a snippet leaves out, by the keyword; %d is the block's number.
_NEEDED = {
    "interface": "  interface eth0\n",
    "virtual_router_id": "  virtual_router_id %d\n",
    "priority": "  priority 100\n",
    "unicast_src_ip": "  unicast_src_ip 10.99.0.11\n",
    "unicast_peer": "  unicast_peer {\n    10.99.0.12\n  }\n",
    "virtual_ipaddress": "  virtual_ipaddress {\n    10.99.0.%d/32\n  }\n",
}
_NET = """
ip link set lo up
ip link add eth0 type veth peer name p0 && ip link set p0 up && ip link set eth0 up
ip addr add 10.99.0.11/24 dev eth0 noprefixroute && ip addr add fd00::11/64 dev eth0 nodad
ip route add 10.99.0.0/24 dev eth0 metric 100
"""
_TEST = """
for file in *; do
  keepalived -t -f "$file" >"$file.said" 2>&1 </dev/null
  echo $? >"$file.code"
done
"""
# Until standard input ends; then the state of addresses and routes, before keepalived is stopped.
_RUN = """
pids="-p $1.pid -r $1.vrrp -b $1.bfd"
(keepalived -n -l -D -G -P -f "$1" $pids >"$1.said" 2>&1 </dev/null; echo $? >"$1.code") &
read -r end
{ ip addr show; ip route get 10.99.0.77; } >"$1.seen" 2>&1
stopped=
[ -e "$1.code" ] || { stopped=yes; kill "$(cat "$1.pid")"; }
wait
[ -z "$stopped" ] || echo STOPPED >"$1.code"
"""
STOPPED = 124  # the exit code of one that ran until it was stopped
_BEGUN = re.compile(" state|now returning", re.IGNORECASE)
_MOST = 60.0  # seconds, on a busy machine


@dataclass(frozen=True)
class Said:
    code: int
    log: str
    seen: str = ""


def whole(text: str) -> str:
    """Give each vrrp_instance of a snippet what it needs to be used at all."""
    first, *blocks = re.split(r"(?m)^(?=vrrp_instance )", text)
    return first + "".join(_completed(block, 51 + at) for at, block in enumerate(blocks))


def _completed(block: str, number: int) -> str:
    head, _, rest = block.partition("\n")
    for keyword, template in _NEEDED.items():
        if re.search(rf"(?m)^\s*{keyword}\b", block):
            continue
        lines = template.replace("%d", str(number))
        if "fd00::" in block:
            lines = lines.replace("10.99.0.", "fd00::").replace("/32", "/128")
        rest = lines + rest
    return f"{head}\n{rest}"


def check_all(texts: Mapping[str, str], place: Path) -> dict[str, Said]:
    """`keepalived -t` of each, in one namespace."""
    for name, text in texts.items():
        (place / name).write_text(text)
    _shell(_NET + _TEST, place)
    return {name: _said(place, name) for name in texts}


def run_all(
    texts: Mapping[str, str],
    place: Path,
    seconds: float,
    is_enough: Callable[[Callable[[str], str]], bool],
) -> dict[str, Said]:
    """Run all of them at the same time, each in a namespace of its own.

    For so many seconds once each has a state, or has ended; and then until it is enough, by what
    each has logged.
    """
    running = []
    for name, text in texts.items():
        (place / name).write_text(text)
        running.append(
            process.Popen(
                [
                    "unshare",
                    "--net",
                    "sh",
                    "-c",
                    _NET + _RUN.replace("STOPPED", str(STOPPED)),
                    "sh",
                    name,
                ],
                cwd=place,
                env={"PATH": SEARCH},
                stdin=process.PIPE,
                stdout=process.DEVNULL,
                stderr=process.PIPE,
            )
        )
    _until(lambda: all(_has_begun(place, name) for name in texts))
    SystemClock().sleep(seconds)
    _until(lambda: is_enough(lambda name: _log(place, name)))
    for each in running:
        assert each.stdin is not None
        each.stdin.close()
        each.stdin = None  # which communicate() would close, one after the other
    for each in running:
        _, problems = each.communicate(timeout=60)
        assert not problems, problems
    return {name: _said(place, name) for name in texts}


def _has_begun(place: Path, name: str) -> bool:
    return _BEGUN.search(_log(place, name)) is not None or (place / f"{name}.code").exists()


def _log(place: Path, name: str) -> str:
    said = place / f"{name}.said"
    return said.read_text(errors="replace") if said.exists() else ""


def _until(question: Callable[[], bool]) -> None:
    """Wait; what does not come in time fails in its own test."""
    clock = SystemClock()
    deadline = Deadline.after(clock, _MOST)
    while not question() and deadline.left():
        clock.sleep(0.1)


def _said(place: Path, name: str) -> Said:
    seen = place / f"{name}.seen"
    return Said(
        int((place / f"{name}.code").read_text()),
        _log(place, name),
        seen.read_text() if seen.exists() else "",
    )


def _shell(text: str, place: Path) -> None:
    done = process.run(
        ["unshare", "--net", "sh", "-c", text],
        cwd=place,
        env={"PATH": SEARCH},
        stdin=process.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
